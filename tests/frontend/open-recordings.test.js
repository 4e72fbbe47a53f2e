import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { OpenRecordings } from "../../src/gradio_rerun/frontend/viewer/open-recordings.js";

/** @typedef {import("../../src/gradio_rerun/frontend/wire.js").Recording} Recording */

const PATH = "re_log_encoding::rrd::decoder";

/** @type {string[]} what the viewer was told */
let told;
/** @type {boolean[]} one for each change of the state: whether it was a failure */
let changes;
/** @type {boolean} */
let isSeen;
/** @type {AbortController} */
let life;
/** @type {OpenRecordings} */
let open;
/** @type {(recording: Recording) => Promise<import("../../src/gradio_rerun/frontend/viewer/open-recordings.js").Prepared>} */
let prepare;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [told, changes, isSeen, life] = [[], [], true, new AbortController()];
  prepare = async ({ upload }) => ({ recordings: [file(`made_of_${upload}`)] });
  const overlay = { showDownload() {}, endDownload() {}, endDownloads() {}, showPreparation() {}, showWait() {} };
  open = new OpenRecordings({
    overlay: /** @type {any} */ (overlay),
    prepare: (recording) => prepare(recording),
    isSeen: () => isSeen,
    onChange: (failed) => changes.push(failed),
    onCloseOne: () => told.push("closed"),
    signal: life.signal,
  });
  open.attach(/** @type {any} */ ({ open: (/** @type {string} */ url) => told.push(`open ${name(url)}`), forget: (/** @type {string} */ url) => told.push(`forget ${name(url)}`), send() {} }));
});

afterEach(() => mock.timers.reset());

/** @param {string} name @returns {Recording} */
const file = (name) => ({ url: `http://app.test/${name}.rrd`, name, size: 100 });

/** @param {string} url */
const name = (url) => url.split("/").slice(-1)[0].replace(".rrd", "");

/** @param {string} name */
const download = (name) => /** @type {any} */ (open.byUrl.get(file(name).url)).download;

/** The task in which the viewer takes bytes is over. */
const nextTask = () => mock.timers.tick(1);

/** The viewer reports that it has opened a recording. @param {string} id */
const opened = (id) => open.onOpen({ type: "recording_open", application_id: "app", recording_id: id });

/** All bytes of a file arrive. @param {string} name @param {boolean} [isTruncated] */
function arrive(name, isTruncated = false) {
  download(name).onProgress(100, 100);
  download(name).onEnd(isTruncated);
  nextTask();
}

test("a file is loading until it has arrived and is open", () => {
  open.open([file("a")]);
  assert.deepEqual(told, ["open a"]);
  assert.equal(open.state, "loading");
  opened("one");
  assert.equal(open.state, "ready");
  assert.ok(!open.isLoaded);
  arrive("a");
  assert.ok(open.isLoaded);
  assert.deepEqual(open.names, [{ application_id: "app", recording_id: "one" }]);
  assert.deepEqual(open.failures, []);
});

test("a file that is open or opens is not opened again", () => {
  open.open([file("a")]);
  open.open([file("a"), file("b")]);
  assert.deepEqual(told, ["open a", "open b"]);
});

test("a truncated file that is open is incomplete, and an unreadable one is not open", () => {
  open.open([file("a")]);
  opened("one");
  arrive("a", true);
  assert.equal(open.state, "error");
  assert.equal(open.incomplete, 1);
  open.forget();
  open.open([file("b")]);
  arrive("b", true);
  assert.equal(open.state, "loading");
  mock.timers.tick(10_000);
  assert.equal(open.state, "error");
  assert.equal(open.incomplete, 0);
  assert.match(open.failures[0], /^b: It is truncated/);
});

test("a file whose connection broke is incomplete if a part of it opens later, since the viewer does not fetch an open file again", () => {
  open.open([file("a"), file("b")]);
  download("a").onProgress(50, 100);
  for (const name of ["a", "b"]) download(name).onError("The connection was interrupted.");
  assert.equal(open.incomplete, 0);
  opened("one");
  assert.equal(open.incomplete, 1);
  opened("another");
  assert.equal(open.incomplete, 1);
});

