import assert from "node:assert/strict";
import { test } from "node:test";

import { message, read, text, textAt } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";

test("a string is read by its path", () => {
  const bytes = Uint8Array.from(textAt([1, 3, 20], "é"));
  assert.deepEqual([...bytes], [10, 7, 26, 5, 0xa2, 1, 2, 0xc3, 0xa9]);
  const found = message(message(read(bytes).get(1)?.[0]).get(3)?.[0]).get(20)?.[0];
  assert.equal(text(found), "é");
});

test("a long string has a length of two bytes", () => {
  const bytes = Uint8Array.from(textAt([2], "x".repeat(300)));
  assert.deepEqual([...bytes.subarray(0, 3)], [18, 0xac, 2]);
  assert.equal(text(read(bytes).get(2)?.[0]).length, 300);
});

test("numbers and fields of other kinds are read, too", () => {
  const fields = read(Uint8Array.from([8, 0xff, 0xff, 3, 17, 1, 2, 3, 4, 5, 6, 7, 8, 29, 1, 2, 3, 4, 34, 1, 65, 34, 1, 66]));
  assert.equal(fields.get(1)?.[0], 65535n);
  assert.equal(fields.get(2)?.[0].length, 8);
  assert.equal(fields.get(3)?.[0].length, 4);
  assert.deepEqual(fields.get(4)?.map(text), ["A", "B"]);
});

test("a missing field is an empty message, or an empty string", () => {
  assert.equal(message(undefined).size, 0);
  assert.equal(text(undefined), "");
});

test("bytes that anyone has written are read in a moment", () => {
  const fields = Uint8Array.from({ length: 200_000 }, (_, index) => (index % 2 ? 7 : 8));
  assert.equal(read(fields).get(1)?.length, 100_000);
  const [number] = read(Uint8Array.from([8, ...Array(50_000).fill(0xff)])).get(1) ?? [];
  assert.ok(typeof number === "bigint" && number < 2n ** 70n);
});
