/** One voice: an oscillator with a falling pitch and a falling loudness. Hz and seconds. */
export interface Tone {
  readonly wave: OscillatorType;
  readonly fromHz: number;
  readonly toHz: number;
  readonly seconds: number;
  readonly volume: number;
  readonly afterSeconds?: number;
  /** Time until it is at its loudest; default: at once. */
  readonly attackSeconds?: number;
}

/** Filtered noise: whooshes, crumbling. */
export interface Noise {
  readonly filter: BiquadFilterType;
  readonly fromHz: number;
  readonly toHz: number;
  readonly seconds: number;
  readonly volume: number;
  readonly sharpness: number;
  readonly afterSeconds?: number;
}

/** Voices at once. More is mud, and costs a phone its battery. */
const VOICES_MAX = 24;
const MASTER_VOLUME = 0.5;
/** −1 left, 1 right: never quite at one ear. */
const PAN_MAX = 0.7;

/**
 * A small synthesiser on WebAudio: no files. Silent until `unlock` is called from a gesture, as browsers demand, and where there is no
 * WebAudio at all.
 */
export class Synth {
  #context: AudioContext | undefined;
  #master: GainNode | undefined;
  #noise: AudioBuffer | undefined;
  #voices = 0;
  #muted = false;

  /** Call from a key, click or touch. */
  unlock(): void {
    if (this.#context === undefined) this.#open();
    // Refused without a gesture, and when closed meanwhile: the next gesture tries again.
    if (this.#context?.state === "suspended") this.#context.resume().catch(() => {});
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#master !== undefined && this.#context !== undefined) {
      this.#master.gain.setTargetAtTime(muted ? 0 : MASTER_VOLUME, this.#context.currentTime, 0.02);
    }
  }

  /** `pan`: −1 left … 1 right. */
  tone(tone: Tone, pan = 0): void {
    const voice = this.#openVoice(tone.volume, tone.seconds, pan, {
      attackSeconds: tone.attackSeconds ?? 0.004,
      afterSeconds: tone.afterSeconds ?? 0,
    });
    if (voice === undefined) return;
    const oscillator = voice.context.createOscillator();
    oscillator.type = tone.wave;
    oscillator.frequency.setValueAtTime(tone.fromHz, voice.start);
    oscillator.frequency.exponentialRampToValueAtTime(Math.max(1, tone.toHz), voice.end);
    oscillator.connect(voice.gain);
    this.#run(oscillator, voice);
  }

  noise(noise: Noise, pan = 0): void {
    const voice = this.#openVoice(noise.volume, noise.seconds, pan, { attackSeconds: 0.008, afterSeconds: noise.afterSeconds ?? 0 });
    if (voice === undefined || this.#noise === undefined) return;
    const source = voice.context.createBufferSource();
    source.buffer = this.#noise;
    source.loop = true;
    const filter = voice.context.createBiquadFilter();
    filter.type = noise.filter;
    filter.Q.value = noise.sharpness;
    filter.frequency.setValueAtTime(noise.fromHz, voice.start);
    filter.frequency.exponentialRampToValueAtTime(Math.max(20, noise.toHz), voice.end);
    source.connect(filter).connect(voice.gain);
    this.#run(source, voice);
  }

  dispose(): void {
    this.#context?.close().catch(() => {});
    this.#context = undefined;
    this.#master = undefined;
  }

  #open(): void {
    if (typeof AudioContext === "undefined") return;
    const context = new AudioContext();
    const limiter = context.createDynamicsCompressor();
    const master = context.createGain();
    master.gain.value = this.#muted ? 0 : MASTER_VOLUME;
    master.connect(limiter).connect(context.destination);
    const noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = noise.getChannelData(0);
    for (let index = 0; index < samples.length; index++) samples[index] = Math.random() * 2 - 1;
    this.#context = context;
    this.#master = master;
    this.#noise = noise;
  }

  #openVoice(
    volume: number,
    seconds: number,
    pan: number,
    times: { readonly attackSeconds: number; readonly afterSeconds: number },
  ): { readonly context: AudioContext; readonly gain: GainNode; readonly start: number; readonly end: number } | undefined {
    const context = this.#context;
    const master = this.#master;
    if (context === undefined || master === undefined || this.#muted || context.state !== "running" || this.#voices >= VOICES_MAX)
      return undefined;
    const start = context.currentTime + times.afterSeconds;
    const end = start + seconds;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(Math.max(0.0002, volume), start + times.attackSeconds);
    gain.gain.exponentialRampToValueAtTime(0.0001, end);
    const panner = context.createStereoPanner();
    panner.pan.value = Math.max(-PAN_MAX, Math.min(PAN_MAX, pan));
    gain.connect(panner).connect(master);
    return { context, gain, start, end };
  }

  #run(source: AudioScheduledSourceNode, voice: { readonly start: number; readonly end: number }): void {
    this.#voices++;
    source.onended = () => {
      this.#voices--;
      source.disconnect();
    };
    source.start(voice.start);
    source.stop(voice.end + 0.02);
  }
}
