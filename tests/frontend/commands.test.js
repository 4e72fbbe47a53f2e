import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { CommandQueue } from "../../src/gradio_rerun/frontend/viewer/commands.js";
import { OWN_COMMANDS } from "../../src/gradio_rerun/frontend/viewer/own-commands.js";
import { Ended, NotThere } from "../../src/gradio_rerun/frontend/viewer/errors.js";

/** As much of the element as commands need: one that is ready, with one recording open. */
class FakeViewer {
  isShown = true;
  isOpen = true;
  isLoading = false;
  /** Ids of the recordings that are open. */
  recordings = ["run"];
  /** What was carried out, in order. @type {string[]} */
  done = [];
  /** What the viewer does with a command, instead of carrying it out at once. @type {Record<string, (command: any) => unknown>} */
  on = {};
  valueNumber = 1;
  /** @type {string[]} */
  failures = [];

  /** The running viewer, which is faked here, too. */
  get running() {
    return this;
  }

  get viewer() {
    return this;
  }

  isPast() {
    return false;
  }

  /** @param {string | null} recordingId */
  takesCommands(recordingId) {
    if (!this.isShown || !this.isOpen) return false;
    return recordingId ? this.recordings.includes(recordingId) : !this.isLoading;
  }

  /** @param {any} command @param {any} outcomes */
  async carryOut(command, outcomes) {
    await this.on[command.name]?.(command);
    const asks = ["take_screenshot", "save_recording", "save_blueprint", "get_state"].includes(command.name);
    const answer = asks ? await OWN_COMMANDS[command.name](/** @type {any} */ (this), /** @type {any} */ (this), command, outcomes) : null;
    this.done.push(command.name);
    return answer;
  }

  async screenshot() {
    return new Blob(["picture"]);
  }

  get control() {
    return { state: () => this.getState() };
  }

  get open() {
    return { names: [], failures: this.failures };
  }

  /** @returns {Promise<Uint8Array | null>} */
  async saveRecording() {
    return Uint8Array.from([1]);
  }

  /** @returns {Promise<Uint8Array | null>} */
  async saveBlueprint() {
    return null;
  }

  async getState() {
    return { viewer_version: "0.0.0" };
  }
}

/** @type {FakeViewer} */
let viewer;
/** @type {CommandQueue} */
let queue;
/** @type {string[]} */
let failures;
/** @type {[string, object][]} */
let answers;
/** @type {[string, object][]} */
let replies;
/** What became the value. @type {object[]} */
let shown;
/** @type {File[]} */
let uploaded;
/** @type {string[]} */
let listened;
/** Names of the commands that were announced before the viewer carried them out. @type {string[]} */
let started;
/** Lets so much time pass. @type {(ms: number) => Promise<void>} */
let pass;

let nextId = 0;

beforeEach((context) => {
  const { mock } = /** @type {import("node:test").TestContext} */ (context);
  let now = 1_000;
  mock.method(performance, "now", () => now);
  mock.timers.enable({ apis: ["setTimeout"] });
  pass = async (ms) => {
    for (const end = now + ms; ; ) {
      await new Promise((resolve) => setImmediate(resolve)); // all that is due now
      if (now >= end) return;
      const step = Math.min(50, end - now);
      now += step;
      mock.timers.tick(step);
    }
  };
  viewer = new FakeViewer();
  [shown, started] = [[], []];
  [failures, answers, replies, uploaded, listened] = [[], [], [], [], ["screenshot", "recording_saved", "blueprint_saved", "state"]];
  queue = new CommandQueue(/** @type {any} */ (viewer), {
    isListened: (event) => listened.includes(event),
    start: ({ name }) => void started.push(name),
    answer: (event, data) => void answers.push([event, data]),
    reply: (question, data) => void replies.push([question, data]),
    upload: async (file) => `/tmp/${uploaded.push(file)}/${file.name}`,
    show: (urls) => {
      shown.push(...urls);
      viewer.recordings = urls.map(({ url }) => url);
    },
    fail: (message) => void failures.push(message),
  });
});