test("an error while the bytes of one of several files are taken is about that file, whatever its words", () => {
  open.open([file("a"), file("b")]);
  download("a").onProgress(50, 100);
  nextTask();
  download("b").onProgress(50, 100);
  open.onComplaint("something about bytes", PATH);
  nextTask();
  opened("one");
  opened("two");
  assert.deepEqual(open.failures, ["b: The viewer says: something about bytes."]);
  assert.equal(open.incomplete, 1);
  arrive("a");
  arrive("b");
  assert.equal(open.failures.length, 1);
});

test("an error at another time is about the one file that loads, or about none if there are several", () => {
  open.open([file("a")]);
  opened("one");
  open.onComplaint("broken", "re_viewer::app");
  assert.deepEqual(open.failures, ["a: The viewer says: broken."]);
  open.forget();
  open.open([file("b"), file("c")]);
  open.onComplaint("broken", "re_viewer::app");
  opened("two");
  opened("three");
  assert.deepEqual(open.failures, []);
});

test("an error in the frames after the last byte is about the file, too", () => {
  open.open([file("a")]);
  opened("one");
  arrive("a");
  open.onComplaint("a chunk is broken", "re_entity_db");
  assert.equal(open.incomplete, 1);
});

test("an error in drawing is about no file", () => {
  open.open([file("a")]);
  opened("one");
  open.onComplaint("no such texture", "ERROR re_renderer::resource_managers");
  assert.deepEqual(open.failures, []);
});

test("an error that names a URL is about that file, not about one whose URL begins alike", () => {
  open.open([file("a"), { ...file("a"), url: `${file("a").url}.rrd`, name: "longer" }]);
  open.onComplaint(`Data source failed: no, url: ${file("a").url}.rrd`, "re_viewer::app");
  mock.timers.tick(2_000);
  assert.deepEqual(open.failures, ["longer: The viewer says: Data source failed: no."]);
});

test("an error names a file by its name, not by its URL", () => {
  open.open([file("a")]);
  open.onComplaint(`Failed to fetch .rrd file from ${file("a").url}: Unknown compression`, "re_viewer::app");
  mock.timers.tick(2_000);
  assert.deepEqual(open.failures, ["a: The viewer says: Failed to fetch .rrd file from a: Unknown compression."]);
});

test("of several errors in a file the first is reported, once", () => {
  open.open([file("a")]);
  download("a").onProgress(50, 100);
  for (const words of ["first", "second"]) open.onComplaint(words, PATH);
  opened("one");
  open.onComplaint(`third ${file("a").url}`, PATH);
  assert.deepEqual(open.failures, ["a: The viewer says: first."]);
  assert.equal(changes.filter(Boolean).length, 1);
});

test("the viewer's message about a failed download does not replace the reason", () => {
  open.open([file("a"), file("b")]);
  download("a").onError("There is no such recording (404).");
  open.onComplaint("Failed to fetch http://app.test/a.rrd: 404", PATH);
  assert.deepEqual(open.failures, ["a: There is no such recording (404)."]);
  open.onComplaint("trailing bytes", PATH);
  opened("b");
  arrive("b");
  assert.deepEqual(open.failures.length, 2);
});

test("a file with an error that does not open has failed, and is incomplete if a part opens late", () => {
  open.open([file("a")]);
  download("a").onProgress(50, 100);
  open.onComplaint("broken", PATH);
  assert.equal(open.state, "loading");
  mock.timers.tick(2_000);
  assert.equal(open.state, "error");
  assert.equal(open.incomplete, 0);
  opened("one");
  assert.equal(open.incomplete, 1);
  assert.equal(changes.filter(Boolean).length, 1);
});

test("a hidden viewer has more time", () => {
  open.open([file("a")]);
  arrive("a");
  isSeen = false;
  mock.timers.tick(60_000);
  assert.equal(open.state, "loading");
  isSeen = true;
  mock.timers.tick(10_000);
  assert.equal(open.state, "error");
});

test("another file of an open recording counts as open after some time, since the viewer reports nothing", () => {
  open.open([file("a")]);
  opened("one");
  arrive("a");
  open.open([file("b")]);
  arrive("b");
  assert.equal(open.state, "loading");
  mock.timers.tick(2_000);
  assert.equal(open.state, "ready");
});

test("a blueprint is open when it has arrived", () => {
  const blueprint = { url: "http://app.test/b.rbl", name: "b", size: 100 };
  open.open([blueprint]);
  /** @type {any} */ (open.byUrl.get(blueprint.url)).download.onEnd(false);
  assert.equal(open.state, "ready");
  assert.ok(open.isLoaded);
  assert.deepEqual(open.names, []);
});

