import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { OpenRecording, isServer } from "../../src/gradio_rerun/frontend/viewer/open-recording.js";

/** @typedef {import("../../src/gradio_rerun/frontend/viewer/open-recording.js").State} State */

/** Each change of the state: whether it was a failure. @type {boolean[]} */
let changes;
/** @type {boolean} */
let hasOpen;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [changes, hasOpen] = [[], false];
});

afterEach(() => mock.timers.reset());

const FILE = { url: "http://app.test/a.rrd", name: "a", size: 100 };
const BLUEPRINT = { ...FILE, url: "http://app.test/a.rbl" };
const UPLOAD = { ...FILE, upload: "/tmp/a" };
const STREAM = { ...FILE, marks: [20] };
const LIVE = { url: "rerun+http://app.test/proxy", name: "live", size: null };
const CATALOG = { url: "rerun+http://app.test", name: "catalog", size: null };

/** The downloads that the page has shown. @type {number[]} */
let shown;

/** @param {object} [recording] */
function create(recording = FILE) {
  shown = [];
  const overlay = { showDownload: (/** @type {object} */ _, /** @type {number} */ loaded) => void shown.push(loaded), endDownload() {}, showWait() {} };
  return new OpenRecording(/** @type {any} */ (recording), {
    overlay: /** @type {any} */ (overlay),
    isSeen: () => true,
    hasOpen: () => hasOpen,
    onBytes() {},
    onAnswer: (recording) => recording.onAnswer(),
    onArrival() {},
    onChange: (failed) => changes.push(failed),
  });
}

/** What can happen to a recording. @type {Record<string, (recording: OpenRecording) => void>} */
const NEWS = {
  progress: ({ download }) => download.onProgress(10, 100),
  end: ({ download }) => download.onEnd(false),
  truncated: ({ download }) => download.onEnd(true),
  error: ({ download }) => download.onError("no"),
  answer: ({ download }) => download.onAnswer?.(),
  wait: ({ download }) => download.onWait?.("It is off."),
  open: (recording) => recording.onOpen(),
  piece: (recording) => recording.onPiece(),
  flaw: (recording) => recording.onFlaw("broken"),
  time: () => mock.timers.tick(60_000),
  fail: (recording) => recording.fail("why"),
  forget: (recording) => recording.forget(),
};

for (const [what, recording, news, state] of /** @type {[string, object, string, State][]} */ ([
  ["a file", FILE, "", "opening"],
  ["a file that arrives", FILE, "progress", "opening"],
  ["a file that the viewer opens while it arrives", FILE, "progress open", "open"],
  ["a file that arrives, and then opens", FILE, "end open", "open"],
  ["a file in which the viewer finds nothing", FILE, "end time", "failed"],
  ["a truncated file that opens", FILE, "truncated open", "failed"],
  ["an open file that turns out to be truncated", FILE, "open truncated", "failed"],
  ["a file with an error", FILE, "progress flaw", "opening"],
  ["a file with an error that opens in part", FILE, "progress flaw open", "failed"],
  ["a file with an error that does not open", FILE, "progress flaw time", "failed"],
  ["an open file with an error", FILE, "open flaw", "failed"],
  ["a file that cannot be downloaded", FILE, "error", "failed"],
  ["a file whose download failed, and that has late news", FILE, "error end open time", "failed"],
  ["a blueprint that has arrived", BLUEPRINT, "end", "open"],
  ["an upload", UPLOAD, "", "preparing"],
  ["an upload while the viewer opens another recording", UPLOAD, "open time", "preparing"],
  ["an upload that cannot be converted", UPLOAD, "fail", "failed"],
  ["a live recording", LIVE, "answer", "opening"],
  ["a live recording that waits for its server", LIVE, "wait", "opening"],
  ["a live recording that has opened, and whose server disconnects", LIVE, "open error", "open"],
  ["a live recording whose server refuses it", LIVE, "error", "failed"],
  ["a catalog whose server has answered", CATALOG, "answer", "open"],
  ["a catalog whose server has refused it, and then answers", CATALOG, "error answer", "failed"],
  ["a stream", STREAM, "", "opening"],
  ["a stream with its first piece, after a while", STREAM, "piece time", "open"],
  ["a stream that cannot be read", STREAM, "piece time fail", "failed"],
  ["a stream that is read again", STREAM, "fail piece", "open"],
  ["a stream with an error in a piece", STREAM, "piece flaw piece", "failed"],
])) {
  test(`${what} is ${state}`, () => {
    const created = create(recording);
    for (const each of news.split(" ").filter(Boolean)) NEWS[each](created);
    assert.equal(created.state, state);
    assert.equal(created.isAwaited, state === "opening" || state === "preparing");
    assert.equal(created.failure !== null, state === "failed");
    assert.equal(changes.filter(Boolean).length, news.includes("fail piece") ? 1 : Number(state === "failed"));
  });
}

test("late events of a forgotten recording change nothing", () => {
  for (const recording of [FILE, BLUEPRINT, UPLOAD, STREAM, LIVE, CATALOG]) {
    const created = create(recording);
    created.forget();
    for (const each of Object.values(NEWS)) each(created);
    assert.deepEqual([created.state, created.failure, created.isArriving, created.isBeingRead], ["forgotten", null, false, false]);
  }
  assert.deepEqual(changes, []);
});

test("the piece of a stream is open at once beside a recording that is open, since the viewer reports nothing", () => {
  hasOpen = true;
  const created = create(STREAM);
  created.onPiece();
  assert.equal(created.state, "open");
});

test("a live recording arrives until it is open, a file until its end", () => {
  const [file, live] = [create(FILE), create(LIVE)];
  for (const each of [file, live]) each.onOpen();
  assert.deepEqual([file.isArriving, live.isArriving], [true, false]);
  file.download.onEnd(false);
  assert.equal(file.isArriving, false);
});

test("a failed recording that is open in part is incomplete", () => {
  const [unread, partly, stream] = [create(), create(), create(STREAM)];
  unread.fail("why");
  partly.onOpen();
  partly.onFlaw("broken");
  stream.fail("why");
  assert.deepEqual([unread, partly, stream].map(({ isIncomplete }) => isIncomplete), [false, true, true]);
  assert.deepEqual([unread.failure, partly.failure], ["a: why", "a: broken"]);
});

test("a download that fails before its first byte is not incomplete, although another recording has opened", () => {
  const [unreachable, interrupted] = [create(FILE), create(FILE)];
  interrupted.download.onProgress(50, 100);
  for (const each of [unreachable, interrupted]) each.onOpen();
  for (const each of [unreachable, interrupted]) each.download.onError("why");
  assert.deepEqual([unreachable, interrupted].map(({ isIncomplete }) => isIncomplete), [false, true]);
});

test("URLs of files and of servers are distinguished", () => {
  assert.ok(!isServer("https://app.test/a.rrd"));
  assert.ok(isServer("rerun+http://app.test/proxy"));
});

test("the page shows that a file waits for its server, but not for long, and not if it arrives", () => {
  for (const [recording, news, expected] of /** @type {[object, string, number[]][]} */ ([[FILE, "", [0]], [FILE, "progress", [10]], [FILE, "end", []], [FILE, "fail", []], [UPLOAD, "", []], [LIVE, "", []], [STREAM, "", []]])) {
    const opened = create(recording);
    mock.timers.tick(999);
    assert.deepEqual(shown, []);
    NEWS[news]?.(opened);
    mock.timers.tick(1);
    assert.deepEqual(shown, expected, news);
  }
});
