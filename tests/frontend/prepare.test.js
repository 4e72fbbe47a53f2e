import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { preparer } from "../../src/gradio_rerun/frontend/gradio/prepare.js";
import { toRecordings } from "../../src/gradio_rerun/frontend/wire.js";

const LARGE = { url: "http://app.test/large.rrd", name: "large.rrd", size: 99, large: "/tmp/large.rrd" };
const server = (/** @type {number} */ port) => ({ server: `rerun+http://127.0.0.1:${port}/dataset/1?segment_id=run`, ticket: "t" });

/** @type {[string, any, object][]} */
let calls;
/** What `open_large_file` answers: the chunks of text. @type {() => string[]} */
let answer;
/** @type {AbortController} */
let life;
/** @type {number[]} */
let progress;

beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval"] });
  globalThis.addEventListener ??= () => {};
  /** @type {any} */ (globalThis).location ??= { href: "http://app.test/" };
  [calls, progress, life] = [[], [], new AbortController()];
  answer = () => [JSON.stringify({ servers: [server(5)], is_truncated: false }), "\n"];
});

afterEach(() => mock.timers.reset());

const prepare = preparer({
  openUpload: async (path) => (path.endsWith(".txt") ? { error: "no" } : { file: { path: "/tmp/a.rrd", url: null, size: 5, orig_name: "a.rrd" } }),
  call: async (name, data, options) => {
    calls.push([name, data, options]);
    const chunks = answer();
    return new Response(new ReadableStream({ start: (stream) => (chunks.forEach((each) => stream.enqueue(new TextEncoder().encode(each))), stream.close()) }));
  },
  toRecordings: (value) => toRecordings(value, "http://app.test", 10),
});

const run = (/** @type {object} */ recording) =>
  prepare(/** @type {any} */ (recording), { signal: life.signal, onProgress: (part) => progress.push(part) });

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a large file is a recording of a Rerun server under its own name, and its progress is reported", async () => {
  answer = () => ['{"progress": 0.25}\n{"prog', 'ress": 0.5}\n', `${JSON.stringify({ servers: [server(5), server(6)], is_truncated: true })}\n`];
  const { recordings, isTruncated } = await run(LARGE);
  assert.deepEqual(recordings.map(({ url, name, ticket }) => [url, name, ticket]), [
    [server(5).server, "large.rrd", "t"],
    [server(6).server, "large.rrd (2)", "t"],
  ]);
  assert.deepEqual([progress, isTruncated], [[0.25, 0.5], true]);
  assert.equal(calls[0][0], "open_large_file");
  assert.equal(calls[0][1].path, "/tmp/large.rrd");
});

test("a file that the app does not serve is downloaded whole", async () => {
  for (const [index, text] of ['{"error": "too many"}\n', "", "{"].entries()) {
    answer = () => [text];
    const { recordings, release } = await run(LARGE);
    assert.deepEqual(recordings, [{ url: LARGE.url, name: LARGE.name, size: 99 }], `${index}`);
    assert.equal(release, undefined);
  }
  answer = () => assert.fail("the connection is lost");
  assert.equal((await run(LARGE)).recordings[0].url, LARGE.url);
});

test("the lease is renewed each minute, and ends with the last recording", async () => {
  const { release } = await run(LARGE);
  mock.timers.tick(120_000);
  await settled();
  const [, first] = calls[0];
  assert.deepEqual(calls.map(([name, data]) => [name, data.lease === first.lease]), Array(3).fill(["open_large_file", true]));
  release?.();
  mock.timers.tick(120_000);
  assert.deepEqual(calls.slice(3).map(([name, data]) => [name, data]), [["close_large_file", first]]);
});

test("a lease that may have begun just before the viewer ended is given up", async () => {
  answer = () => {
    life.abort();
    throw life.signal.reason;
  };
  await run(LARGE);
  assert.deepEqual(calls.map(([name]) => name), ["open_large_file", "close_large_file"]);
  assert.equal(calls[1][1].lease, calls[0][1].lease);
});

test("two leases have different names", async () => {
  await run(LARGE);
  await run(LARGE);
  assert.notEqual(calls[0][1].lease, calls[1][1].lease);
});

test("a server that was started again is lost, and a server that does not answer for a while is not lost", async () => {
  const { lost, release } = await run(LARGE);
  let reason = "";
  lost?.then((why) => (reason = why));
  for (const unknown of [() => assert.fail("the connection is lost"), () => ['{"error": "busy"}\n'], () => [""]]) {
    answer = unknown;
    mock.timers.tick(60_000);
    await settled();
    assert.equal(reason, "");
  }
  answer = () => [JSON.stringify({ servers: [server(7)] }), "\n"];
  mock.timers.tick(60_000);
  await settled();
  assert.match(reason, /no longer serves it/);
  assert.equal(calls.at(-1)?.[0], "close_large_file"); // the new server, which nobody reads from
  const { length } = calls;
  mock.timers.tick(120_000);
  assert.equal(calls.length, length);
  release?.();
});

test("the lease ends with the page, but not with one that may come back", async () => {
  const listeners = /** @type {((event: object) => void)[]} */ ([]);
  mock.method(globalThis, "addEventListener", (/** @type {string} */ _, /** @type {(event: object) => void} */ listener) => listeners.push(listener));
  await run(LARGE);
  listeners.forEach((listener) => listener({ persisted: true }));
  assert.equal(calls.length, 1);
  listeners.forEach((listener) => listener({ persisted: false }));
  assert.deepEqual([calls[1][0], calls[1][2]], ["close_large_file", { keepalive: true }]);
});

test("an upload is converted, and a conversion that fails says why", async () => {
  assert.deepEqual((await run({ url: "", name: "a.glb", size: 1, upload: "/tmp/a.glb" })).recordings.map(({ name }) => name), ["a.rrd"]);
  await assert.rejects(run({ url: "", name: "a.txt", size: 1, upload: "/tmp/a.txt" }), /^Error: no$/);
});

test("a page in place of the answer for an upload, as of a login, is named", async () => {
  const words = { message: "The app does not answer with data. If you have to log in again, reload the page." };
  const upload = /** @type {any} */ ({ url: "http://app.test/a.txt", name: "a.txt", size: 5, upload: "/tmp/a.txt" });
  const options = { signal: life.signal, onProgress: () => {} };
  const app = { call: async () => new Response(), toRecordings: () => [] };
  for (const openUpload of [async () => JSON.parse("<!doctype html>"), async () => ({})])
    await assert.rejects(preparer({ ...app, openUpload })(upload, options), words);
  const other = async () => { throw new TypeError("Failed to fetch"); };
  await assert.rejects(preparer({ ...app, openUpload: other })(upload, options), { message: "Failed to fetch" });
});
