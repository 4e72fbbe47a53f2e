import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { CommandQueue } from "../../src/gradio_rerun/frontend/viewer/commands.js";

/** @type {string[]} */
let done;
/** @type {string[]} */
let failures;
/** @type {[string, object][]} */
let replies;
/** The values that are past, and the one that is shown. @type {{newest: number, past: number[], shown: number}} */
let values;
/** @type {CommandQueue} */
let queue;
let lastId = 0;

beforeEach(() => {
  [done, failures, replies, values] = [[], [], [], { newest: 1, past: [], shown: 0 }];
  const viewer = {
    get valueNumber() {
      return values.newest;
    },
    isPast: (/** @type {number} */ number) => values.past.includes(number),
    takesCommands: (/** @type {null} */ _, /** @type {number} */ number) => number <= values.shown,
    isLoading: true,
    isShown: true,
    isOpen: true,
    recordings: [{}],
    running: { open: { failures: [] }, carryOut: async (/** @type {any} */ { name, arguments: given }) => void done.push(`${name} ${given.of}`) },
  };
  queue = new CommandQueue(/** @type {any} */ (viewer), { isListened: () => true, start() {}, answer() {}, reply: (question, data) => void replies.push([question, data]), upload: async () => "", fail: (message) => failures.push(message) });
});

/** @param {string} name */
const command = (name) => ({
  ...{ id: `value-${++lastId}`, name, arguments: { of: values.newest }, request: null, target: [], causes: [] },
  ...{ waits: !["set_time", "play"].includes(name), outlasts: ["update_panels", "set_blueprint"].includes(name) },
  ...{ answers: false, question: null, seconds: 0 },
});

/** @param {() => boolean} condition */
async function until(condition) {
  for (let tries = 0; tries < 100 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("a command waits for the value beside it", async () => {
  values = { newest: 2, past: [], shown: 1 };
  queue.add([command("set_time")]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual(done, []);
  values.shown = 2;
  await until(() => done.length > 0);
  assert.deepEqual(done, ["set_time 2"]);
});

test("the commands of a skipped value are dropped without an error, but for those that outlast it, which keep their order", async () => {
  for (const newest of [1, 2, 3]) {
    values.newest = newest;
    queue.add(["set_time", "update_panels", "play", "set_blueprint", "open", "close", "run_command"].map(command));
  }
  values.past = [1, 2];
  values.shown = 3;
  await until(() => done.includes("run_command 3"));
  const kept = [1, 2].flatMap((value) => [`update_panels ${value}`, `set_blueprint ${value}`]);
  assert.deepEqual(done, [...kept, ...["set_time", "update_panels", "play", "set_blueprint", "open", "close", "run_command"].map((name) => `${name} 3`)]);
  assert.deepEqual(failures, []);
});

test("a command that was dropped comes again with the settings of the next value, and is not carried out", async () => {
  const late = command("set_time");
  queue.add([late]);
  values = { newest: 2, past: [1], shown: 2 };
  queue.add([command("play")]);
  await until(() => done.includes("play 2"));
  queue.add([late]);
  queue.add([command("close")]);
  await until(() => done.includes("close 2"));
  assert.deepEqual(done, ["play 2", "close 2"]);
});

test("a request about a value that was replaced is answered", async () => {
  values = { newest: 1, past: [], shown: 0 };
  queue.add([{ ...command("get_location"), question: "where", seconds: 15 }]);
  values.past = [1];
  await until(() => replies.length > 0);
  assert.deepEqual(replies, [["where", { error: "The value was replaced." }]]);
});