/** A command as Python sends it. @param {string} name @param {any} [given] @returns {any} */
function command(name, given = {}) {
  const { recording_id, timeline, time, play } = given;
  const named = recording_id ? { recording_id } : {};
  const timelineChange = { type: "timeline_change", ...(timeline ? { timeline } : {}) };
  const ofAnother = ["selection_change", "timeline_change", "time_update"];
  const causes = {
    set_time: [timelineChange, { type: "time_update", time }, { type: play ? "play" : "pause" }],
    set_timeline: [timelineChange, { type: "time_update" }],
    play: [{ type: "play", ...named }],
    pause: [{ type: "pause", ...named }],
    set_recording: ofAnother.map((type) => ({ type, ...named })),
    close: ofAnother.map((type) => ({ type })),
    open: [{ type: "recording_open" }],
    run_command: [...ofAnother, "play", "pause"].map((type) => ({ type })),
  }[name];
  const waits = !["set_time", "play", "pause"].includes(name);
  return { id: String(nextId++), name, arguments: given, request: null, target: [], causes: causes ?? [], waits, outlasts: false, answers: false, question: null, seconds: 0 };
}

/** A promise, and what settles it. */
function deferred() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(reason: Error) => void} */
  let reject = () => {};
  const promise = /** @type {Promise<void>} */ (new Promise((...settle) => ([resolve, reject] = settle)));
  return { promise, resolve, reject };
}

test("commands are carried out in order, each when the one before is done", async () => {
  const opening = deferred();
  viewer.on.open = () => opening.promise;
  queue.add([command("open", { urls: [{ url: "https://host.test/a.rrd", ticket: null }], navigate: true }), command("set_timeline", { timeline: "frame" })]);
  queue.add([command("update_panels", { states: {} })]);
  await pass(500);
  assert.deepEqual(viewer.done, []);
  opening.resolve();
  await pass(0);
  assert.deepEqual(viewer.done, ["open", "set_timeline", "update_panels"]);
  assert.deepEqual(failures, []);
});

test("a command is announced before the viewer carries it out", async () => {
  viewer.on.set_time = () => assert.deepEqual(started, ["set_time"]);
  queue.add([command("set_time")]);
  await pass(50);
  assert.deepEqual([started, viewer.done], [["set_time"], ["set_time"]]);
});

test("a command is carried out once, however often it comes, and by whichever element", async () => {
  const [first, second] = [command("play"), command("run_command")];
  viewer.on.run_command = () => new Promise((resolve) => setTimeout(resolve, 100));
  queue.add([first, second]);
  queue.add([first, second]);
  await pass(200);
  queue.add([first, second]);
  const next = new CommandQueue(/** @type {any} */ (viewer), /** @type {any} */ ({ start() {}, fail: assert.fail }));
  next.add([first, second]);
  await pass(200);
  assert.deepEqual(viewer.done, ["play", "run_command"]);
});

test("the page remembers the last ten thousand commands of a component, and all of the list that has just arrived", async () => {
  const list = (/** @type {number} */ length) => Array.from({ length }, () => command("pause"));
  const [first, ...others] = list(15_000);
  queue.add([first]);
  queue.add(others);
  await pass(50);
  queue.add(others); // as Gradio does at the end of a generator
  await pass(50);
  assert.equal(viewer.done.length, 15_000);
  const another = new CommandQueue(/** @type {any} */ (viewer), /** @type {any} */ ({ start() {}, fail: assert.fail }), 2);
  for (let count = 0; count < 20; count++) another.add(list(1_000));
  await pass(50);
  queue.add(others);
  await pass(50);
  assert.equal(viewer.done.length, 35_000);
  for (let count = 0; count < 5; count++) queue.add(list(1_000));
  await pass(50);
  queue.add([first]); // no run lasts that long
  await pass(50);
  assert.equal(viewer.done.length, 40_001);
});

test("quick commands do not wait for one another, and all others wait for them", async () => {
  const answers = [deferred(), deferred(), deferred()];
  /** @type {string[]} */
  const begun = [];
  for (const [index, name] of ["set_time", "play", "pause"].entries()) {
    viewer.on[name] = () => {
      begun.push(name);
      return answers[index].promise;
    };
  }
  queue.add([command("set_time", { time: "3", timeline: null, play: false }), command("play"), command("pause"), command("set_timeline", { timeline: "frame" })]);
  await pass(100);
  assert.deepEqual(begun, ["set_time", "play", "pause"]);
  answers[1].resolve();
  answers[2].resolve();
  await pass(100);
  assert.deepEqual(viewer.done, ["play", "pause"]);
  answers[0].resolve();
  await pass(0);
  assert.deepEqual(viewer.done, ["play", "pause", "set_time", "set_timeline"]);
});

