import assert from "node:assert/strict";
import { test } from "node:test";

const { showNext: show, wholeValue } = await import("../../src/gradio_rerun/frontend/gradio/shown.js");

/** @typedef {import("../../src/gradio_rerun/frontend/wire.js").Recording} Recording */

let lastId = 0;

/** What the server was asked to forget, by name. @type {string[]} */
const forgotten = [];

/** @param {number} id @param {Recording[]} value @param {boolean | null} [comesAgain] null: the server cannot be reached */
function showNext(id, value, comesAgain = false) {
  return show(id, value, async ({ name }) => {
    forgotten.push(name);
    if (comesAgain === null) throw new Error("no connection");
    return comesAgain;
  });
}

/** What the promises of the server have led to. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** @param {string} name @returns {Recording} */
const file = (name) => ({ url: `http://app.test/${name}`, name, size: 1, item: name });

/** @param {string} name @param {number} mark @returns {Recording} */
const stream = (name, mark) => ({ ...file(name), marks: [mark] });

/** @param {Recording[]} recordings */
const names = (recordings) => recordings.map(({ name }) => name);

test("a file replaces everything before, also a stream", () => {
  const id = ++lastId;
  showNext(id, [file("a")]);
  assert.deepEqual(names(showNext(id, [file("b")])), ["b"]);
  showNext(id, [stream("s", 1)]);
  assert.deepEqual(names(showNext(id, [file("c")])), ["c"]);
  assert.deepEqual(showNext(id, []), []);
});

test("the bytes in the value belong to the last announcement", () => {
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

test("a stream adds to the shown recordings", () => {
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

test("late or repeated marks are left out, so that marks ascend", () => {
  const id = ++lastId;
  const [shown] = showNext(id, [stream("s", 10)]);
  for (const mark of [25, 20, 25, 0, 30]) showNext(id, [stream("s", mark)]);
  assert.deepEqual(shown.marks, [10, 25, 30]);
});

test("a stream that is no longer shown is forgotten, and its late data is dropped", () => {
  const id = ++lastId;
  forgotten.length = 0;
  showNext(id, [stream("s", 10)]);
  assert.deepEqual(showNext(id, []), []);
  assert.deepEqual(forgotten, ["s"]);
  assert.deepEqual(showNext(id, [stream("s", 25)]), []);
  assert.deepEqual(names(showNext(id, [stream("t", 5)])), ["t"]);
  assert.deepEqual(names(showNext(id, [stream("s", 30), file("a"), stream("t", 9)])), ["t", "a"]);
});

test("a clear that Gradio has merged with the value after it is a clear all the same", () => {
  const id = ++lastId;
  forgotten.length = 0;
  showNext(id, [stream("s", 10)]);
  assert.deepEqual(names(showNext(id, [{ ...stream("t", 5), cleared: 1 }])), ["t"]);
  assert.deepEqual(forgotten, ["s"]);
  assert.deepEqual(names(showNext(id, [{ ...stream("t", 9), cleared: 1 }, { ...stream("u", 9), cleared: 1 }])), ["t", "u"]);
  assert.deepEqual(names(showNext(id, [{ ...stream("v", 1), cleared: 2 }])), ["v"]);
  assert.deepEqual(names(showNext(id, [{ ...stream("w", 1), cleared: 1 }, file("x")])), ["v"]);
});

test("if a forgotten stream arrives, the request to forget it is repeated", async () => {
  const id = ++lastId;
  showNext(id, [stream("s", 10)]);
  showNext(id, [file("a")], null);
  await settled();
  forgotten.length = 0;
  assert.deepEqual(names(showNext(id, [stream("s", 25)])), ["a"]);
  assert.deepEqual(forgotten, ["s"]);
});

test("a stream that other components also show is read again from its start", async () => {
  const id = ++lastId;
  const [before] = showNext(id, [stream("s", 10)]);
  showNext(id, [], true);
  await settled();
  const [after] = showNext(id, [stream("s", 25)]);
  assert.notEqual(after, before);
  assert.deepEqual(after.marks, [25]);
});

test("a long stream stays one recording whose marks do not get more with each value, and still lead from start to end", () => {
  const id = ++lastId;
  let mark = 0;
  const [shown] = showNext(id, [stream("s", (mark += 100))]);
  for (let value = 0; value < 10_000; value++) {
    assert.deepEqual(showNext(id, [stream("s", (mark += 100))]), [shown]);
    assert.equal(shown.marks?.at(-1), mark); // or its end would not be read before the next value
  }
  const marks = /** @type {number[]} */ (shown.marks);
  assert.ok(marks.length < 600, `${marks.length} marks`);
  marks.reduce((before, each) => {
    assert.ok(each > before && each - before <= (64 << 10) + 100, `${before} to ${each}`);
    return each;
  }, 0);
});

test("the whole value has the recordings before a stream, but no late or deleted ones", () => {
  const id = ++lastId;
  showNext(id, [file("a")]);
  let value = [stream("s", 1)];
  assert.deepEqual(wholeValue(showNext(id, value), value), ["a", "s"]);
  value = [file("a"), stream("s", 2)];
  assert.equal(wholeValue(showNext(id, value), value), null);
  value = [stream("t", 2)];
  assert.deepEqual(wholeValue(showNext(id, value), value), ["a", "t"]);
  assert.equal(wholeValue(showNext(id, []), []), null);
  assert.deepEqual(wholeValue(showNext(id, value), value), []);
});

test("the whole value has a stream as it was announced last", () => {
  const id = ++lastId;
  showNext(id, [file("a"), { ...stream("s", 1), item: "first" }]);
  const value = [{ ...stream("s", 2), item: "second" }];
  assert.deepEqual(wholeValue(showNext(id, value), value), ["a", "second"]);
});

test("a value from before the last clear changes neither the viewer nor the input of functions", () => {
  const id = ++lastId;
  showNext(id, [{ ...stream("old", 5), cleared: 1 }]);
  showNext(id, [{ ...stream("new", 5), cleared: 2 }]);
  const stale = [{ ...stream("old", 9), cleared: 1 }];
  assert.deepEqual(wholeValue(showNext(id, stale), stale), ["new"]);
  const grown = [{ ...stream("new", 9), cleared: 2 }];
  assert.equal(wholeValue(showNext(id, grown), grown), null);
});

test("components do not mix, and one that is mounted anew goes on", () => {
  const [id, other] = [++lastId, ++lastId];
  showNext(id, [stream("s", 1)]);
  assert.deepEqual(names(showNext(other, [stream("t", 1)])), ["t"]);
  assert.deepEqual(names(showNext(id, [stream("u", 1)])), ["s", "u"]);
});

test("of the components that a gr.render has made, the last ones are remembered", () => {
  const first = ++lastId;
  showNext(first, [stream("a", 1)]);
  for (let count = 0; count < 199; count++) showNext(++lastId, [stream("b", 1)]);
  assert.deepEqual(showNext(first, [file("c")]).map(({ name }) => name), ["c"]);
  assert.ok(forgotten.includes("a"));
  const second = ++lastId;
  showNext(second, [stream("d", 1)]);
  for (let count = 0; count < 200; count++) showNext(++lastId, [stream("b", 1)]);
  showNext(second, [file("c")]);
  assert.ok(!forgotten.includes("d"));
});
