import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { OnScreen } from "../../src/gradio_rerun/frontend/viewer/on-screen.js";

/** @typedef {import("../../src/gradio_rerun/frontend/wire.js").Recording} Recording */

/** @type {string[]} what was brought on screen: a URL, or the id of a recording */
let shown;
/** @type {Map<string, {isAwaited: boolean, state: string}>} */
let byUrl;
/** @type {string | null} */
let onScreenNow;
/** Whether the recording that was on screen before stands at its end. */
let isAtEnd = false;
/** @type {OnScreen} */
let onScreen;

/** @param {string} name @param {Partial<Recording>} [more] @returns {Recording} */
const file = (name, more) => ({ url: `http://app.test/${name}`, name, size: 1, ...more });

const server = { url: "rerun+http://host.test/dataset?segment_id=b", name: "server", size: null };

beforeEach(() => {
  [shown, byUrl, onScreenNow, isAtEnd] = [[], new Map(), null, false];
  const control = {
    carryOut: async (/** @type {{name: string, request: string}} */ { name, request }, /** @type {{recording_id: string}[]} */ [recording]) =>
      void shown.push((onScreenNow = name === "open" ? (/http.*/.exec(atob(request))?.[0] ?? "") : recording.recording_id)),
    moveTime: async (/** @type {string} */ store, /** @type {{isPlaying: boolean}} */ { isPlaying }) => void (isPlaying && shown.push(`play ${store}`)),
  };
  onScreen = new OnScreen(
    /** @type {any} */ ({
      control,
      frames: async () => {},
      pausedPlace: () => ({ isAtEnd }),
      get recordingOnScreen() {
        return onScreenNow && { application_id: "app", recording_id: onScreenNow };
      },
    }),
    /** @type {any} */ (byUrl),
  );
});

/** @param {Recording[]} recordings */
function open(...recordings) {
  onScreen.expect(recordings);
  for (const { url } of recordings) byUrl.set(url, { isAwaited: true, state: "opening" });
}

/** @param {string} name @param {string} [state] */
async function opened(name, state = "open") {
  byUrl.set(file(name).url, { isAwaited: false, state });
  await onScreen.onChange();
}

test("the last of several files is brought on screen when all are open, whichever arrives last", async () => {
  open(file("a"), file("b"), file("c"));
  for (const name of ["a", "c"]) await opened(name);
  assert.deepEqual(shown, []);
  await opened("b");
  await onScreen.onChange();
  assert.deepEqual(shown, [file("c").url]);
});

test("until the last file is on screen, another request would be undone", async () => {
  open(file("a"), file("b"));
  await opened("b");
  assert.equal(onScreen.bringing, null);
  const opening = opened("a");
  assert.notEqual(onScreen.bringing, null);
  await onScreen.bringing;
  assert.deepEqual(shown, [file("b").url]);
  await opening;
  assert.equal(onScreen.bringing, null);
});

test("one file alone is on screen anyway", async () => {
  open(file("a"));
  await opened("a");
  assert.deepEqual(shown, []);
});

test("a file beside others comes on screen when it is open, and a blueprint beside others does not", async () => {
  onScreen.expect([file("layout.rbl")], true);
  onScreen.expect([file("a")], true);
  await opened("a");
  assert.deepEqual(shown, [file("a").url]);
});

test("a file beside one that stands at its end plays, which the viewer has paused", async () => {
  for (const name of ["b", "c"]) {
    onScreenNow = "before";
    isAtEnd = name === "c";
    onScreen.expect([file(name)], true);
    await opened(name);
  }
  assert.deepEqual(shown, [file("b").url, file("c").url, `play Recording:app:${file("c").url}`]);
});

test("if the file beside others has failed, what was on screen stays there", async () => {
  onScreenNow = "before";
  isAtEnd = true;
  onScreen.expect([file("a")], true);
  await opened("a", "failed");
  assert.deepEqual(shown, ["before"]);
});

test("blueprints, streams and servers do not count", async () => {
  open(file("a"), file("layout.rbl"), file("s", { marks: [1] }), server);
  await opened("a");
  assert.deepEqual(shown, []);
});

test("a last file that has failed is not opened again", async () => {
  open(file("a"), file("b"));
  await opened("b", "failed");
  await opened("a");
  assert.deepEqual(shown, []);
});

test("files in the background leave what is on screen", async () => {
  onScreenNow = "old";
  open(file("a", { inBackground: true }));
  onScreenNow = "a"; // the viewer has opened it
  open(file("b", { inBackground: true }));
  await opened("a");
  await opened("b");
  assert.deepEqual(shown, ["old"]);
});

test("the first files of an empty viewer come on screen, also in the background", async () => {
  open(file("a", { inBackground: true }));
  await opened("a");
  assert.deepEqual(shown, []);
});

test("a file that opens in the background does not change which recording of an unfinished list is shown", async () => {
  open(file("a"), file("b"));
  onScreenNow = "a";
  open(file("c", { inBackground: true }));
  for (const name of ["a", "b", "c"]) await opened(name);
  assert.deepEqual(shown, [file("b").url]);
});

test("a newer list is brought on screen instead of the older one", async () => {
  open(file("a"), file("b"));
  open(file("c"), file("d"));
  for (const name of ["c", "d", "b", "a"]) await opened(name);
  assert.deepEqual(shown, [file("d").url]);
});

test("closed recordings are not brought on screen", async () => {
  open(file("a"), file("b"));
  onScreen.forget();
  await opened("b");
  await opened("a");
  assert.deepEqual(shown, []);
});

test("a file that is converted first counts as what it becomes", async () => {
  open(file("a", { upload: "a" }), file("b", { upload: "b" }));
  byUrl.clear();
  onScreen.replace(file("unknown").url, [file("c")]);
  onScreen.replace(file("b").url, [file("b1"), file("b2")]);
  onScreen.replace(file("a").url, [file("a1")]);
  for (const name of ["a1", "b1", "b2"]) byUrl.set(file(name).url, { isAwaited: true, state: "opening" });
  for (const name of ["b1", "b2"]) await opened(name);
  assert.deepEqual(shown, []);
  await opened("a1");
  assert.deepEqual(shown, [file("b2").url]);
});

test("a large file that a server serves is not brought on screen", async () => {
  open(file("a"), file("b", { large: "b" }));
  onScreen.replace(file("b").url, [server]);
  await opened("a");
  assert.deepEqual(shown, []);
});

test("a viewer that cannot show it stays as it is", async () => {
  onScreen = new OnScreen(/** @type {any} */ ({ frames: async () => {}, control: { carryOut: async () => Promise.reject(new Error("older")) } }), /** @type {any} */ (byUrl));
  open(file("a"), file("b"));
  await opened("a");
  await opened("b");
});
