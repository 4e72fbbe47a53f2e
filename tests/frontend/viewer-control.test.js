import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { beforeEach, test } from "node:test";

import { read, text, textAt } from "../../src/gradio_rerun/frontend/viewer/protobuf.js";
import { pausedPlaceBySetters, placeBySetters } from "../../src/gradio_rerun/frontend/viewer/setters.js";
import { Ended, NotThere } from "../../src/gradio_rerun/frontend/viewer/errors.js";
import { fromBase64, toBase64 } from "../../src/gradio_rerun/frontend/viewer/base64.js";
import { createControl } from "../../src/gradio_rerun/frontend/viewer/viewer-control.js";
import { encode, encodeState } from "./messages.js";

const RUN = { application_id: "my:app", recording_id: "x:y" };
const RUN_ID = "Recording:my\\:app:x:y";

/** @param {string} name @param {object} [given] @param {number[]} [request] bytes @param {number[]} [target] @returns {any} */
function command(name, given = {}, request = [], target = []) {
  return { id: "1", name, arguments: given, request: toBase64(Uint8Array.from(request)), target };
}

// ---- Viewers from rerun-sdk 0.41 on.

/** @type {Uint8Array[]} */
let requests;
/** What the viewer answers, in turn. @type {(() => Uint8Array | Promise<Uint8Array>)[]} */
let answers;
/** @type {Uint8Array} */
let state;
/** @type {AbortController} */
let life;
/** @type {number} */
let woken;
/** @type {import("../../src/gradio_rerun/frontend/viewer/viewer-control.js").Control} */
let control;

beforeEach(() => {
  [requests, answers, state, life, woken] = [[], [], encodeState(""), new AbortController(), 0];
  const handle = {
    viewer_control: async (/** @type {Uint8Array} */ bytes) => {
      requests.push(bytes);
      return (answers.shift() ?? (() => encode([])))();
    },
    viewer_state: () => state,
  };
  control = createControl(handle, () => woken++, life.signal);
});

/** @param {string} reason @param {string} [code] */
const refusing = (reason, code) => () => Promise.reject(Object.assign(new Error(reason), { code }));

test("a request is sent as Python made it, and the viewer is woken for it", async () => {
  assert.deepEqual((await control.carryOut(command("run_command", {}, [0x5a, 3, 10, 1, 97]), [])).closed, []);
  assert.deepEqual(requests.map((each) => [...each]), [[0x5a, 3, 10, 1, 97]]);
  assert.equal(woken, 1);
});

test("requests after one that runs a command wait until it has run: the viewer would carry them out before it", async () => {
  /** @type {((answer: Uint8Array) => void)[]} */
  const ends = [];
  const pending = () => new Promise((resolve) => ends.push(resolve));
  answers = [pending, () => encode([]), pending];
  const times = /** @type {any} */ (null);
  const done = [control.step(times, 1), control.moveTime(RUN_ID, { timeline: "frame", time: 7n }), control.step(times, -1), control.moveTime(RUN_ID, { timeline: "frame", time: 8n })];
  const sent = () => requests.map((each) => [...read(each).keys()]);
  await new Promise(setImmediate);
  assert.deepEqual(sent(), [[11]]);
  ends[0](encode([]));
  await new Promise(setImmediate);
  assert.deepEqual(sent(), [[11], [6], [11]]);
  ends[1](encode([]));
  await Promise.all(done);
  await control.moveTime(RUN_ID, { timeline: "frame", time: 9n });
  assert.deepEqual(sent(), [[11], [6], [11], [6], [6]]);
});

test("the recording is put where the request names it, as the viewer writes it", async () => {
  await control.carryOut(command("play", { recording_id: "x:y" }, [0x32, 2, 0x28, 2], [6, 1]), [RUN]);
  assert.deepEqual([...requests[0]], [0x32, 2, 0x28, 2, ...textAt([6, 1], RUN_ID)]);
});

test("a recording is shown by its URL", async () => {
  await control.carryOut(command("set_recording", {}, [], [20, 1]), [{ application_id: "my app", recording_id: "a&b" }]);
  const location = read(/** @type {Uint8Array} */ (read(requests[0]).get(20)?.[0])).get(1)?.[0];
  assert.equal(text(location), "about:recording?app_id=my%20app&recording_id=a%26b");
});

