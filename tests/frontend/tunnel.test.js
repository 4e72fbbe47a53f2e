import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { throughApp } from "../../src/gradio_rerun/frontend/viewer/tunnel.js";

const LIVE = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages";
const FIRST = [0, 0, 0, 0, 1, 7];
const SECOND = [0, 0, 0, 0, 2, 8, 9];
const HEARTBEAT = [0x40, 0, 0, 0, 0];

/** @param {string} text */
const trailers = (text) => [0x80, 0, 0, 0, text.length, ...new TextEncoder().encode(text)];

/** What the app answers, in turn. @type {(() => Response | Promise<Response>)[]} */
let answers;
/** @type {any[]} */
let asked;
/** @type {any[]} */
let heard;

beforeEach(() => {
  [answers, asked, heard] = [[], [], []];
});

/** @param {number[]} bytes @param {ResponseInit} [init] */
function answer(bytes, init) {
  return () => new Response(Uint8Array.from(bytes), { headers: { "content-type": "application/grpc-web+proto" }, ...init });
}

/** @param {string} path @param {AbortSignal} [signal] */
function call(path, signal) {
  const request = new Request(`http://127.0.0.1:9876${path}`, { method: "POST", body: Uint8Array.from([1, 2, 255]), headers: { "x-grpc-web": "1" }, signal });
  return throughApp(request, {
    server: "rerun+http://127.0.0.1:9876/proxy",
    ticket: "t",
    ask: async (given, end) => {
      asked.push({ ...given, end });
      end.throwIfAborted();
      const next = answers.shift();
      if (!next) throw new TypeError("network error");
      return next();
    },
    onWait: (reason) => heard.push(reason),
    onError: (message) => heard.push(`error: ${message}`),
  });
}

/** Reads so many bytes. @param {Response} response @param {number} count */
async function bytesOf(response, count) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  /** @type {number[]} */
  const bytes = [];
  while (bytes.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    bytes.push(...value);
  }
  return { bytes, reader };
}

test("a call goes to the app with its ticket, path, headers and body", async () => {
  answers = [answer([...FIRST, ...HEARTBEAT, ...trailers("grpc-status:0")])];
  const response = await call("/rerun.cloud.v1alpha1.RerunCloudService/FindEntries");
  assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], [...FIRST, ...trailers("grpc-status:0")]);
  const { server, ticket, path, headers, body } = asked[0];
  assert.deepEqual([server, ticket, path], ["rerun+http://127.0.0.1:9876/proxy", "t", "/rerun.cloud.v1alpha1.RerunCloudService/FindEntries"]);
  assert.equal(headers["x-grpc-web"], "1");
  assert.equal(body, btoa(String.fromCharCode(1, 2, 255)));
});

test("a live recording continues after each kind of interruption, and the viewer gets only whole frames", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  answers = [
    () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } }),
    answer([], { headers: { "grpc-status": "14", "grpc-message": "It%20is%20away." } }),
    answer([...FIRST, ...HEARTBEAT, ...SECOND.slice(0, 6)]), // broken in the middle
    answer([...FIRST, ...SECOND, ...trailers("grpc-status:14\r\ngrpc-message:closing")]),
    answer([...FIRST]),
  ];
  const running = call(LIVE);
  const reading = running.then((response) => bytesOf(response, 3 * FIRST.length + SECOND.length));
  let done = false;
  reading.finally(() => (done = true));
  while (!done) {
    context.mock.timers.tick(20_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { bytes, reader } = await reading;
  await reader.cancel();
  assert.deepEqual(bytes, [...FIRST, ...FIRST, ...SECOND, ...FIRST]);
  assert.deepEqual(heard.slice(0, 7), [
    "The app answered 502. Trying again.",
    "It is away. Trying again.",
    null,
    "The server has ended the recording. Trying again.",
    null,
    "closing. Trying again.",
    null,
  ]);
  assert.ok(asked.at(-1).end.aborted);
});

for (const [status, text, words] of /** @type {[number, string, string][]} */ ([[401, "", "requires a login (401)"], [403, "The app has named no such server.", "named no such server"]])) {
  test(`status ${status} of a live recording is reported, and not tried again`, async () => {
    answers = [() => new Response(text, { status, headers: { "content-type": "text/plain" } })];
    await assert.rejects(call(LIVE));
    assert.ok(heard.at(-1).startsWith("error: ") && heard.at(-1).includes(words), heard.at(-1));
    assert.equal(asked.length, 1);
  });
}

test("a server that reports that it has no live recording is not called again", async () => {
  answers = [answer(trailers("grpc-status:12\r\ngrpc-message:no%20such%20service"))];
  const response = await call(LIVE);
  await assert.rejects(response.arrayBuffer(), /no such service/);
  assert.equal(asked.length, 1);
});

test("an aborted call is not an error", async () => {
  const life = new AbortController();
  life.abort();
  await assert.rejects(call(LIVE, life.signal));
  assert.deepEqual(heard, []);
});

test("other calls are not tried again", async () => {
  await assert.rejects(call("/rerun.cloud.v1alpha1.RerunCloudService/FindEntries"), /cannot be reached/);
  assert.deepEqual(heard, ["error: The app cannot be reached."]);
});

test("the first request of old viewers is answered in the page", async () => {
  const request = new Request("http://127.0.0.1:51234/version");
  const ask = () => assert.fail("The app is asked.");
  const response = await throughApp(request, { server: "rerun+http://127.0.0.1:51234", ticket: "t", ask, onWait: ask, onError: ask });
  assert.equal(response.status, 200);
});

test("a page in place of an answer, as of a login, is named, and a live recording is requested again", async ({ mock }) => {
  const page = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  const reason = "The app does not answer with data. If you have to log in again, reload the page.";
  answers = [page];
  await assert.rejects(call("/rerun.cloud.v1alpha1.RerunCloudService/Version"), { message: reason });
  assert.deepEqual(heard, [`error: ${reason}`]);
  mock.timers.enable({ apis: ["setTimeout"] });
  [heard, answers] = [[], [page, answer([...FIRST])]];
  const response = call(LIVE);
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(1000);
  }
  assert.deepEqual((await bytesOf(await response, FIRST.length)).bytes, FIRST);
  assert.match(heard[0], /^The app does not answer with data\..* Trying again\.$/);
});
