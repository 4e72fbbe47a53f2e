import assert from "node:assert/strict";
import { test } from "node:test";

const { showNext } = await import("../../src/gradio_rerun/frontend/shown.js");

/** @typedef {import("../../src/gradio_rerun/frontend/wire.js").Recording} Recording */

let lastId = 0;

/** @param {string} name @returns {Recording} */
const file = (name) => ({ url: `http://app.test/${name}`, name, size: 1 });

/** @param {string} name @param {number} mark @returns {Recording} */
const stream = (name, mark) => ({ ...file(name), marks: [mark] });

/** @param {Recording[]} recordings */
const names = (recordings) => recordings.map(({ name }) => name);

test("a file takes the place of what was there, a stream too", () => {
  const id = ++lastId;
  showNext(id, [file("a")]);
  assert.deepEqual(names(showNext(id, [file("b")])), ["b"]);
  showNext(id, [stream("s", 1)]);
  assert.deepEqual(names(showNext(id, [file("c")])), ["c"]);
  assert.deepEqual(showNext(id, []), []);
});

test("the end that came along is that of the last announcement", () => {
  const id = ++lastId;
  const [shown] = showNext(id, [{ ...stream("s", 10), end: "first" }]);
  assert.equal(shown.end, "first");
  showNext(id, [{ ...stream("s", 5), end: "late" }]);
  assert.equal(shown.end, "first");
  showNext(id, [{ ...stream("s", 20), end: "second" }]);
  assert.equal(shown.end, "second");
  showNext(id, [stream("s", 30)]);
  assert.equal(shown.end, undefined);
});

test("a stream adds to what is there", () => {
  const id = ++lastId;
  showNext(id, [file("a")]);
  assert.deepEqual(names(showNext(id, [stream("s", 1)])), ["a", "s"]);
  assert.deepEqual(names(showNext(id, [stream("t", 1), file("b")])), ["a", "s", "t", "b"]);
});

test("a stream that has grown is the same object with one more mark", () => {
  const id = ++lastId;
  const [first] = showNext(id, [stream("s", 10)]);
  const [second] = showNext(id, [stream("s", 25)]);
  assert.equal(second, first);
  assert.deepEqual(second.marks, [10, 25]);
});

test("marks that come late or twice are left out, so that they ascend", () => {
  const id = ++lastId;
  const [shown] = showNext(id, [stream("s", 10)]);
  for (const mark of [25, 20, 25, 0, 30]) showNext(id, [stream("s", mark)]);
  assert.deepEqual(shown.marks, [10, 25, 30]);
});

test("after a clear a stream begins anew", () => {
  const id = ++lastId;
  const [before] = showNext(id, [stream("s", 10)]);
  showNext(id, []);
  const [after] = showNext(id, [stream("s", 25)]);
  assert.notEqual(after, before);
  assert.deepEqual(after.marks, [25]);
});

test("components do not mix, and one that is mounted anew goes on", () => {
  const [id, other] = [++lastId, ++lastId];
  showNext(id, [stream("s", 1)]);
  assert.deepEqual(names(showNext(other, [stream("t", 1)])), ["t"]);
  assert.deepEqual(names(showNext(id, [stream("u", 1)])), ["s", "u"]);
});