test("a refusal because of missing data differs from other refusals", async () => {
  for (const [reason, code] of [["x", "NOT_FOUND"], ["there is no timeline \"a\"", "INVALID_ARGUMENT"], ["that recording is not open", "INVALID_ARGUMENT"], ["no active recording", undefined]]) {
    answers = [refusing(/** @type {string} */ (reason), code)];
    await assert.rejects(control.carryOut(command("set_timeline"), []), (error) => error instanceof NotThere && error.message === reason);
  }
  answers = [refusing("it is too big", "INVALID_ARGUMENT")];
  await assert.rejects(control.carryOut(command("set_timeline"), []), (error) => !(error instanceof NotThere) && /** @type {Error} */ (error).message === "it is too big");
});

test("a viewer that ends does not answer, which is not an error of the viewer", async () => {
  answers = [() => new Promise(() => {})];
  const carried = control.carryOut(command("play"), []);
  life.abort();
  await assert.rejects(carried, Ended);
});

test("a viewer that ends while it closes a recording gets no further request", async () => {
  answers = [
    async () => {
      queueMicrotask(() => life.abort());
      return encode([]);
    },
  ];
  await assert.rejects(control.carryOut(command("close", {}, [], [1, 3, 1]), []), Ended);
});

test("nothing is kept for a command that was answered", async () => {
  for (let count = 0; count < 20; count++) await control.carryOut(command("play"), []);
  answers = [refusing("no")];
  await assert.rejects(control.carryOut(command("play"), []));
  assert.equal(getEventListeners(life.signal, "abort").length, 0);
});

test("after its end, a viewer gets no request", async () => {
  life.abort();
  await assert.rejects(control.carryOut(command("play"), []), Ended);
  assert.equal(requests.length, 0);
});

test("a close returns which recordings it has closed", async () => {
  answers = [() => encode([[1, [[1, RUN_ID], [1, "Recording:other:run"]]]])];
  assert.deepEqual((await control.carryOut(command("close", {}, [], [1, 3, 1]), [])).closed, [RUN, { application_id: "other", recording_id: "run" }]);
  assert.equal(requests.length, 1); // no other is open
});

test("recordings and URLs are closed where the request names them", async () => {
  await control.carryOut(command("close", { recording_ids: ["x:y", "z"] }, [10, 0], [1, 3, 1]), [RUN, { application_id: "a", recording_id: "z" }]);
  assert.deepEqual([...requests[0]], [10, 0, ...textAt([1, 3, 1], RUN_ID), ...textAt([1, 3, 1], "Recording:a:z")]);
  await control.carryOut(command("close", { urls: ["https://A.test/b c.rrd"] }, [10, 0], [1, 4, 1]), []);
  assert.deepEqual([...requests[1]], [10, 0, ...textAt([1, 4, 1], "https://a.test/b%20c.rrd")]);
});

test("the commands that the viewer lists are described", async () => {
  const described = encode([[10, [[1, [[1, "a"]]]]]]);
  answers = [() => encode([[9, [[1, [[1, "a"]]], [1, [[1, "b"]]]]]]), () => described];
  const { response } = await control.carryOut(command("list_commands", { ids: null, describe: toBase64(Uint8Array.from([0x52, 0])) }, [0x4a, 0]), []);
  assert.deepEqual([...requests[1]], [0x52, 0, ...textAt([10, 1], "a"), ...textAt([10, 1], "b")]);
  assert.deepEqual(response, described);
  answers = [() => described];
  await control.carryOut(command("list_commands", { ids: ["a"] }, [0x52, 3, 10, 1, 97]), []);
  assert.equal(requests.length, 3);
});

test("after a close another recording is shown, where the viewer would show its welcome page", async () => {
  state = encodeState("", [{ id: RUN_ID, location: "about:recording?first" }, { id: "Recording:other:run", location: "about:recording?second" }]);
  await control.carryOut(command("close", {}, [], [1, 3, 1]), []);
  assert.deepEqual([...requests[1]], textAt([20, 1], "about:recording?first"));
});

test("after a close, a viewer that shows a recording gets no further request", async () => {
  state = encodeState(RUN_ID, [{ id: RUN_ID, location: "about:recording?first" }]);
  await control.carryOut(command("close", {}, [], [1, 3, 1]), []);
  assert.equal(requests.length, 1);
});

