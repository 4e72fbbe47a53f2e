import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement, fakeDocument } from "./dom.js";

const { Notice } = await import("../../src/gradio_rerun/frontend/gradio/notice.js");

/** What has got the focus or was selected, in order. @type {any[]} */
let done;
/** @type {any} */
let viewer;
/** @type {FakeElement} */
let host;
/** @type {InstanceType<typeof Notice>} */
let notice;
/** @type {(ms: number) => void} */
let pass;

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  mock.timers.enable({ apis: ["setTimeout"] });
  pass = (ms) => mock.timers.tick(ms);
  done = [];
  for (const name of /** @type {const} */ (["focus", "select"])) {
    /** @type {any} */ (FakeElement.prototype)[name] = function (/** @type {any} */ options) {
      done.push([name, this.localName, ...(options ? [options] : [])]);
    };
  }
  const body = fakeDocument();
  [host, viewer] = [new FakeElement(), new FakeElement("rerun-viewer")];
  body.append(host);
  notice = new Notice(/** @type {any} */ (host), viewer);
});

const box = () => /** @type {any} */ (host.children[0]);

/** What users read; null: nothing is shown. */
const shown = () => (box().hasAttribute("data-shown") ? box().textContent : null);

test("a notice is announced, and disappears by itself", () => {
  notice.confirm("Link copied");
  const status = box().children[0];
  assert.deepEqual([shown(), status.role, status.textContent], ["Link copied", "status", "Link copied"]);
  pass(3_000);
  notice.confirm("Link copied");
  pass(3_000);
  assert.equal(shown(), "Link copied"); // for its own time
  pass(1_000);
  assert.equal(shown(), null);
  assert.deepEqual([box().children[0], box().textContent], [status, ""]); // screen readers announce what changes in it
});

test("a line stays until the user closes it, by the button or Escape, and the viewer gets the focus back", () => {
  const close = () => box().button("Close").click();
  const press = (/** @type {string} */ key) => box().dispatchEvent(Object.assign(new Event("keydown"), { key }));
  for (const act of [close, () => press("Escape")]) {
    notice.report("The recording of this link is not here: {name}.", { name: "run" });
    pass(60_000);
    press("a");
    assert.equal(shown(), "The recording of this link is not here: run.Close");
    assert.equal(box().button("Close").type, "button"); // it submits no form
    done = [];
    act();
    assert.deepEqual([shown(), done], [null, [["focus", "rerun-viewer", { preventScroll: true }]]]);
  }
});

test("a text to copy is selected in a field with a name", () => {
  notice.offer("Copy this link", "https://app.test/?rerun.time=3");
  const field = box().children[1];
  assert.deepEqual([field.type, field.readOnly, field.value, field.ariaLabel], ["text", true, "https://app.test/?rerun.time=3", "Copy this link"]);
  assert.deepEqual(done, [["focus", "input"], ["select", "input"]]);
  notice.report("Link copied");
  assert.equal(shown(), "Link copiedClose"); // in its place
});

test("a line that is shown follows the language of the page, and one that was closed stays closed", () => {
  notice.report("The recording of this link is not here: {name}.", { name: "run" });
  globalThis.document.documentElement.lang = "de";
  viewer.dispatchEvent(new Event("language-change"));
  assert.match(shown(), /run/);
  assert.doesNotMatch(shown(), /The recording/);
  notice.hide();
  viewer.dispatchEvent(new Event("language-change"));
  assert.equal(box().textContent, "");
});
