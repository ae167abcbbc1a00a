import { afterEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { element } from "../../src/screens/element.ts";
import { guardDoubleClicks } from "../../src/screens/double-click.ts";

const root = element("div", { style: "position: fixed; inset: 0; z-index: 9" });
let stop: (() => void) | undefined;

afterEach(() => {
  stop?.();
  root.remove();
  root.replaceChildren();
});

test("[SC96] the second half of a double click does not press what came to lie under the pointer, and presses the same button twice", async () => {
  const pressed: string[] = [];
  const button = (name: string, act?: () => void): HTMLElement =>
    element(
      "button",
      { style: "position: absolute; inset: 20px auto auto 20px; width: 200px; height: 60px", onclick: () => (pressed.push(name), act?.()) },
      element("span", {}, name),
    );
  const row = button("Row", () => row.remove());
  root.append(button("Below"), row);
  document.body.append(root);
  await userEvent.dblClick(page.getByRole("button", { name: "Row" }));
  expect(pressed).toEqual(["Row", "Below"]);
  pressed.length = 0;
  root.append(row);
  stop = guardDoubleClicks();
  await userEvent.dblClick(page.getByRole("button", { name: "Row" }));
  expect(pressed).toEqual(["Row"]);
  await userEvent.click(page.getByRole("button", { name: "Below" }));
  await userEvent.dblClick(page.getByRole("button", { name: "Below" }));
  expect(pressed).toEqual(["Row", "Below", "Below", "Below"]);
});