test("Retry opens a failed recording again, and events of the first try are ignored", () => {
  open.open([file("a"), file("b")]);
  const first = download("a");
  first.onError("gone");
  assert.deepEqual(open.failures, ["a: gone"]);
  open.retry([file("a"), file("b")]);
  assert.deepEqual(told, ["open a", "open b", "forget a", "open a"]);
  first.onError("late");
  assert.deepEqual(open.failures, []);
});

test("an incomplete file stays failed when a value adds another one: the viewer does not fetch an open file again", () => {
  open.open([file("a")]);
  opened("one");
  arrive("a", true);
  open.retry([file("a"), file("b")]);
  assert.deepEqual(told, ["open a", "open b"]);
  opened("two");
  arrive("b");
  assert.ok(open.isLoaded);
  assert.equal(open.incomplete, 1);
});

test("events of a closed recording are ignored, also when it is opened again", () => {
  const a = file("a");
  open.open([a]);
  const first = download("a");
  open.forget();
  first.onEnd(true);
  assert.equal(open.state, "ready");
  open.open([a]);
  first.onError("late");
  first.onEnd(true);
  assert.equal(open.state, "loading");
  assert.ok(!open.isLoaded);
});

test("files can be closed while they load, live servers and streams cannot", () => {
  open.open([file("a")]);
  assert.ok(open.canClose);
  open.open([{ url: "rerun+http://127.0.0.1:9876/proxy", name: "live", size: null }]);
  assert.ok(!open.canClose);
});

test("the catalog of a server is shown once the server has answered", () => {
  const url = "rerun+http://127.0.0.1:51234";
  open.open([{ url, name: "catalog", size: null }]);
  assert.ok(!open.hasCatalog);
  /** @type {any} */ (open.byUrl.get(url)).download.onAnswer();
  assert.ok(open.hasCatalog);
  assert.equal(open.state, "ready");
});

test("several entries of one server are shown, whichever of them the viewer's call is counted for, and one that follows needs no call", () => {
  const server = "rerun+http://127.0.0.1:51234";
  const url = (/** @type {number} */ entry) => `${server}/entry/${entry}`;
  open.open([1, 2].map((entry) => ({ url: url(entry), name: "entry", size: null })));
  open.open([{ url: `${server}/dataset/1?segment_id=a`, name: "a", size: null }, { url: "rerun+http://127.0.0.1:1", name: "other", size: null }]);
  /** @type {any} */ (open.byUrl.get(url(1))).download.onAnswer();
  open.open([{ url: url(3), name: "entry", size: null }]);
  assert.deepEqual([...open.byUrl.values()].map(({ state }) => state), ["open", "open", "opening", "opening", "open"]);
});

test("an upload is converted first, and a conversion that fails says why", async () => {
  open.open([{ ...file("cat"), upload: "cat" }]);
  assert.equal(open.state, "loading");
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(told, ["open made_of_cat"]);
  prepare = () => Promise.reject(new Error("no cat"));
  open.open([{ ...file("dog"), url: "http://app.test/dog.png", upload: "dog" }]);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(open.failures, ["dog: no cat"]);
});

test("a large file is served: its recordings open, are released when the last of them is closed, and fail when the server is lost", async () => {
  const servers = [1, 2].map((id) => ({ url: `rerun+http://127.0.0.1:5/dataset/1?segment_id=${id}`, name: `${id}`, size: null }));
  /** @type {(reason: string) => void} */
  let lose = () => {};
  let released = 0;
  prepare = async () => ({ recordings: servers, release: () => released++, lost: new Promise((resolve) => (lose = resolve)) });
  open.open([{ ...file("large"), large: "/tmp/large.rrd" }]);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual([...open.byUrl.keys()], servers.map(({ url }) => url));
  opened("1");
  opened("2");
  assert.equal(open.state, "ready");
  lose("It has ended.");
  await new Promise(process.nextTick);
  assert.deepEqual(open.failures, ["1: It has ended.", "2: It has ended."]);
  assert.equal(released, 0);
  open.forget();
  assert.equal(released, 1);
});

test("a large file whose end is missing is open in part", async () => {
  const url = "rerun+http://127.0.0.1:5/dataset/1?segment_id=1";
  prepare = async () => ({ recordings: [{ url, name: "large", size: null }], isTruncated: true });
  open.open([{ ...file("large"), large: "/tmp/large.rrd" }]);
  await Promise.resolve();
  await Promise.resolve();
  opened("1");
  assert.equal(open.incomplete, 1);
  assert.match(open.failures[0], /^large: It is truncated/);
});

