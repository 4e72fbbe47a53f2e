import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

const FRONTEND = new URL("../../src/gradio_rerun/frontend/", import.meta.url);
const { HEADER_SIZE } = await import(new URL("viewer/rrd.js", FRONTEND).href);
const { StreamReader } = await import(new URL("viewer/stream-reader.js", FRONTEND).href);

const URL_OF_FILE = "http://app.test/gradio_api/file=/a/recording.rrd";

/** What the server has of the recording. @type {Uint8Array} */
let file;
/** The requests so far. @type {{url: string, init: RequestInit & {headers: Record<string, string>}}[]} */
let requests;
/** What the server does, request by request; afterwards it gives what it is asked for. @type {((from: number) => Response | Promise<Response>)[]} */
let answers;
/** Frames that are asked for. @type {(() => void)[]} */
let frames;

beforeEach(() => {
  file = recording(1000);
  requests = [];
  answers = [];
  frames = [];
  globalThis.fetch = async (url, init) => {
    const request = /** @type {any} */ ({ url, init });
    requests.push(request);
    const from = Number(/^bytes=(\d+)-$/.exec(request.init.headers.Range)?.[1]);
    return (answers.shift() ?? whole)(from);
  };
  globalThis.requestAnimationFrame = (callback) => frames.push(() => callback(0));
});

/** @param {number} size */
function recording(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = at % 251;
  bytes.set([..."RRF2"].map((letter) => letter.charCodeAt(0)));
  return bytes;
}

/** @param {number} from */
const whole = (from) => partial(file.subarray(from));

/** An answer of these bytes, in small pieces. @param {Uint8Array} bytes @param {{status?: number, breaks?: boolean}} [options] */
function partial(bytes, { status = 206, breaks = false } = {}) {
  let at = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += 7)));
      else if (breaks) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  return new Response(body, { status });
}

/** @param {number} status */
const refusal = (status) => () => new Response("no", { status });

/** @param {number[]} marks */
function create(marks) {
  const run = new AbortController();
  /** @type {Uint8Array[]} */
  const pieces = [];
  /** @type {string[]} */
  const failures = [];
  const reader = new StreamReader({
    url: URL_OF_FILE,
    marks,
    send: (/** @type {Uint8Array} */ piece) => pieces.push(piece.slice()),
    fail: (/** @type {string} */ message) => failures.push(message),
    signal: run.signal,
  });
  return { reader, pieces, failures, run };
}

/** What the viewer got, as one recording; each piece must be a recording of its own. @param {Uint8Array[]} pieces */
function joined(pieces) {
  const header = Buffer.from(file.subarray(0, HEADER_SIZE));
  for (const piece of pieces) assert.deepEqual(Buffer.from(piece.subarray(0, HEADER_SIZE)), header);
  return Buffer.concat(pieces.map((piece, index) => piece.subarray(index ? HEADER_SIZE : 0)));
}

/** @param {Uint8Array[]} pieces @param {number} [size] */
function assertAll(pieces, size = file.length) {
  assert.deepEqual(joined(pieces), Buffer.from(file.subarray(0, size)));
}

const ranges = () => requests.map(({ init }) => init.headers.Range);

test("the announced bytes are read by one request, and each byte is passed on once", async () => {
  const { reader, pieces, failures } = create([300, 1000]);
  await reader.read();
  assertAll(pieces);
  assert.deepEqual(ranges(), ["bytes=0-"]);
  assert.equal(reader.passedOn, 1000);
  assert.deepEqual(failures, []);
});

const base64 = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString("base64");

test("bytes in the value are not requested", async () => {
  const marks = [300];
  const { reader, pieces } = create(marks);
  await reader.read(base64(file.subarray(0, 300)));
  marks.push(1000);
  await reader.read(base64(file.subarray(300)));
  assertAll(pieces);
  assert.equal(pieces.length, 2);
  assert.deepEqual(ranges(), []);
});

test("bytes in the value with a gap before them are requested with the gap", async () => {
  const { reader, pieces } = create([300, 1000]);
  await reader.read(base64(file.subarray(300)));
  assertAll(pieces);
  assert.deepEqual(ranges(), ["bytes=0-"]);
});