test("a picture is taken of the view of that name or id", async () => {
  const png = Uint8Array.from([0x89, 80, 78, 71]);
  for (const view of ["Camera", "id-2"]) {
    state = encodeState(RUN_ID, [], [{ id: "id-1", name: "Plot" }, { id: "id-2", name: "Camera" }]);
    answers = [() => Uint8Array.from([0x2a, 6, 10, 4, ...png])];
    requests = [];
    const blob = await control.screenshotOfView(command("take_screenshot", { view_id: view, max_size: null }, [0x2a, 0], [5, 1]));
    assert.deepEqual([...requests[0]], [0x2a, 0, ...textAt([5, 1], "id-2")]);
    assert.equal(blob.type, "image/png");
    assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), png);
  }
});

test("a missing view may still arrive, and the existing views are named", async () => {
  state = encodeState(RUN_ID, [], [{ id: "1", name: "Plot" }, { id: "2", name: "Camera" }]);
  const taken = () => control.screenshotOfView(command("take_screenshot", { view_id: "Map" }));
  await assert.rejects(taken, (error) => error instanceof NotThere && error.message === 'There is no view "Map"; there are: "Plot", "Camera".');
  state = encodeState("");
  await assert.rejects(taken, /there are: none\.$/);
});

test("a viewer that returns no picture is an error", async () => {
  state = encodeState(RUN_ID, [], [{ id: "1", name: "Plot" }]);
  await assert.rejects(control.screenshotOfView(command("take_screenshot", { view_id: "Plot" })), /^Error: The viewer made no picture of the view\.$/);
});

test("the state goes to Python as the viewer reports it", async () => {
  state = encodeState(RUN_ID);
  assert.deepEqual(await control.state([RUN], "0.41.0"), { protocol: toBase64(state) });
  assert.equal(control.closesOne, true);
});

test("bytes become base64 and bytes again", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
  assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
});

// ---- Viewers before rerun-sdk 0.41.

/** A viewer that does what its setters say when it draws. */
class OldHandle {
  active = "run";
  /** @type {Record<string, string>} */
  timeline = { run: "frame", other: "frame" };
  /** @type {Record<string, string[]>} */
  timelines = { run: ["frame", "stamp"], other: ["frame"] };
  /** @type {unknown[][]} */
  set = [];

  get_active_recording_id() {
    return this.active;
  }

  /** @param {string} id */
  get_active_timeline(id) {
    return this.timeline[id];
  }

  /** @param {string} id @param {string} timeline */
  get_timeline_time_range(id, timeline) {
    return this.timelines[id]?.includes(timeline) ? { min: 0, max: 19 } : undefined;
  }

  get_time_for_timeline() {
    return 3.5;
  }

  get_playing() {
    return false;
  }

  /** @param {unknown[]} given */
  set_time_for_timeline(...given) {
    this.set.push(["time", ...given]);
  }

  /** @param {unknown[]} given */
  set_active_timeline(...given) {
    this.set.push(["timeline", ...given]);
  }

  /** @param {unknown[]} given */
  set_playing(...given) {
    this.set.push(["playing", ...given]);
  }

  /** @param {unknown[]} given */
  set_active_recording_id(...given) {
    this.set.push(["recording", ...given]);
  }
}

function old() {
  const handle = new OldHandle();
  const control = createControl(handle, () => woken++, life.signal);
  return { handle, control };
}

/** The command `set_time`. @param {object} given */
const time = (given) => command("set_time", { timeline: null, time: null, play_state: null, ...given });

test("an old viewer is controlled by its setters, and woken", async () => {
  const { handle, control } = old();
  const rounds = /** @type {[any, any][]} */ ([
    [time({ timeline: "stamp", time: "5", play_state: "playing" }), []],
    [time({ play_state: "playing" }), []],
    [time({ play_state: "paused", recording_id: "other" }), [{ application_id: "app", recording_id: "other" }]],
    [time({ timeline: "frame" }), []],
    [command("set_active_recording", { recording_id: "other" }), [{ application_id: "app", recording_id: "other" }]],
  ]);
  for (const round of rounds) assert.deepEqual(await control.carryOut(...round), { closed: [] });
  assert.deepEqual(handle.set, [
    ["time", "run", "stamp", 5],
    ["playing", "run", true],
    ["playing", "run", true],
    ["playing", "other", false],
    ["timeline", "run", "frame"],
    ["recording", "other"],
  ]);
  assert.equal(woken, rounds.length);
});

