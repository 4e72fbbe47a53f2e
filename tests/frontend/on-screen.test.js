import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { OnScreen } from "../../src/gradio_rerun/frontend/viewer/on-screen.js";

/** @typedef {import("../../src/gradio_rerun/frontend/wire.js").Recording} Recording */

/** @type {string[]} recordings that were brought on screen */
let shown;
/** The viewer's answers: for each URL that was opened, called with the id of its recording. @type {Map<string, ((id: string | null) => void) | null>} */
let answers;
/** @type {string | null} */
let onScreenNow;
/** @type {OnScreen} */
let onScreen;

/** @param {string} recording_id */
const named = (recording_id) => ({ application_id: "app", recording_id });

/** @param {string} name @param {Partial<Recording>} [more] @returns {Recording} */
const file = (name, more) => ({ url: `http://app.test/${name}`, name, size: 1, ...more });

beforeEach(() => {
  [shown, answers, onScreenNow] = [[], new Map(), null];
  onScreen = new OnScreen(
    /** @type {any} */ ({
      open: (/** @type {string} */ url, /** @type {boolean} */ isNamed) =>
        new Promise((resolve) => answers.set(url, isNamed ? (id) => resolve(id && named(id)) : null)),
      get recordingOnScreen() {
        return onScreenNow && named(onScreenNow);
      },
      control: { carryOut: async (/** @type {unknown} */ _, /** @type {{recording_id: string}[]} */ [{ recording_id }]) => void shown.push(recording_id) },
    }),
  );
});

/** @param {Recording[]} recordings */
function open(...recordings) {
  onScreen.expect(recordings);
  for (const { url } of recordings) onScreen.open(url);
}

/** The viewer has opened a recording. @param {string} name @param {string | null} [id] */
async function answer(name, id = name) {
  answers.get(file(name).url)?.(id);
  await new Promise(setImmediate);
}

test("the last of several files is on screen in the end, whichever arrives last", async () => {
  open(file("a"), file("b"), file("c"));
  await answer("a");
  assert.deepEqual(shown, []);
  await answer("c");
  await answer("b");
  assert.deepEqual(shown, ["c", "c"]);
});

test("one file alone is opened without a question", () => {
  open(file("a"));
  assert.equal(answers.get(file("a").url), null);
});

test("blueprints, streams and servers do not count", () => {
  open(file("a"), file("layout.rbl"), file("s", { marks: [1] }), { url: "rerun+http://host.test/proxy", name: "server", size: null });
  assert.ok([...answers.values()].every((each) => each === null));
});

test("if the last file fails, nothing is brought on screen", async () => {
  open(file("a"), file("b"));
  await answer("b", null);
  await answer("a");
  assert.deepEqual(shown, []);
});

test("files in the background leave what is on screen", async () => {
  onScreenNow = "old";
  open(file("a", { inBackground: true }));
  onScreenNow = "a"; // the viewer has opened it
  open(file("b", { inBackground: true }));
  await answer("a");
  await answer("b");
  assert.deepEqual(shown, ["old", "old"]);
});

test("files in the background of an empty viewer stay", async () => {
  open(file("a", { inBackground: true }));
  await answer("a");
  assert.deepEqual(shown, []);
});

test("a file in the background that fails changes nothing", async () => {
  onScreenNow = "old";
  open(file("a", { inBackground: true }));
  await answer("a", null);
  assert.deepEqual(shown, []);
});

test("when all are open, the user may choose another one, which further files leave", async () => {
  open(file("a"), file("b"));
  await answer("a");
  await answer("b");
  onScreenNow = "a";
  open(file("c", { inBackground: true }));
  await answer("c");
  assert.deepEqual(shown, ["b", "a"]);
});

test("a newer list is not about the older one", async () => {
  open(file("a"), file("b"));
  open(file("c"), file("d"));
  await answer("b");
  await answer("d");
  assert.deepEqual(shown, ["d"]);
});

test("closed recordings are not brought on screen", async () => {
  open(file("a"), file("b"));
  onScreen.forget();
  await answer("b");
  assert.deepEqual(shown, []);
});

test("files that are converted first count as what they become", async () => {
  onScreen.expect([file("a", { upload: "a" }), file("b", { upload: "b" })]);
  onScreen.replace(file("b").url, [file("b1"), file("b2")]);
  onScreen.open(file("b1").url);
  onScreen.open(file("b2").url);
  onScreen.replace(file("a").url, [file("a1")]);
  onScreen.open(file("a1").url);
  for (const name of ["b1", "b2", "a1"]) await answer(name);
  assert.deepEqual(shown, ["b2", "b2"]);
});

test("a large file that is served by a server is opened as a server", () => {
  onScreen.expect([file("a"), file("b", { large: "b" })]);
  onScreen.replace(file("b").url, [{ url: "rerun+http://host.test/dataset?segment_id=b", name: "b", size: null }]);
  onScreen.replace("http://app.test/unknown", [file("c")]);
  for (const url of ["rerun+http://host.test/dataset?segment_id=b", file("c").url]) onScreen.open(url);
  assert.deepEqual([...answers.values()], [null, null]);
});
