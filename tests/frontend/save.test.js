import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { saveRecordings } from "../../src/gradio_rerun/frontend/gradio/save.js";

/** What the user gets: URLs, names, and what is in the blobs. @type {{href: string, download: string, blob?: Blob}[]} */
let saved;
/** @type {Map<string, Blob>} */
let blobs;

beforeEach((context) => {
  [saved, blobs] = [[], new Map()];
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(URL, "createObjectURL", (/** @type {Blob} */ blob) => {
    const url = `blob:${blobs.size}`;
    blobs.set(url, blob);
    return url;
  });
  mock.method(URL, "revokeObjectURL", (/** @type {string} */ url) => blobs.delete(url));
  globalThis.document = /** @type {any} */ ({
    createElement: (/** @type {string} */ name) => ({
      click() {
        assert.deepEqual([name, this.target], ["a", "_blank"]); // or a file that the browser shows would take the page's place
        saved.push({ href: this.href, download: this.download, blob: blobs.get(this.href) });
      },
    }),
  });
  globalThis.fetch = async (given, options) => {
    assert.deepEqual(options, { credentials: "same-origin", cache: "no-store" });
    const name = String(given).slice(-1);
    return new Response(`HEADER-12345${name}${name}`);
  };
  /** Lets all be saved. @type {(saving: Promise<void>) => Promise<void>} */
  saveAll = async (saving) => {
    let isDone = false;
    saving.finally(() => (isDone = true));
    while (!isDone) {
      mock.timers.tick(300);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  after = (ms) => mock.timers.tick(ms);
});

/** @type {(saving: Promise<void>) => Promise<void>} */
let saveAll;
/** @type {(ms: number) => void} */
let after;

/** @param {any[]} recordings @param {Uint8Array | null} [held] what the viewer holds */
const viewer = (recordings, held = null) => /** @type {any} */ ({ recordings, running: { viewer: { saveRecording: async () => held } } });

test("files are saved under their own names, in turn", async () => {
  await saveAll(saveRecordings(viewer([{ url: "http://app.test/1", name: "a.rrd" }, { url: "https://host.test/2", name: "b.rrd" }])));
  assert.deepEqual(saved.map(({ href, download }) => [href, download]), [["http://app.test/1", "a.rrd"], ["https://host.test/2", "b.rrd"]]);
});

test("the second file is saved a moment later, since browsers merge clicks", async () => {
  const saving = saveRecordings(viewer([{ url: "http://app.test/1", name: "a.rrd" }, { url: "http://app.test/2", name: "b.rrd" }]));
  await new Promise((resolve) => setImmediate(resolve));
  after(200);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(saved.length, 1);
  await saveAll(saving);
  assert.equal(saved.length, 2);
});

test("a file is saved once, not also as the viewer holds it", async () => {
  await saveAll(saveRecordings(viewer([{ url: "http://app.test/1", name: "a.rrd" }], Uint8Array.from([1]))));
  assert.equal(saved.length, 1);
});

test("one stream is saved as the file that it is", async () => {
  await saveAll(saveRecordings(viewer([{ url: "http://app.test/1", name: "run.rrd", marks: [10] }])));
  assert.deepEqual(saved.map(({ href, download }) => [href, download]), [["http://app.test/1", "run.rrd"]]);
});

test("streams are saved as one recording, with one header, besides the files", async () => {
  const streams = ["x", "y"].map((name) => ({ url: `http://app.test/${name}`, name: `${name}.rrd`, marks: [10] }));
  await saveAll(saveRecordings(viewer([...streams, { url: "http://app.test/1", name: "a.rrd" }])));
  assert.deepEqual(saved.map(({ download }) => download), ["x.rrd", "a.rrd"]);
  assert.equal(await saved[0].blob?.text(), "HEADER-12345xxyy");
});

test("streams that the app no longer serves are not saved, and the reason is known", async () => {
  const streams = ["x", "y"].map((name) => ({ url: `http://app.test/${name}`, name: `${name}.rrd`, marks: [10] }));
  globalThis.fetch = async () => new Response("Not found", { status: 404 });
  await assert.rejects(saveRecordings(viewer(streams)), { message: "There is no such recording (404)." });
  globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  await assert.rejects(saveRecordings(viewer(streams)), { message: "The server cannot be reached." });
  assert.deepEqual(saved, []);
});

test("a recording on a server is saved as the viewer holds it", async () => {
  await saveAll(saveRecordings(viewer([{ url: "rerun+http://127.0.0.1:9876/proxy", name: "live" }], Uint8Array.from([1, 2]))));
  assert.equal(saved[0].download, "live.rrd");
  assert.deepEqual(new Uint8Array(await /** @type {Blob} */ (saved[0].blob).arrayBuffer()), Uint8Array.from([1, 2]));
  saved = [];
  await saveAll(saveRecordings(viewer([{ url: "rerun+http://127.0.0.1:9876/proxy", name: "live" }])));
  assert.deepEqual(saved, []); // a viewer that cannot save
});

test("a blob URL is revoked when the browser has read it", async () => {
  await saveAll(saveRecordings(viewer([{ url: "rerun+http://127.0.0.1:9876/proxy", name: "live" }], Uint8Array.from([1]))));
  assert.equal(blobs.size, 1);
  after(60_000);
  assert.equal(blobs.size, 0);
});