test("an old viewer applies setters later, and until then the requested value counts", async (context) => {
  let now = 1_000;
  context.mock.method(performance, "now", () => now);
  const { handle, control } = old();
  await control.carryOut(command("set_active_recording"), [{ application_id: "app", recording_id: "other" }]);
  await control.carryOut(time({ timeline: "frame" }), []);
  await control.carryOut(command("set_active_recording"), [{ application_id: "app", recording_id: "run" }]);
  await control.carryOut(time({ timeline: "stamp" }), []);
  await control.carryOut(time({ timeline: null, time: "5", play_state: "paused" }), []);
  assert.deepEqual(handle.set.slice(1, 5), [["timeline", "other", "frame"], ["recording", "run"], ["timeline", "run", "stamp"], ["time", "run", "stamp", 5]]);
  now += 2_000;
  await control.carryOut(time({ timeline: null, time: "6", play_state: "paused" }), []);
  assert.deepEqual(handle.set.at(-2), ["time", "run", "frame", 6]); // the user may have chosen another since
});

test("in an old viewer, missing data may still arrive", async () => {
  const { handle, control } = old();
  await assert.rejects(control.carryOut(time({ timeline: "late" }), []), NotThere);
  await assert.rejects(control.carryOut(time({ timeline: "late", time: "1", play_state: "paused" }), []), NotThere);
  handle.active = /** @type {any} */ (undefined);
  await assert.rejects(control.carryOut(time({ play_state: "playing" }), []), NotThere);
  assert.deepEqual(handle.set, []);
});

test("a command that an old viewer cannot do is an error with the version that can", async () => {
  const { control } = old();
  const each = [command("close"), command("run_command"), command("get_location"), time({ play_state: "following" })];
  for (const newer of each) {
    await assert.rejects(control.carryOut(newer, []), (error) => !(error instanceof NotThere) && /needs rerun-sdk 0\.41 or newer/.test(String(error)));
  }
  await assert.rejects(control.screenshotOfView(command("take_screenshot", { view_id: "a" })), /needs rerun-sdk 0\.41 or newer/);
  assert.equal(control.closesOne, false);
});

test("the state of an old viewer has what its getters return, after requested changes are drawn", async () => {
  let frames = 0;
  globalThis.requestAnimationFrame = (callback) => {
    frames++;
    queueMicrotask(() => callback(0));
    return 0;
  };
  const { handle, control } = old();
  delete handle.timeline.other;
  assert.deepEqual(await control.state([{ application_id: "app", recording_id: "run" }, { application_id: "app", recording_id: "other" }], "0.24.1"), {
    viewer_version: "0.24.1",
    active_recording_id: "run",
    recordings: [
      { application_id: "app", recording_id: "run", timeline: "frame", time: 3.5, range: { min: 0, max: 19 }, playing: false },
      { application_id: "app", recording_id: "other", timeline: null, time: null, range: null, playing: false },
    ],
  });
  assert.ok(frames >= 3);
  assert.ok(woken >= 3);
});

test("viewers before 0.41 are read and set by their own methods", () => {
  /** @type {any[]} */
  const calls = [];
  let playing = false;
  /** @type {any} */
  const handle = {
    get_active_recording_id: () => "one",
    get_active_timeline: () => "steps",
    get_time_for_timeline: () => 42.5,
    get_playing: () => playing,
    get_timeline_time_range: (/** @type {string} */ _, /** @type {string} */ name) => (name === "steps" ? { min: 0, max: 99 } : undefined),
  };
  for (const name of ["set_active_timeline", "set_time_for_timeline", "set_playing"]) handle[name] = (/** @type {any[]} */ ...given) => calls.push([name, ...given]);
  const place = /** @type {any} */ (pausedPlaceBySetters(handle));
  assert.deepEqual(place, { store: "one", timeline: "steps", time: 42.5, isAtEnd: false });
  assert.ok(placeBySetters(handle, place));
  assert.deepEqual(calls, [
    ["set_active_timeline", "one", "steps"],
    ["set_time_for_timeline", "one", "steps", 42.5],
    ["set_playing", "one", false],
  ]);
  assert.ok(placeBySetters(handle, { ...place, isAtEnd: true })); // there is more: 99
  assert.deepEqual(calls.at(-1), ["set_playing", "one", true]);
  assert.ok(pausedPlaceBySetters({ ...handle, get_time_for_timeline: () => 99 })?.isAtEnd);
  assert.ok(!placeBySetters(handle, { ...place, timeline: "frames" }));
  playing = true;
  assert.equal(pausedPlaceBySetters(handle), null);
  assert.equal(pausedPlaceBySetters({ ...handle, get_active_recording_id: () => undefined }), null);
  playing = false;
  assert.equal(pausedPlaceBySetters({ ...handle, get_active_timeline: () => undefined }), null);
});