test("a file that the app prepared for a recording that was closed meanwhile is released", async () => {
  let released = 0;
  prepare = async () => ({ recordings: [file("served")], release: () => released++ });
  open.open([{ ...file("large"), large: "/tmp/large.rrd" }]);
  open.forget();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual([released, told], [1, []]);
});

/** The requests for the bytes of streams, which are never answered. @param {import("node:test").TestContext} context */
function streamRequests(context) {
  /** @type {RequestInit[]} */
  const requests = [];
  context.mock.method(globalThis, "fetch", (/** @type {string} */ _, /** @type {RequestInit} */ options) => (requests.push(options), new Promise(() => {})));
  return requests;
}

test("a stream that is a plain file in a later value is opened as a file", (context) => {
  const requests = streamRequests(context);
  open.open([{ ...file("a"), marks: [50] }]);
  assert.deepEqual(told, []);
  open.retry([file("a"), file("b")]);
  assert.deepEqual(told, ["forget a", "open a", "open b"]);
  assert.ok(requests[0].signal?.aborted);
});

test("a file that is a stream in a later value is read as a stream", (context) => {
  const requests = streamRequests(context);
  open.open([file("a")]);
  assert.equal(requests.length, 0);
  open.open([{ ...file("a"), marks: [50] }]);
  assert.equal(requests.length, 1);
});

test("a stream that is forgotten is no longer read, and has one reader when it is opened again", (context) => {
  const requests = streamRequests(context);
  open.open([{ ...file("a"), marks: [50] }]);
  open.forget();
  open.open([{ ...file("a"), marks: [50] }]);
  assert.deepEqual(
    requests.map(({ signal }) => signal?.aborted),
    [true, false],
  );
});

test("the command to open a stream that is shown changes nothing", (context) => {
  const requests = streamRequests(context);
  open.open([{ ...file("a"), marks: [50] }]);
  open.openAgain(file("a"));
  assert.deepEqual([told, requests[0].signal?.aborted], [[], false]);
});

test("nothing is reported after the end of the viewer", () => {
  open.open([file("a")]);
  const { onEnd, onError } = download("a");
  life.abort();
  const before = changes.length;
  onError("late");
  onEnd(true);
  mock.timers.tick(60_000);
  assert.equal(changes.length, before);
});

test("a recording that was closed can be opened again, one that is open is not opened twice", () => {
  open.open([file("a"), file("b")]);
  for (const name of ["a", "b"]) {
    opened(name);
    arrive(name);
  }
  told.length = 0;
  open.openAgain(file("a"));
  assert.deepEqual(told, []);
  assert.ok(!open.hasClosed);
  open.onClose({ application_id: "app", recording_id: "a" });
  assert.ok(open.hasClosed);
  open.open([file("a")]);
  assert.deepEqual(told, ["closed"]);
  open.openAgain(file("a"));
  assert.deepEqual(told, ["closed", "forget a", "open a"]);
  open.forget();
  assert.ok(!open.hasClosed);
});

test("a URL that browsers do not read fails with the reason, and the others open", () => {
  const wrong = ["http://xn--a/x.rrd", "rerun+http://xn--a:9876/proxy", "rerun://xn--a/dataset/1"];
  open.open([...wrong.map((url) => ({ url, name: url, size: null })), file("a")]);
  assert.deepEqual(told, ["open a"]);
  assert.equal(open.state, "loading");
  assert.deepEqual(open.failures, wrong.map((url) => `${url}: Browsers do not open this URL: its host is not valid.`));
  arrive("a");
  opened("1");
  assert.equal(open.state, "error");
  open.retry([{ url: wrong[0], name: "x", size: null }]);
  assert.equal(open.failures.length, 1);
});

test("what an earlier value had open was closed, up to a number of URLs", () => {
  open.open([file("a")]);
  assert.ok(!open.closed.has(file("a").url));
  open.forget();
  assert.ok(open.closed.has(file("a").url));
  for (let i = 0; i < 1_000; i++) {
    open.open([file(`of_${i}`)]);
    open.forget();
  }
  assert.ok(!open.closed.has(file("a").url));
  assert.ok(open.closed.has(file("of_0").url));
});