test("while data arrives, the next command waits for a quick one, too", async () => {
  viewer.isLoading = true;
  const answer = deferred();
  viewer.on.play = () => answer.promise;
  queue.add([command("play", { recording_id: "run" }), command("pause", { recording_id: "run" })]);
  await pass(100);
  assert.deepEqual(viewer.done, []);
  answer.resolve();
  await pass(100);
  assert.deepEqual(viewer.done, ["play", "pause"]);
});

test("a command waits for its recording as long as data arrives, and the next command waits, too", async () => {
  viewer.isLoading = true;
  queue.add([command("play", { recording_id: "late" }), command("pause", { recording_id: "run" })]);
  await pass(60_000);
  assert.deepEqual([viewer.done, failures], [[], []]);
  viewer.recordings.push("late");
  await pass(200);
  assert.deepEqual(viewer.done, ["play", "pause"]);
});

test("a recording is shown when all are open, since one that opens after it would be shown instead", async () => {
  viewer.isLoading = true;
  queue.add([command("set_active_recording", { recording_id: "run" }), command("set_time", { recording_id: "run" })]);
  await pass(10_000);
  assert.deepEqual(viewer.done, []);
  viewer.isLoading = false;
  await pass(100);
  assert.deepEqual(viewer.done, ["set_active_recording", "set_time"]);
});

test("a command waits in a hidden viewer, as in a tab that is not selected", async () => {
  viewer.isShown = false;
  queue.add([command("play")]);
  await pass(120_000);
  assert.deepEqual([viewer.done, failures], [[], []]);
  viewer.isShown = true;
  await pass(100);
  assert.deepEqual(viewer.done, ["play"]);
});

test("a recording that does not arrive is reported, and the next command runs", async () => {
  queue.add([command("play", { recording_id: "never" }), command("pause")]);
  await pass(2_900);
  assert.deepEqual(failures, []);
  await pass(300);
  assert.deepEqual(failures, ['The viewer could not carry out play(recording_id="never"): There is no recording "never".']);
  assert.deepEqual(viewer.done, ["pause"]);
});

test("a command that has failed comes again with the settings of the next value, and is not carried out", async () => {
  const late = command("play", { recording_id: "never" });
  queue.add([late]);
  await pass(3_200);
  queue.add([late]);
  await pass(3_200);
  assert.equal(failures.length, 1);
});

test("without a recording, a command waits half a minute for one", async () => {
  viewer.isOpen = false;
  queue.add([command("set_time", { timeline: "frame", time: "3", kind: "sequence", play_state: "paused", recording_id: null })]);
  await pass(29_900);
  assert.deepEqual(failures, []);
  await pass(300);
  assert.deepEqual(failures, ['The viewer could not carry out set_time(timeline="frame", time="3", play_state="paused"): No recording is open.']);
});

test("a command is tried again while data arrives and for some time after", async () => {
  let tries = 0;
  viewer.on.set_timeline = () => {
    tries++;
    throw new NotThere("There is no timeline late.");
  };
  viewer.isLoading = true;
  queue.add([command("set_timeline", { timeline: "late", recording_id: "run" })]);
  await pass(10_000);
  assert.ok(tries > 50);
  assert.deepEqual(failures, []);
  viewer.isLoading = false;
  await pass(2_900);
  assert.deepEqual(failures, []);
  await pass(300);
  assert.deepEqual(failures, ['The viewer could not carry out set_timeline(timeline="late", recording_id="run"): There is no timeline late.']);
});

test("a command that is impossible is reported at once, and is not tried again", async () => {
  for (const name of ["set_timeline", "play"]) {
    let tries = 0;
    failures = [];
    viewer.on[name] = () => {
      tries++;
      throw new Error("It cannot.");
    };
    queue.add([command(name), command("close")]);
    await pass(100);
    assert.deepEqual(failures, [`The viewer could not carry out ${name}(): It cannot.`]);
    assert.equal(tries, 1);
    assert.equal(viewer.done.at(-1), "close");
  }
});

