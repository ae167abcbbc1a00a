import type { StateCodec } from "@rollcall/netcode/core";
import { checksumWords } from "@rollcall/netcode/core";
import type { RubberbandState } from "./state.ts";

/** Saves by copying one `Int32Array`: about 7 kB a frame. The views of the live state stay valid, since memory is overwritten in place. */
export const rubberbandStateCodec: StateCodec<RubberbandState> = {
  open: (slotCount) => {
    let slots: Int32Array[] = [];
    return {
      save: (slot, state) => {
        if (slots.length === 0) slots = Array.from({ length: slotCount }, () => new Int32Array(state.memory.length));
        slots[slot]?.set(state.memory);
      },
      load: (slot, live) => {
        const saved = slots[slot];
        if (saved !== undefined) live.memory.set(saved);
        return live;
      },
      checksum: (state) => checksumWords(state.memory),
    };
  },
};
