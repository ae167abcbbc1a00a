import { isQuorum } from "../src/core/rollback/quorum.ts";
import { DropExplorer } from "./drop-explorer.ts";
import type { DropEnding, DropScenario, Exploration } from "./drop-scenario.ts";
import type { RestingMember } from "./drop-states.ts";

/**
 * Explores a scenario and throws where one of these does not hold (besides what each member checks of itself: no decision changes, and none cuts what was confirmed):
 *
 * - Where the broker says nothing, no two members that play have dropped each other.
 * - Members that have not dropped each other have decided the same last frames.
 * - At rest, who hears each other has dropped the same members, and counts the same who came.
 * - At rest, nobody waits while those who live may go on without those who are gone, by their number or by the broker's word for all of these; and where nobody is gone, nothing is open and
 *   nobody is joining.
 */
export function exploreSafely(scenario: DropScenario, look: (ending: DropEnding) => void = () => {}): Exploration {
  return new DropExplorer(scenario).explore((ending) => {
    try {
      checkEnding(scenario, ending);
      look(ending);
    } catch (cause) {
      throw new Error(
        `${(cause as Error).message}\n${JSON.stringify(scenario)}\n${ending.actions.join("\n")}\n${JSON.stringify(ending.members)}`,
        { cause },
      );
    }
  });
}

function checkEnding(scenario: DropScenario, { members }: DropEnding): void {
  const playing = members.filter((member) => member.isAlive && member.status === "playing");
  for (const one of playing) {
    for (const other of playing) {
      const isMutual = one !== other && hasDropped(one, other) && hasDropped(other, one);
      if (isMutual && scenario.words === undefined) throw new Error("two matches");
      if (one === other || hasDropped(one, other) || hasDropped(other, one)) continue;
      for (const [holder, frame] of one.decided) {
        const otherFrame = other.decided.get(holder) ?? frame;
        if (otherFrame !== frame) throw new Error(`${holder} ends at ${frame} and at ${otherFrame}`);
      }
      // Who joins takes decisions over once all count it.
      if ((scenario.broken ?? []).length > 0 || one.isJoining || other.isJoining) continue;
      if (one.agreed !== other.agreed) throw new Error("not all have dropped the same members");
      if (String(one.generations) !== String(other.generations)) throw new Error("not all count the same members");
    }
  }
  if ((scenario.broken ?? []).length === 0) for (const member of playing) checkProgress(scenario, member, playing);
}

function hasDropped(one: RestingMember, other: RestingMember): boolean {
  return one.generations[other.slot] !== other.generation || (one.agreed & (1 << other.slot)) !== 0;
}

function checkProgress({ words = [] }: DropScenario, member: RestingMember, playing: readonly RestingMember[]): void {
  const current = ((1 << member.generations.length) - 1) & ~member.agreed;
  const living = playing.reduce((bits, other) => (hasDropped(member, other) ? bits : bits | (1 << other.slot)), 0) & current;
  if (living === current) {
    if (member.isWaiting) throw new Error("waits for nobody");
    if (member.set !== member.agreed) throw new Error("a cast against one who lives is open");
    if (member.isJoining || member.joining !== 0) throw new Error("a join is never complete");
    return;
  }
  const gone = current & ~living;
  if (words.reduce((rest, slot) => rest & ~(1 << slot), gone) === 0)
    throw new Error("the broker says who is gone, and those who live wait");
  for (let joining = member.joining; ; joining = (joining - 1) & member.joining) {
    if (!isQuorum(living & ~joining, current & ~joining)) return;
    if (joining === 0) break;
  }
  throw new Error("those who live may go on, and do not");
}