test("a message shows arguments as in Python, and leaves out long and internal ones", async () => {
  viewer.on.set_blueprint = viewer.on.close = viewer.on.open = () => Promise.reject("No.");
  const opening = command("open", { urls: [{ url: "https://a.test/b.rrd", ticket: "secret" }] });
  queue.add([opening, command("set_blueprint", { rbl: "A".repeat(1_000), application_id: "my:app" }), command("close", { recording_id: null })]);
  await pass(200);
  assert.deepEqual(failures, [
    'The viewer could not carry out open(urls=["https://a.test/b.rrd"]): No.',
    'The viewer could not carry out set_blueprint(application_id="my:app"): No.',
    "The viewer could not carry out close(): No.",
  ]);
});

test("a command whose viewer ends is carried out in the next one, but for a quick one", async () => {
  let isFirst = true;
  viewer.on.set_timeline = () => {
    if (!isFirst) return;
    isFirst = false;
    throw new Ended();
  };
  queue.add([command("set_timeline", { timeline: "frame" })]);
  await pass(300);
  assert.deepEqual([viewer.done, failures], [["set_timeline"], []]);
  viewer.on.play = () => Promise.reject(new Ended());
  queue.add([command("play"), command("pause")]);
  await pass(300);
  assert.deepEqual([viewer.done, failures], [["set_timeline", "pause"], []]);
});

test("an empty value drops waiting commands, which come again with its settings, and later commands are carried out", async () => {
  viewer.isOpen = false;
  const waiting = [command("play"), command("pause")];
  queue.add(waiting);
  await pass(100);
  queue.drop();
  queue.add([...waiting, command("close")]);
  viewer.isOpen = true;
  await pass(300);
  assert.deepEqual([viewer.done, failures], [["close"], []]);
});

test("the failure of a command that was dropped is not reported", async () => {
  const answer = deferred();
  viewer.on.set_timeline = () => answer.promise;
  queue.add([command("set_timeline", { timeline: "frame" })]);
  await pass(0);
  queue.clear();
  answer.reject(new Error("Too late."));
  await pass(100);
  assert.deepEqual(failures, []);
});

test("a picture, a recording and a state go to the functions that listen", async () => {
  queue.add([command("take_screenshot", { view_id: null, max_size: null }), command("save_recording"), command("get_state")]);
  await pass(100);
  assert.deepEqual(answers, [
    ["screenshot", { path: "/tmp/1/screenshot.png" }],
    ["recording_saved", { path: "/tmp/2/recording.rrd" }],
    ["state", { viewer_version: "0.0.0" }],
  ]);
  assert.equal(await uploaded[0].text(), "picture");
  assert.deepEqual([...new Uint8Array(await uploaded[1].arrayBuffer())], [1]);
});

test("a save that an old viewer cannot do is reported", async () => {
  queue.add([command("save_blueprint")]);
  await pass(100);
  assert.deepEqual(failures, ["The viewer could not carry out save_blueprint(): It needs rerun-sdk 0.39 or newer."]);
  viewer.saveBlueprint = async () => Uint8Array.from([2]);
  queue.add([command("save_blueprint")]);
  await pass(100);
  assert.deepEqual(answers, [["blueprint_saved", { path: "/tmp/1/blueprint.rbl" }]]);
});

test("without listeners, nothing is made or uploaded", async () => {
  listened = [];
  viewer.screenshot = viewer.saveRecording = viewer.saveBlueprint = viewer.getState = () => assert.fail("The viewer is asked.");
  queue.add(["take_screenshot", "save_recording", "save_blueprint", "get_state"].map((name) => command(name)));
  await pass(100);
  assert.deepEqual([answers, uploaded, failures], [[], [], []]);
});

/** @param {string} type @param {object} [more] */
const event = (type, more = {}) => ({ type, application_id: "app", recording_id: "run", ...more });

test("an event within a second after a command's answer counts as caused by the command, once", async () => {
  queue.add([command("set_time", { timeline: "frame", time: "7", play: false })]);
  await pass(0);
  assert.equal(queue.isOwn(event("time_update", { time: 6 })), false);
  assert.equal(queue.isOwn(event("time_update", { time: 7 })), true);
  assert.equal(queue.isOwn(event("time_update", { time: 7 })), false);
  assert.equal(queue.isOwn(event("timeline_change", { timeline: "stamp" })), false);
  assert.equal(queue.isOwn(event("timeline_change", { timeline: "frame" })), true);
  assert.equal(queue.isOwn(event("play")), false);
  assert.equal(queue.isOwn(event("selection_change")), false);
  await pass(950);
  assert.equal(queue.isOwn(event("pause")), true);
  queue.add([command("pause")]);
  await pass(1_000);
  assert.equal(queue.isOwn(event("pause")), false);
});

