import assert from "node:assert/strict";
import { test } from "node:test";

const { HEADER_SIZE, Messages } = await import(new URL("../../src/gradio_rerun/frontend/viewer/rrd.js", import.meta.url).href);

/** @param {number} kind @param {number} length */
function message(kind, length) {
  const bytes = new Uint8Array(16 + length).fill(7);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(kind), true);
  view.setBigUint64(8, BigInt(length), true);
  return bytes;
}

/** A recording of these messages. @param {Uint8Array[]} messages */
function recording(...messages) {
  return Uint8Array.from([new Uint8Array(HEADER_SIZE), ...messages].flatMap((each) => [...each]));
}

/** @param {Uint8Array} bytes @param {number} [piece] bytes at once */
function isTruncated(bytes, piece = bytes.length) {
  const messages = new Messages();
  for (let at = 0; at < bytes.length; at += piece) messages.follow(bytes.subarray(at, at + piece));
  return messages.isTruncated;
}

const MESSAGES = [message(1, 30), message(2, 500), message(2, 0)];

test("a recording is whole where a message ends, and truncated elsewhere, however its bytes arrive", () => {
  const whole = recording(...MESSAGES);
  const ends = [HEADER_SIZE + 46, HEADER_SIZE + 562, HEADER_SIZE + 578];
  for (let length = 1; length <= whole.length; length++) {
    for (const piece of [1, 5, 1000]) assert.equal(isTruncated(whole.subarray(0, length), piece), !ends.includes(length), `${length} by ${piece}`);
  }
});

test("any data may follow the end message of a recording", () => {
  const whole = recording(...MESSAGES, message(0, 10));
  assert.equal(isTruncated(Uint8Array.from([...whole, 1, 2, 3])), false);
  assert.equal(isTruncated(whole.subarray(0, whole.length - 5)), false);
});

test("a file with another structure is not reported as truncated", () => {
  assert.equal(isTruncated(recording(new Uint8Array(100).fill(255))), false);
});
