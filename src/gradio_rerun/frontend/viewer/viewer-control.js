/** Carries out commands in a viewer: by its control protocol from rerun-sdk 0.41 on, by the setters of its handle before. */

import { fromBase64, toBase64 } from "./base64.js";
import { Ended, NotThere } from "./errors.js";
import { message, read, text, textAt } from "./protobuf.js";
import { Setters } from "./setters.js";
import { recordingOf, storeIdOf } from "./store-id.js";
import { timeCursorRequest } from "./time-cursor.js";
import { readState, recordingIn } from "./viewer-state.js";
import { hrefOf } from "../wire.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */
/** The time on the active timeline of a recording. `store`: its id, as the viewer writes it. @typedef {{store: string, timelines: import("./viewer-state.js").Timeline[], timeline: string, time: bigint, isPlaying: boolean}} Times */

/** Numbers of fields: Request { 1 close, 10 describe_commands { 1 ids }, 11 run_command { 1 id }, 20 set_location { 1 location } }. */
const [CLOSE, DESCRIBE_COMMANDS, RUN_COMMAND, SET_LOCATION] = [1, 10, 11, 20];

/** Request { 1 close { 2 all } } */
export const CLOSE_ALL = new Uint8Array([0x0a, 0x02, 0x10, 0x01]);

/**
 * One implementation for each generation of viewers. If a method fails, it throws `NotThere`, or an `Error` with the reason.
 * @typedef {object} Control
 * @property {boolean} closesOne whether it can close one of several recordings
 * @property {(command: Command, recordings: RecordingName[]) => Promise<{closed: RecordingName[], response?: Uint8Array}>} carryOut one of the commands that have a `request`, for these recordings; without any, for the one on screen. Resolves to the recordings that were closed, and what the viewer has answered
 * @property {() => Promise<void>} showOne shows an open recording if none is on screen
 * @property {(command: Command) => Promise<Blob>} screenshotOfView
 * @property {Times | null} times of the recording on screen; null if it has none
 * @property {(store: string, cursor: import("./time-cursor.js").Cursor) => Promise<void>} moveTime moves the time cursor of the recording with this id, as in `times`
 * @property {(times: Times, direction: 1 | -1) => Promise<void>} step moves the time cursor to the next or the previous time with data
 * @property {(recordings: RecordingName[], version: string) => Promise<object>} state as _viewer/state.py takes it
 * @property {(recordings: RecordingName[], version: string) => object} stateNow the same; older viewers may not have carried out the last setters
 */

/** @param {any} handle @param {() => void} wake @param {AbortSignal} signal the life of the viewer @returns {Control} */
export function createControl(handle, wake, signal) {
  return handle.viewer_control ? new Protocol(handle, wake, signal) : new Setters(handle, wake);
}

/** @implements {Control} */
class Protocol {
  closesOne = true;
  #handle;
  #wake;
  #signal;
  /** Ends when the viewer has run its commands; null if it runs none. @type {Promise<void> | null} */
  #running = null;

  /** @param {any} handle @param {() => void} wake @param {AbortSignal} signal */
  constructor(handle, wake, signal) {
    this.#handle = handle;
    this.#wake = wake;
    this.#signal = signal;
  }

  /** @param {Command} command @param {RecordingName[]} recordings */
  async carryOut({ name, arguments: given, request, target }, recordings) {
    const texts = recordings.map((each) => (target[0] === SET_LOCATION ? location(each) : storeIdOf(each)));
    const urls = name === "close" && Array.isArray(given.urls) ? given.urls : []; // or "current", or "all"
    texts.push(...urls.map((/** @type {string} */ url) => hrefOf(url)));
    const more = texts.flatMap((each) => textAt(target, each));
    const response = await this.#send(request, more);
    if (name === "list_commands" && !given.ids) return { closed: [], response: await this.#describe(given.describe, response) };
    if (name !== "close") return { closed: [], response };
    await this.showOne();
    // Response { 1 close { 1 closed } }
    return { closed: (message(read(response).get(CLOSE)?.[0]).get(1) ?? []).map((id) => recordingOf(text(id))), response };
  }

  /** The commands that are listed, with all that the viewer reports of them. @param {string} request base64 @param {Uint8Array} listed */
  #describe(request, listed) {
    // Response { 9 list_commands { 1 commands { 1 id } } }
    const ids = (message(read(listed).get(9)?.[0]).get(1) ?? []).map((each) => text(message(each).get(1)?.[0]));
    return this.#send(request, ids.flatMap((id) => textAt([DESCRIBE_COMMANDS, 1], id)));
  }