test("an event before a command's answer counts as caused by the command", async () => {
  const answer = deferred();
  viewer.on.set_timeline = () => answer.promise;
  queue.add([command("set_timeline", { timeline: "frame" })]);
  await pass(5_000);
  assert.equal(queue.isOwn(event("timeline_change", { timeline: "frame" })), true);
  answer.resolve();
  await pass(100);
  assert.equal(queue.isOwn(event("time_update", { time: 3 })), true);
});

test("two commands are the cause of two events", async () => {
  queue.add([command("set_time", { timeline: null, time: "1", play: true }), command("set_time", { timeline: null, time: "2", play: true })]);
  await pass(0);
  assert.equal(queue.isOwn(event("timeline_change", { timeline: "any" })), true);
  assert.deepEqual([2, 1, 2].map((time) => queue.isOwn(event("time_update", { time }))), [true, true, false]);
  assert.deepEqual([1, 2, 3].map(() => queue.isOwn(event("play"))), [true, true, false]);
  assert.equal(queue.isOwn(event("pause")), false);
});

test("a time of nanoseconds, which the viewer reports as a float, is recognised", async () => {
  const time = "1714979289123456789";
  queue.add([command("set_time", { timeline: "stamp", time, play: false })]);
  await pass(0);
  assert.equal(queue.isOwn(event("time_update", { time: Number(time) + 1_024 })), false);
  assert.equal(queue.isOwn(event("time_update", { time: Number(time) + 256 })), true);
});

test("events of another recording do not count as caused by a command with a recording id, except for close", async () => {
  queue.add([command("play", { recording_id: "run" })]);
  await pass(0);
  assert.equal(queue.isOwn(event("play", { recording_id: "other" })), false);
  assert.equal(queue.isOwn(event("play")), true);
  queue.add([command("close", { recording_id: "run" })]);
  await pass(0);
  assert.equal(queue.isOwn(event("selection_change", { recording_id: "other" })), true);
});

test("a recording that opens within half a minute counts as opened by the command", async () => {
  queue.add([command("open", { urls: [{ url: "https://host.test/a.rrd", ticket: null }], navigate: true })]);
  await pass(29_000);
  assert.equal(queue.isOwn(event("recording_open", { recording_id: "a" })), true);
});

test("other events count as caused by the user", async () => {
  assert.equal(queue.isOwn(event("play")), false);
  queue.add([command("get_state"), command("update_panels", { states: {} })]);
  await pass(0);
  for (const type of ["play", "pause", "time_update", "timeline_change", "selection_change", "recording_open"]) {
    assert.equal(queue.isOwn(event(type, { time: 0 })), false);
  }
});

test("each command causes these events, and no others", async () => {
  const seen = ["selection_change", "timeline_change", "time_update"];
  const types = [...seen, "play", "pause", "recording_open"];
  const causes = /** @type {[any, string[]][]} */ ([
    [command("set_time", { timeline: null, time: "0", play: true }), ["timeline_change", "time_update", "play"]],
    [command("set_time", { timeline: null, time: "0", play: false }), ["timeline_change", "time_update", "pause"]],
    [command("set_timeline", { timeline: "frame" }), ["timeline_change", "time_update"]],
    [command("play", { recording_id: null }), ["play"]],
    [command("pause", { recording_id: null }), ["pause"]],
    [command("set_recording", { recording_id: "run" }), seen],
    [command("close", { recording_id: null }), seen],
    [command("open", { urls: [{ url: "https://host.test/a.rrd", ticket: null }], navigate: true }), ["recording_open"]],
    [command("run_command", { id: "x" }), [...seen, "play", "pause"]],
    [command("set_blueprint", { rbl: "" }), []],
  ]);
  for (const [each, caused] of causes) {
    queue = new CommandQueue(/** @type {any} */ (viewer), /** @type {any} */ ({ start() {}, fail: assert.fail }));
    queue.add([each]);
    await pass(0);
    assert.deepEqual(types.filter((type) => queue.isOwn(event(type, { time: 0, timeline: "frame" }))).sort(), [...caused].sort(), each.name);
  }
});

