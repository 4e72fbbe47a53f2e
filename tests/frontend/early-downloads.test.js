import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EarlyDownloads } from "../../src/gradio_rerun/frontend/viewer/early-downloads.js";

const FILE = "http://app.test/gradio_api/file=/tmp/a.rrd";

/** @type {Request[]} */
let sent;
/** @type {(request: Request) => Response | Promise<Response>} */
let answer;
/** @type {AbortController} */
let life;
/** @type {EarlyDownloads} */
let early;

beforeEach(() => {
  sent = [];
  answer = () => new Response("RRF2 and more");
  globalThis.fetch = async (request) => {
    sent.push(/** @type {Request} */ (request));
    return answer(/** @type {Request} */ (request));
  };
  life = new AbortController();
  early = new EarlyDownloads(life.signal);
});

/** @param {...(string | object)} recordings URLs, or recordings */
function begin(...recordings) {
  early.begin(/** @type {any} */ (recordings.map((each) => (typeof each === "string" ? { url: each } : each))));
  return sent.map(({ url }) => url);
}

test("a recording is requested at once, with cookies of the app, and its response is given once", async () => {
  answer = () => Object.defineProperty(new Response("RRF2 and more", { headers: { "content-length": "13" } }), "url", { value: FILE });
  assert.deepEqual(begin(FILE), [FILE]);
  assert.equal(sent[0].credentials, "same-origin");
  const response = /** @type {Response} */ (await early.take(FILE));
  assert.equal(await response.text(), "RRF2 and more");
  assert.deepEqual([response.url, response.headers.get("content-length")], [FILE, "13"]);
  assert.equal(await early.take(FILE), null);
  assert.equal(await early.take("http://app.test/another.rrd"), null);
});

test("only files are requested that the viewer reads by one download, and not many at once", () => {
  const others = [
    { url: "rerun+http://robot.test:9876/proxy" },
    { url: "http://xn--a/x.rrd" },
    { url: `${FILE}?upload`, upload: "/tmp/a.mcap" },
    { url: `${FILE}?large`, large: "/tmp/a.rrd" },
    { url: `${FILE}?stream`, marks: [1, 2] },
  ];
  assert.deepEqual(begin(...others, FILE, `${FILE}?2`, `${FILE}?3`), [FILE, `${FILE}?2`]);
});

test("a value that comes again is requested once; another value ends the downloads of the one before", () => {
  begin(FILE, `${FILE}?2`);
  assert.deepEqual(begin(`${FILE}?2`, `${FILE}?3`), [FILE, `${FILE}?2`, `${FILE}?3`]);
  assert.deepEqual(
    sent.map(({ signal }) => signal.aborted),
    [true, false, false],
  );
});

test("after a failure the viewer asks by itself, and reports what it hears", async () => {
  answer = () => new Response(null, { status: 404 });
  begin(FILE);
  assert.equal(await early.take(FILE), null);
  answer = () => Promise.reject(new TypeError("offline"));
  begin(FILE);
  assert.equal(await early.take(FILE), null);
});

test("a viewer that shows many values keeps none of their downloads", async (context) => {
  const listen = context.mock.method(life.signal, "addEventListener");
  for (let number = 0; number < 3; number++) {
    begin(`${FILE}?${number}`);
    assert.ok(await early.take(`${FILE}?${number}`));
  }
  assert.equal(listen.mock.callCount(), 0);
});

test("the end of the viewer ends all downloads, those too that it has taken, and none begins afterwards", async () => {
  begin(FILE, `${FILE}?2`);
  await early.take(FILE);
  life.abort();
  assert.deepEqual(
    sent.map(({ signal }) => signal.aborted),
    [true, true],
  );
  assert.equal(begin(`${FILE}?3`).length, 2);
});

test("at most 4 MB and a piece are read ahead of the viewer", async () => {
  const piece = new Uint8Array(1_000_000);
  let given = 0;
  answer = () => new Response(new ReadableStream({ pull: (controller) => void controller.enqueue((given++, piece)) }, { highWaterMark: 0 }));
  begin(FILE);
  const response = /** @type {Response} */ (await early.take(FILE));
  while (given < 4) await new Promise(setImmediate);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  assert.ok(given <= 6, String(given));
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  for (let turn = 0; turn < 10; turn++) assert.equal((await reader.read()).value?.byteLength, 1_000_000);
});