  /** Shows another open recording if the recording on screen was closed: the viewer may show its welcome page then. */
  async showOne() {
    if (this.#signal.aborted) throw new Ended();
    const { activeId, recordings } = readState(this.#handle.viewer_state());
    if (activeId || recordings.length === 0) return;
    await this.#send("", textAt([SET_LOCATION, 1], recordings[0].location));
  }

  /** @param {Command} command */
  async screenshotOfView({ arguments: { view_id }, request, target }) {
    const { views } = readState(this.#handle.viewer_state());
    const found = views.find(({ id, name }) => id === view_id || name === view_id);
    if (!found) throw new NotThere(`There is no view ${JSON.stringify(view_id)}; there are: ${list(views.map(({ name }) => name))}.`);
    const response = await this.#send(request, textAt(target, found.id));
    // Response { 5 save_screenshot { 1 png } }
    const png = message(read(response).get(5)?.[0]).get(1)?.[0];
    if (!(png instanceof Uint8Array)) throw new Error("The viewer made no picture of the view.");
    return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (png)], { type: "image/png" });
  }

  get times() {
    const recording = recordingIn(readState(this.#handle.viewer_state()));
    if (!recording?.cursor) return null;
    const { id, cursor, timelines, isPaused } = recording;
    return { store: id, timelines, timeline: cursor.timeline, time: cursor.time ?? 0n, isPlaying: !isPaused };
  }

  /** @param {string} store @param {import("./time-cursor.js").Cursor} cursor */
  async moveTime(store, cursor) {
    await this.#answer(timeCursorRequest(store, cursor));
  }

  /** @param {Times} _ @param {1 | -1} direction */
  async step(_, direction) {
    await this.#answer(Uint8Array.from(textAt([RUN_COMMAND, 1], direction > 0 ? "recording.seek_to_next_event" : "recording.seek_to_previous_event")));
  }

  async state() {
    return this.stateNow();
  }

  stateNow() {
    return { protocol: toBase64(this.#handle.viewer_state()) };
  }

  /** @param {string | null} request base64 @param {number[]} more bytes that are added to it */
  async #send(request, more) {
    const bytes = Uint8Array.from([...fromBase64(/** @type {string} */ (request)), ...more]);
    try {
      return await this.#answer(bytes);
    } catch (error) {
      if (error instanceof Ended) throw error;
      const { message: reason, code } = /** @type {{message: string, code?: string}} */ (error);
      // 0.41 reports a missing timeline or recording as INVALID_ARGUMENT.
      throw code === "NOT_FOUND" || /no timeline|not open|no active recording/.test(reason) ? new NotThere(reason) : new Error(reason);
    }
  }

  /** In a frame, the viewer runs commands after all other requests: later requests wait for that. @param {Uint8Array} bytes */
  #answer(bytes) {
    const answer = this.#running ? this.#running.then(() => this.#ask(bytes)) : this.#ask(bytes);
    if (!read(bytes).has(RUN_COMMAND)) return answer;
    const end = () => void (this.#running === running && (this.#running = null));
    const running = answer.then(end, end);
    this.#running = running;
    return answer;
  }

  /** A viewer that has ended does not answer. @param {Uint8Array} bytes @returns {Promise<Uint8Array>} */
  #ask(bytes) {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const end = () => reject(new Ended());
      if (signal.aborted) return end();
      signal.addEventListener("abort", end);
      this.#handle
        .viewer_control(bytes)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", end));
      this.#wake();
    });
  }
}

/** A command of the frontend itself. @param {string} name @param {number[]} request @param {number[]} target where the recording is put @returns {Command} */
export function asCommand(name, request, target) {
  return /** @type {any} */ ({ name, arguments: {}, request: toBase64(Uint8Array.from(request)), target });
}

/** The URL of an open recording in the viewer. @param {RecordingName} recording */
function location({ application_id, recording_id }) {
  return `about:recording?app_id=${encodeURIComponent(application_id)}&recording_id=${encodeURIComponent(recording_id)}`;
}

/** @param {string[]} names */
function list(names) {
  return names.map((name) => JSON.stringify(name)).join(", ") || "none";
}