test("a timeline change counts as caused by the command, at any time", async () => {
  queue.add([command("set_timeline", { timeline: "frame" })]);
  await pass(0);
  assert.equal(queue.isOwn(event("time_update", { time: 17 })), true);
});

// ---- Questions of functions.

/** @param {string} name @param {any} [given] */
const question = (name, given) => ({ ...command(name, given), question: `question ${name}`, seconds: 15 });

test("a request is answered to the function, also without a listener, and fires no event", async () => {
  listened = [];
  queue.add([question("take_screenshot", { view_id: null, max_size: null }), question("get_state"), question("set_time", { timeline: "frame" })]);
  await pass(100);
  assert.deepEqual(replies, [
    ["question take_screenshot", { path: "/tmp/1/screenshot.png" }],
    ["question get_state", { viewer_version: "0.0.0" }],
    ["question set_time", {}],
  ]);
  assert.deepEqual([answers, failures], [[], []]);
});

test("a failed request is an error in the function, not in the page", async () => {
  viewer.on.run_command = async () => {
    throw new Error("There is no such command.");
  };
  queue.add([question("run_command")]);
  await pass(100);
  assert.deepEqual([replies, failures], [[["question run_command", { error: "There is no such command." }]], []]);
});

test("a request to a viewer without a recording is answered soon with the reason", async () => {
  viewer.isOpen = false;
  queue.add([{ ...question("get_location"), seconds: 30 }]);
  await pass(3_200);
  assert.deepEqual(replies, [["question get_location", { error: "No recording is open." }]]);
});

test("the state of an empty viewer is empty", async () => {
  Object.assign(viewer, { isOpen: false, recordings: [], settings: { viewer: { version: "0.41.0" } } });
  queue.add([question("get_state"), question("get_logs")]);
  await pass(3_100);
  assert.deepEqual(replies, [["question get_state", { viewer_version: "0.41.0", active_recording_id: null, recordings: [] }]]);
  await pass(3_100);
  assert.deepEqual(replies[1], ["question get_logs", { error: "No recording is open." }]);
});

test("a request is answered with the reason before the function times out", async () => {
  viewer.isOpen = false;
  viewer.isLoading = true;
  queue.add([question("get_location"), { ...question("get_logs"), seconds: 5 }]);
  await pass(13_200);
  assert.deepEqual(replies[0], ["question get_location", { error: "No recording is open." }]);
  await pass(200);
  assert.deepEqual(replies[1], ["question get_logs", { error: "No recording is open." }]);
  viewer.isShown = false;
  queue.add([{ ...question("get_logs"), seconds: 3 }]);
  await pass(1_200);
  assert.deepEqual(replies[2], ["question get_logs", { error: "It is in a part of the page that is not shown." }]);
});

test("a request to a viewer that is cleared is answered", async () => {
  viewer.isLoading = true;
  queue.add([question("get_state"), question("get_logs")]);
  await pass(100);
  queue.clear();
  await pass(200);
  assert.deepEqual(replies, ["get_state", "get_logs"].map((name) => [`question ${name}`, { error: "The viewer was cleared." }]));
});

test("what is opened in an empty viewer becomes the value, once", async () => {
  Object.assign(viewer, { recordings: [], isOpen: false });
  const urls = [{ url: "https://host/a.rrd", ticket: null }, { url: "recording://arm", ticket: null }];
  queue.add([command("open", { urls })]);
  await pass(500);
  assert.deepEqual([shown, viewer.done], [[urls[0]], []]);
  viewer.isOpen = true;
  await pass(500);
  assert.deepEqual([shown, viewer.done, failures], [[urls[0]], ["open"], []]);
});

test("a command for a viewer that has failed to open its value says why", async () => {
  Object.assign(viewer, { isOpen: false, failures: ["a.rrd: There is no such recording (404)."] });
  queue.add([command("play")]);
  await pass(31_000);
  assert.deepEqual(failures, ["The viewer could not carry out play(): a.rrd: There is no such recording (404)."]);
});
