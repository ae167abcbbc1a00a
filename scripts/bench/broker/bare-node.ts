/**
 * A node of `pnpm bench:broker` that does nothing but carry: no WebSocket, no check, no client library. A text goes to the client that it names, if that one is here, or by Redis to the node that has it. What it takes is what
 * two processes and Redis take on this machine, whatever a node is made of. Parameters: which of the nodes it is, and the port of Redis.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { answerCalls } from "./bench-child.ts";
import { ID_LENGTH } from "./bare-client.ts";
import { eachText, openSocket, respOf, TEXT_LENGTH } from "./bare-redis.ts";

export interface BareNodeApi {
  port(): number;
}

const [node = "", redisPort = ""] = process.argv.slice(2);
const channelOf = (id: string): string => `bench:{${id.charAt(0)}}`;
const idOf = (text: string): string => text.slice(0, ID_LENGTH);
const here = new Map<string, Socket>();
const [publisher, subscriber] = await Promise.all([openSocket(Number(redisPort)), openSocket(Number(redisPort))]);

publisher.resume();
subscriber.write(respOf("SSUBSCRIBE", channelOf(node)));
await once(subscriber, "data");
const head = respOf("smessage", channelOf(node), "-".repeat(TEXT_LENGTH)).length - TEXT_LENGTH - "\r\n".length;
eachText(subscriber, head + TEXT_LENGTH + "\r\n".length, (message) => deliver(message.slice(head, head + TEXT_LENGTH)));

function deliver(text: string): void {
  here.get(idOf(text))?.write(text, "latin1");
}

/** The first text of a client is its own id, which it gets back. */
function serve(client: Socket): void {
  let isKnown = false;
  eachText(client, TEXT_LENGTH, (text) => {
    if (!isKnown) here.set(idOf(text), client);
    if (!isKnown || text.startsWith(node)) deliver(text);
    else publisher.write(respOf("SPUBLISH", channelOf(text), text), "latin1");
    isKnown = true;
  });
}

const server = createServer({ noDelay: true }, serve).listen(0, "127.0.0.1");
await once(server, "listening");
answerCalls<BareNodeApi>({ port: () => (server.address() as AddressInfo).port });
