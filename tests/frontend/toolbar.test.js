import assert from "node:assert/strict";
import { test } from "node:test";

import { Toolbar } from "../../src/gradio_rerun/frontend/gradio/toolbar.js";
import { FakeElement, fakeDocument, setLanguage } from "./dom.js";

/** @typedef {import("../../src/gradio_rerun/frontend/gradio/toolbar.js").Action} Action */

const NAMES = /** @type {Action[]} */ (["Upload", "Fullscreen", "Download", "Screenshot", "Copy link", "Clear"]);

/** @param {(name: Action) => void} act */
function toolbar(act) {
  fakeDocument();
  const host = new FakeElement();
  const actions = /** @type {any} */ (Object.fromEntries(NAMES.map((name) => [name, () => act(name)])));
  return { host, toolbar: new Toolbar(/** @type {any} */ (host), actions) };
}

test("each action has a button with a name", () => {
  /** @type {Action[]} */
  const done = [];
  const { host } = toolbar((name) => done.push(name));
  for (const name of NAMES) {
    assert.equal(host.button(name).getAttribute("aria-label"), name);
    host.button(name).click();
  }
  assert.deepEqual(done, NAMES);
});

test("the buttons have names in the language of the page, also after that has changed", () => {
  const { host, toolbar: made } = toolbar(() => {});
  setLanguage("de");
  made.show({ Upload: true });
  assert.deepEqual(host.children.map(({ title }) => title), ["Hochladen", "Vollbild", "Herunterladen", "Screenshot", "Link kopieren", "Löschen"]);
  assert.deepEqual(host.children.map((each) => each.getAttribute("aria-label")), host.children.map(({ title }) => title));
  assert.equal(/** @type {any} */ (host).ariaLabel, "Aufzeichnung");
});

test("only the chosen buttons are shown", () => {
  const { host, toolbar: made } = toolbar(() => {});
  const shown = () => NAMES.filter((name) => !host.button(name).hidden);
  assert.deepEqual(shown(), []);
  made.show({ Download: true, Clear: true, Upload: false });
  assert.deepEqual(shown(), ["Download", "Clear"]);
  made.show({ Screenshot: true });
  assert.deepEqual(shown(), ["Screenshot"]);
});