test("bytes in the value that are announced twice are passed on once", async () => {
  const { reader, pieces } = create([1000]);
  await reader.read(base64(file));
  await reader.read(base64(file));
  assertAll(pieces);
  assert.deepEqual(ranges(), []);
});

test("bytes in the value that arrive during a request are read by the next request", async () => {
  const marks = [300];
  const { reader, pieces } = create(marks);
  answers.push(() => partial(file.subarray(0, 300)));
  const reading = reader.read();
  marks.push(1000);
  await reader.read(base64(file.subarray(300)));
  await reading;
  assertAll(pieces);
  assert.deepEqual(ranges(), ["bytes=0-", "bytes=300-"]);
});

test("cookies go to the page's own origin only, and nothing is kept on the way", async () => {
  await create([1000]).reader.read();
  const { credentials, cache, headers } = requests[0].init;
  assert.equal(credentials, "same-origin");
  assert.equal(cache, "no-store");
  assert.deepEqual(Object.keys(headers), ["Range"]);
});

test("no module requests a range with an end, to which Gradio answers with the headers of the request, cookies among them", () => {
  const asked = readdirSync(FRONTEND, { encoding: "utf8", recursive: true })
    .filter((name) => name.endsWith(".js"))
    .flatMap((name) => readFileSync(new URL(name, FRONTEND), "utf8").match(/bytes=.*/g) ?? []);
  assert.equal(asked.length, 1);
  assert.match(asked[0], /^bytes=\$\{[^}]+\}-`/);
});

test("after an interrupted connection, only the missing bytes are requested", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { reader, pieces, failures } = create([300, 600, 1000]);
  answers = [() => partial(file.subarray(0, 100)), (from) => partial(file.subarray(from, 450), { breaks: true })];
  const reading = reader.read();
  await elapse(context, reading);
  assertAll(pieces);
  assert.deepEqual(ranges(), ["bytes=0-", "bytes=100-", "bytes=450-"]);
  assert.deepEqual(failures, []);
});

test("if the server does not support ranges, the known part of the response is skipped", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { reader, pieces } = create([1000]);
  answers = [() => partial(file.subarray(0, 500)), () => partial(file, { status: 200 })];
  await elapse(context, reader.read());
  assertAll(pieces);
});

test("bytes that are not announced yet wait for the announcement, and are not requested again", async () => {
  const marks = [400];
  const { reader, pieces } = create(marks);
  await reader.read();
  assertAll(pieces, 400);
  marks.push(700);
  await reader.read();
  assertAll(pieces, 700);
  file = recording(2000);
  marks.push(1500);
  await reader.read();
  assertAll(pieces, 1500);
  assert.deepEqual(ranges(), ["bytes=0-", "bytes=1000-"]);
});

test("bytes that are announced during a request are read, too", async () => {
  const marks = [400];
  const { reader, pieces } = create(marks);
  answers = [
    () => {
      marks.push(1000);
      reader.read(); // as each announcement does
      return partial(file.subarray(0, 400));
    },
  ];
  await reader.read();
  assertAll(pieces);
  assert.deepEqual(ranges(), ["bytes=0-", "bytes=400-"]);
});

test("a piece ends at the end of a message, however the bytes arrive", async () => {
  for (const marks of [[13, 14, 500, 999, 1000], [1000], [700, 1000]]) {
    const { reader, pieces } = create([...marks]);
    await reader.read();
    let end = 0;
    for (const [index, piece] of pieces.entries()) {
      end += piece.length - (index ? HEADER_SIZE : 0);
      assert.ok(marks.includes(end), `a piece ends at ${end}`);
    }
    assertAll(pieces);
  }
});

for (const status of [401, 403, 404, 416]) {
  test(`status ${status} is reported at once, and the next announcement tries again from there`, async () => {
    const marks = [400, 1000];
    const { reader, pieces, failures } = create(marks);
    answers = [refusal(status)];
    await reader.read();
    assert.deepEqual(failures, [`the server answers ${status} (after 0 of 1000 bytes)`]);
    assert.equal(requests.length, 1);
    await reader.read();
    assertAll(pieces);
  });
}

test("a failed request is repeated seven times with doubled delays, and then reported", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { reader, failures } = create([1000]);
  answers = Array(20).fill(refusal(502));
  const reading = reader.read();
  for (const wait of [250, 500, 1000, 2000, 4000, 8000]) {
    await settled();
    const before = requests.length;
    context.mock.timers.tick(wait - 1);
    await settled();
    assert.equal(requests.length, before);
    context.mock.timers.tick(1);
    await settled();
    assert.equal(requests.length, before + 1);
  }
  await reading;
  assert.equal(requests.length, 7);
  assert.deepEqual(failures, ["the server answers 502 (after 0 of 1000 bytes)"]);
});

test("while data arrives, reading continues", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { reader, pieces, failures } = create([1000]);
  answers = Array.from({ length: 50 }, () => (/** @type {number} */ from) => partial(file.subarray(from, from + 20), { breaks: true }));
  await elapse(context, reader.read());
  assertAll(pieces);
  assert.deepEqual(failures, []);
});

test("a stream that is not a recording is reported at once", async () => {
  for (const other of ["<html>".padEnd(1000), ""]) {
    requests = [];
    const { reader, pieces, failures } = create([1000]);
    file = new TextEncoder().encode(other || "x".repeat(1000));
    await reader.read();
    assert.deepEqual(failures, ["the server does not send a Rerun recording (after 1000 of 1000 bytes)"]);
    assert.deepEqual([pieces.length, requests.length], [0, 1]);
  }
});

test("the end of the viewer stops the reader without an error, also during a delay", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { reader, pieces, failures, run } = create([1000]);
  answers = [refusal(502)];
  const reading = reader.read();
  await settled();
  run.abort();
  await reading;
  assert.equal(requests[0].init.signal, run.signal);
  assert.deepEqual([pieces, failures, requests.length], [[], [], 1]);
});

test("the viewer gets a frame to process its data", async () => {
  const size = 80 << 20;
  file = recording(size);
  const marks = Array.from({ length: 80 }, (_, index) => (index + 1) << 20);
  const { reader, pieces } = create(marks);
  answers = [() => new Response(file.slice(), { status: 206 })];
  let asked = 0;
  globalThis.requestAnimationFrame = (callback) => (asked++, setTimeout(callback, 0), 0);
  await reader.read();
  assert.ok(asked >= 1, `${asked} frames`);
  assert.equal(Buffer.compare(joined(pieces), Buffer.from(file)), 0);
});

/** Returns when all that needs no time has happened. */
async function settled() {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

/** Lets time pass until `reading` is done. @param {import("node:test").TestContext} context @param {Promise<void>} reading */
async function elapse(context, reading) {
  let done = false;
  reading.then(() => (done = true));
  while (!done) {
    await settled();
    context.mock.timers.tick(10_000);
  }
}

test("a page in place of the file, as of a login, is no data, and reading goes on after it", async () => {
  const { reader, pieces, failures } = create([100, 200, 1000]);
  const page = () => partial(new TextEncoder().encode(`<!doctype html>${" ".repeat(2000)}`), { status: 200 });
  answers = [() => partial(file.subarray(0, 200), { breaks: true }), page];
  await reader.read();
  assert.deepEqual(failures, ["the server does not send a Rerun recording (after 200 of 1000 bytes)"]);
  await reader.read();
  assert.equal(reader.passedOn, 1000);
  assert.deepEqual(pieces.at(-1)?.slice(HEADER_SIZE), file.slice(200));
});

test("a server without ranges sends the file in small parts", async () => {
  const { reader, failures } = create([1000]);
  let at = 0;
  const body = () => new ReadableStream({ pull: (stream) => (at < 1000 ? stream.enqueue(file.slice(at, ++at)) : stream.close()) });
  answers = [() => new Response(body(), { status: 200 })];
  await reader.read();
  assert.deepEqual([reader.passedOn, failures], [1000, []]);
});
