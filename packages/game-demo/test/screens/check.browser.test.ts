import { NetcodeError } from "@rollcall/netcode";
import { describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { Gateway } from "../../src/net/gateway.ts";
import { CHECK_TITLES, type CheckId, type CheckStatus, type Diagnosis, type DiagnosisLine } from "../../src/screens/check-model.ts";
import { appOpener } from "./app-opener.ts";

const open = appOpener();

const STATUSES: Partial<Record<CheckId, CheckStatus>> = { nat: "warn", "turn-udp": "fail", "turn-tcp": "skipped" };

function line(id: CheckId): DiagnosisLine {
  const status = STATUSES[id] ?? "ok";
  const remedy = status === "warn" || status === "fail" ? { remedy: `Mend ${id}.` } : {};
  return { id, status, sentence: `Found out about ${id}.`, ...remedy, anchor: `troubleshooting.md#check-${id}`, details: {} };
}

/** A check that goes on when the test says so. */
class FakeCheck {
  signal: AbortSignal | undefined;
  #onStep: Parameters<Gateway["diagnose"]>[0]["onStep"];
  #resolve: (diagnosis: Diagnosis) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  readonly diagnose: Gateway["diagnose"] = ({ signal, onStep }) => {
    this.signal = signal;
    this.#onStep = onStep;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  };

  begin(id: CheckId): void {
    this.#onStep?.({ id, state: "running" });
  }

  end(id: CheckId): void {
    this.#onStep?.({ id, state: "done", line: line(id) });
  }

  finish(): void {
    const lines = CHECK_TITLES.map(([id]) => line(id));
    const verdict = { reach: "few", sentence: "Only with players on open networks.", remedy: "Add a TURN server." } as const;
    this.#resolve({ lines, verdict, report: "the report", elapsedMs: 1 });
  }

  fail(): void {
    this.#reject(new Error("not loaded"));
  }
}

const verdict = page.getByTestId("check-verdict");
const copy = page.getByRole("button", { name: "Copy report" });

async function openCheck(check: FakeCheck): Promise<void> {
  await open("/?name=Ada&broker=https://broker.example", { diagnose: check.diagnose });
  await userEvent.click(page.getByRole("button", { name: "Check my connection" }));
}

function rowOf(id: CheckId): ReturnType<typeof page.getByTestId> {
  return page.getByTestId(`check-${id}`);
}

describe("the check of the connection", () => {
  test("[SC38] each check is shown as it goes on, with its sentence and remedy; then the verdict", async () => {
    const check = new FakeCheck();
    await openCheck(check);
    await expect.element(verdict).toHaveTextContent("0 of 11");
    check.begin("page");
    await expect.element(rowOf("page")).toHaveTextContent("being checked");
    for (const [id] of CHECK_TITLES.slice(0, 6)) check.end(id);
    await expect.element(verdict).toHaveTextContent("6 of 11");
    await expect.element(rowOf("nat")).toHaveTextContent("Your router (NAT): not quiteFound out about nat.Mend nat.");
    await expect.element(rowOf("turn-udp")).toHaveTextContent("does not workFound out about turn-udp.Mend turn-udp.");
    await expect.element(rowOf("clock")).toHaveTextContent("not yet checked");
    await expect.element(copy).toBeDisabled();
    check.finish();
    await expect.element(verdict).toHaveTextContent("Only with players on open networks.Add a TURN server.");
    await expect.element(page.getByTestId("announcement")).toHaveTextContent("Only with players on open networks.");
  });

  test("[SC39] the report is copied where the page may, and shown to be copied by hand where it may not", async () => {
    const check = new FakeCheck();
    await openCheck(check);
    check.finish();
    const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await userEvent.click(copy);
    expect(written).toHaveBeenCalledWith("the report");
    await expect.element(page.getByRole("button", { name: "Copied" })).toBeVisible();
    written.mockRejectedValue(new Error("not allowed"));
    vi.spyOn(document, "execCommand").mockReturnValue(false);
    await userEvent.click(page.getByRole("button", { name: "Copied" }));
    await expect.element(page.getByTestId("check-report")).toBeVisible();
    expect(getSelection()?.toString() ?? "").toBe("the report");
  });

  test("[SC40] it can be made again, and closing it stops it and gives the focus back", async () => {
    const check = new FakeCheck();
    await openCheck(check);
    check.end("page");
    check.finish();
    await userEvent.click(page.getByRole("button", { name: "Check again" }));
    await expect.element(verdict).toHaveTextContent("0 of 11");
    const { signal } = check;
    await userEvent.keyboard("{Escape}");
    await expect.element(verdict).not.toBeInTheDocument();
    expect(signal?.aborted).toBe(true);
    await expect.element(page.getByRole("button", { name: "Check my connection" })).toHaveFocus();
  });

  test("[SC40] a check that cannot be loaded says so", async () => {
    const check = new FakeCheck();
    await openCheck(check);
    check.fail();
    await expect.element(verdict).toHaveTextContent("The check could not be loaded.");
    await expect.element(page.getByRole("button", { name: "Check again" })).toBeEnabled();
  });

  test("[SC41] an error of the network offers it, in the room too, and the lobby goes on below", async () => {
    const check = new FakeCheck();
    const host = (): Promise<never> => Promise.reject(new NetcodeError("BROKER_UNREACHABLE"));
    const first = await open("/?name=Ada", { diagnose: check.diagnose, host });
    await userEvent.click(page.getByRole("button", { name: "Host a game" }));
    const alert = page.getByRole("alert");
    await expect.element(alert.getByRole("button", { name: "Check my connection" })).toBeVisible();
    first.close();
    const opened = await open("/?name=Ada#j=KXRTM", { diagnose: check.diagnose });
    const lobby = opened.lobby();
    lobby.emit("peer-unreachable", lobby.me, new NetcodeError("PEER_UNREACHABLE"));
    await userEvent.click(alert.getByRole("button", { name: "Check my connection" }));
    await expect.element(verdict).toBeVisible();
    expect(opened.requests).toEqual(["join KXRTM Ada", "diagnose"]);
    expect(lobby.calls).not.toContain("leave");
  });

  test("[SC103] an error about a member goes once the member is reached, or has left", async () => {
    const { lobby } = await open("/?name=Ada#j=KXRTM");
    const alert = page.getByRole("alert");
    const [ana] = lobby().state.members;
    if (ana === undefined) throw new Error("no member");
    const [link] = lobby().peers;
    if (link === undefined) throw new Error("no link");
    const far = [{ ...link, status: "connecting" as const, path: "connecting" as const }];
    for (const after of [[link], []]) {
      lobby().setPeers(far);
      lobby().emit("peer-unreachable", ana, new NetcodeError("PEER_UNREACHABLE"));
      await expect.element(alert).toBeVisible();
      lobby().setPeers(far);
      await expect.element(alert).toBeVisible();
      lobby().setPeers(after);
      await expect.element(alert).not.toBeInTheDocument();
    }
  });

  test("[SC41] by keyboard alone", async () => {
    const check = new FakeCheck();
    await open("/?name=Ada", { diagnose: check.diagnose });
    for (let step = 0; step < 40 && document.activeElement?.textContent !== "Check my connection"; step++)
      await userEvent.keyboard("{Tab}");
    await userEvent.keyboard("{Enter}");
    check.finish();
    await expect.element(copy).toBeEnabled();
    for (let step = 0; step < 10 && document.activeElement?.textContent !== "Copy report"; step++) await userEvent.keyboard("{Tab}");
    expect(document.activeElement?.textContent).toBe("Copy report");
  });
});
