import { expect, test } from "vitest";
import type { GuardedSocket } from "./guarded-socket.ts";
import { createPeerServer } from "./peer-server.ts";

/** What `peer` says to the client, and whether it hangs up. */
function connector(): { readonly connect: (id: string, token: string) => { readonly said: string[]; readonly leave: () => void } } {
  const peers = createPeerServer((error) => {
    throw error;
  });
  return {
    connect: (id, token) => {
      const said: string[] = [];
      const socket = { send: (text: string) => said.push(String(JSON.parse(text).type)), close: () => said.push("closed") };
      const client = peers.connect({ id, token }, socket as unknown as GuardedSocket);
      return { said, leave: () => client.handleClosed() };
    },
  };
}

test("[BR60] of ids that end in every way each is one client's, whoever else is there, until it leaves", () => {
  const { connect } = connector();
  const ends = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
  const ids = [...ends, ...ends.map((end) => `stranger_${end}`), ...ends.map((end) => `${end}${end}-${end}0`)];
  const clients = ids.map((id) => connect(id, "its own"));
  expect(clients.every(({ said }) => said.join() === "OPEN")).toBe(true);
  expect(ids.map((id) => connect(id, "another").said.join()).filter((said) => said !== "ID-TAKEN,closed")).toEqual([]);
  for (const { leave } of clients) leave();
  expect(ids.map((id) => connect(id, "another").said.join()).filter((said) => said !== "OPEN")).toEqual([]);
});
