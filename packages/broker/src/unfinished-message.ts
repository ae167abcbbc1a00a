import type { WebSocket } from "ws";

/** What a fragment, or a read that ended in the middle of a frame, costs beside its bytes: measured, 400 for a read of one byte, 100 for a fragment. */
const PART_BYTES = 400;

/** What `ws` has of a message that is not whole. */
interface Receiver {
  readonly _bufferedBytes: number;
  readonly _buffers: readonly unknown[];
  readonly _messageLength: number;
  readonly _fragments: readonly unknown[];
}

/**
 * Memory that the message costs which a WebSocket has begun and not finished, in bytes. Nobody else tells: `ws` bounds it for each socket, and its fields are its own. Where it has other ones, it
 * is 0.
 */
export function unfinishedBytes(socket: WebSocket): number {
  const receiver: unknown = Reflect.get(socket, "_receiver");
  if (!isReceiver(receiver)) return 0;
  const { _bufferedBytes: readBytes, _messageLength: fragmentBytes, _buffers: reads, _fragments: fragments } = receiver;
  return readBytes + fragmentBytes + PART_BYTES * (reads.length + fragments.length);
}

function isReceiver(value: unknown): value is Receiver {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "_bufferedBytes") === "number" &&
    typeof Reflect.get(value, "_messageLength") === "number" &&
    Array.isArray(Reflect.get(value, "_buffers")) &&
    Array.isArray(Reflect.get(value, "_fragments"))
  );
}
