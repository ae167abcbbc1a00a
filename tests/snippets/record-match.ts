import type { InputOf, MatchOf } from "@rollcall/netcode";
import { encodeReplay, MatchRecorder } from "@rollcall/netcode/replay";
import type { game } from "./game.ts";

export function playAndRecord(
  match: MatchOf<typeof game>,
  readKeys: () => InputOf<typeof game.input>,
  save: (file: Uint8Array) => void,
): void {
  const recorder = new MatchRecorder(match.recordable);
  match.run({ input: readKeys, frame: () => recorder.pull() });
  // The last frames settle when the others have told that they have them, too.
  void match.ended.then((result) => setTimeout(() => save(encodeReplay(recorder.finish(result))), 1_000));
}
