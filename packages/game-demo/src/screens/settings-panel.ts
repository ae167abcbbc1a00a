import { DEFAULT_SETTINGS, type BotSkill, type RubberbandSettings } from "../sim/index.ts";
import { PLAYERS_MAX, PLAYERS_MIN } from "../sim/rules.ts";
import { element, setText } from "./element.ts";
import { strings } from "./strings.ts";

const SEATS = Array.from({ length: PLAYERS_MAX - PLAYERS_MIN + 1 }, (_, index) => PLAYERS_MIN + index);
const ROUNDS: readonly RubberbandSettings["rounds"][] = [1, 3, 5];
const SKILLS: readonly BotSkill[] = ["easy", "normal", "hard", "mixed"];

/** Match settings: radio buttons for the host, the same in plain words for the others. */
export class SettingsPanel {
  readonly root: HTMLElement;
  readonly #seats: Choice<number>;
  readonly #rounds: Choice<RubberbandSettings["rounds"]>;
  readonly #skill: Choice<BotSkill>;
  readonly #note: HTMLElement = element("p", { class: "hint" });
  #settings: RubberbandSettings = DEFAULT_SETTINGS;

  constructor(onChange: (settings: RubberbandSettings) => void) {
    const change = (part: Partial<RubberbandSettings>): void => onChange({ ...this.#settings, ...part });
    this.#seats = new Choice({
      name: "seats",
      legend: strings.settings.seats,
      values: SEATS,
      text: String,
      onChoose: (seats) => change({ seats }),
    });
    this.#rounds = new Choice({
      name: "rounds",
      legend: strings.settings.rounds,
      values: ROUNDS,
      text: strings.settings.roundsChoice,
      onChoose: (rounds) => change({ rounds }),
    });
    this.#skill = new Choice({
      name: "skill",
      legend: strings.settings.skill,
      values: SKILLS,
      text: (skill) => strings.settings.skills[skill],
      onChoose: (botSkill) => change({ botSkill }),
    });
    this.root = element(
      "section",
      { class: "settings", "aria-labelledby": "settings-heading", "data-testid": "settings" },
      element("h2", { id: "settings-heading" }, strings.settings.heading),
      this.#seats.root,
      this.#rounds.root,
      this.#skill.root,
      this.#note,
    );
  }

  /** `seatsMin`: there cannot be fewer seats than people. */
  update(settings: RubberbandSettings, editable: boolean, seatsMin: number): void {
    this.#settings = settings;
    this.#seats.update(Math.max(settings.seats, seatsMin), (seats) => editable && seats >= seatsMin);
    this.#rounds.update(settings.rounds, () => editable);
    this.#skill.update(settings.botSkill, () => editable);
    this.root.classList.toggle("read-only", !editable);
    setText(this.#note, editable ? "" : strings.settings.byHost);
  }
}

interface ChoiceOptions<Value> {
  readonly name: string;
  readonly legend: string;
  readonly values: readonly Value[];
  readonly text: (value: Value) => string;
  readonly onChoose: (value: Value) => void;
}

/** A row of radio buttons. */
class Choice<Value> {
  readonly root: HTMLElement;
  readonly #inputs: readonly { readonly value: Value; readonly input: HTMLInputElement }[];

  constructor(options: ChoiceOptions<Value>) {
    this.#inputs = options.values.map((value) => ({
      value,
      input: element("input", { type: "radio", name: `settings-${options.name}`, onchange: () => options.onChoose(value) }),
    }));
    this.root = element(
      "fieldset",
      { class: "choice" },
      element("legend", { class: "label" }, options.legend),
      element(
        "div",
        { class: "segments" },
        ...this.#inputs.map(({ value, input }) => element("label", { class: "segment" }, input, element("span", {}, options.text(value)))),
      ),
    );
  }

  update(chosen: Value, enabled: (value: Value) => boolean): void {
    for (const { value, input } of this.#inputs) {
      input.checked = value === chosen;
      input.disabled = !enabled(value);
    }
  }
}
