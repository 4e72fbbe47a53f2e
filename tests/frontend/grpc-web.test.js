import assert from "node:assert/strict";
import { test } from "node:test";

import { HEARTBEAT, readFrames, readTrailers } from "../../src/gradio_rerun/frontend/viewer/grpc-web.js";

/** @param {number} flags @param {string} text */
function frame(flags, text) {
  const bytes = new TextEncoder().encode(text);
  return [flags, 0, 0, bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

/** A body that comes in pieces of `size` bytes. @param {number[]} bytes @param {number} size */
function body(bytes, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(Uint8Array.from(bytes.slice(at, (at += size))));
    },
  });
}

/** @param {ReadableStream} stream */
async function all(stream) {
  const frames = [];
  for await (const { flags, pieces } of readFrames(stream)) frames.push([flags, pieces.flatMap((piece) => [...piece])]);
  return frames;
}

const FRAMES = [frame(0, "first"), frame(HEARTBEAT, ""), frame(0, "x".repeat(300)), frame(0x80, "grpc-status:0\r\n")];

for (const size of [1, 2, 5, 7, 64, 1000]) {
  test(`frames are found in pieces of ${size} bytes`, async () => {
    assert.deepEqual(await all(body(FRAMES.flat(), size)), FRAMES.map((bytes) => [bytes[0], bytes]));
  });
}

test("a short frame is one piece, as the viewer of 0.36 needs the last one; a long frame is passed on as it arrives", async () => {
  const long = [0, 0, 1, 0x86, 0xa0, ...new Uint8Array(100_000)];
  const counts = [];
  for await (const { pieces } of readFrames(body([...FRAMES.flat(), ...long], 1000))) counts.push(pieces.length);
  assert.deepEqual(counts.slice(0, -1), FRAMES.map(() => 1));
  assert.ok(/** @type {number} */ (counts.at(-1)) > 90);
});

test("an incomplete frame is dropped when the connection is interrupted", async () => {
  assert.deepEqual(await all(body([...FRAMES[0], ...FRAMES[2].slice(0, 100)], 64)), [[0, FRAMES[0]]]);
});

test("a body without data for too long is aborted", async () => {
  let cancelled = false;
  const silent = new ReadableStream({ cancel: () => void (cancelled = true) });
  await assert.rejects(readFrames(silent, 10).next(), /sends no data/);
  assert.ok(cancelled);
});

test("trailers are read by name", () => {
  const pieces = [Uint8Array.from(frame(0x80, "grpc-status: 14\r\nGRPC-Message:not%20there\r\n"))];
  assert.deepEqual([...readTrailers({ flags: 0x80, pieces })], [["grpc-status", "14"], ["grpc-message", "not%20there"]]);
});
