/** Carries out commands in a viewer: by its control protocol from rerun-sdk 0.41 on, by the setters of its handle before. */

import { message, read, text, textAt } from "./protobuf.js";
import { recordingOf, storeIdOf } from "./store-id.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/** What a command refers to does not exist, and may still arrive. */
export class NotThere extends Error {}

/** The viewer has ended before it answered. */
export class Ended extends Error {}

/** ms for which a viewer of 0.25 to 0.40 may report the value from before a setter: it carries out setters with its next frames. */
const SETTER_DELAY = 2_000;

/**
 * One way for each generation of viewers. A method throws `NotThere`, or an `Error` with the reason, when it cannot do it.
 * @typedef {object} Control
 * @property {boolean} closesOne whether it can close one of several recordings
 * @property {(command: Command, recording: RecordingName | null) => Promise<RecordingName[]>} carryOut one of the commands that have a `request`; resolves to the recordings that were closed
 * @property {() => Promise<void>} showOne shows an open recording if none is on screen
 * @property {(command: Command) => Promise<Blob>} screenshotOfView
 * @property {(recordings: RecordingName[], version: string) => Promise<object>} state as _viewer/state.py takes it
 */

/**
 * @param {any} handle
 * @param {() => void} wake
 * @param {AbortSignal} signal the life of the viewer
 * @returns {Control}
 */
export function createControl(handle, wake, signal) {
  // Remove Setters when the rerun-sdk floor passes 0.40.
  return handle.viewer_control ? new Protocol(handle, wake, signal) : new Setters(handle, wake);
}

/** @implements {Control} */
class Protocol {
  closesOne = true;
  #handle;
  #wake;
  #signal;

  /** @param {any} handle @param {() => void} wake @param {AbortSignal} signal */
  constructor(handle, wake, signal) {
    this.#handle = handle;
    this.#wake = wake;
    this.#signal = signal;
  }

  /** @param {Command} command @param {RecordingName | null} recording */
  async carryOut({ name, request, target }, recording) {
    const where = recording && (name === "set_recording" ? location(recording) : storeIdOf(recording));
    const response = await this.#send(request, where === null ? [] : textAt(target, where));
    if (name !== "close") return [];
    await this.showOne();
    // Response { 1 close { 1 closed } }
    return (message(response.get(1)?.[0]).get(1) ?? []).map((id) => recordingOf(text(id)));
  }

  /** Shows another open recording if the recording on screen was closed: the viewer may show its welcome page then. */
  async showOne() {
    if (this.#signal.aborted) throw new Ended();
    // State { 2 active_store_id, 3 recordings { 4 location } }
    const state = read(this.#handle.viewer_state());
    const left = state.get(3)?.map(message) ?? [];
    if (text(state.get(2)?.[0]) || left.length === 0) return;
    // Request { 20 set_location { 1 location } }
    await this.#send("", textAt([20, 1], text(left[0].get(4)?.[0])));
  }

  /** @param {Command} command */
  async screenshotOfView({ arguments: { view }, request, target }) {
    // State { 5 views { 1 view_id, 3 name } }
    const views = (read(this.#handle.viewer_state()).get(5) ?? []).map((each) => {
      const fields = message(each);
      return { id: text(fields.get(1)?.[0]), name: text(fields.get(3)?.[0]) };
    });
    const found = views.find(({ id, name }) => id === view || name === view);
    if (!found) throw new NotThere(`There is no view ${JSON.stringify(view)}; there are: ${list(views.map(({ name }) => name))}.`);
    const response = await this.#send(request, textAt(target, found.id));
    // Response { 5 save_screenshot { 1 png } }
    const png = message(response.get(5)?.[0]).get(1)?.[0];
    if (!(png instanceof Uint8Array)) throw new Error("The viewer made no picture of the view.");
    return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (png)], { type: "image/png" });
  }

  async state() {
    return { protocol: toBase64(this.#handle.viewer_state()) };
  }

  /** @param {string | null} request base64 @param {number[]} more what is added to it */
  async #send(request, more) {
    const bytes = Uint8Array.from([...fromBase64(/** @type {string} */ (request)), ...more]);
    try {
      return read(await this.#answer(bytes));
    } catch (error) {
      if (error instanceof Ended) throw error;
      const { message: reason, code } = /** @type {{message: string, code?: string}} */ (error);
      // A timeline or recording that is not there is an INVALID_ARGUMENT in 0.41.
      throw code === "NOT_FOUND" || /no timeline|not open|no active recording/.test(reason) ? new NotThere(reason) : new Error(reason);
    }
  }

  /** A viewer that has ended does not answer. @param {Uint8Array} bytes @returns {Promise<Uint8Array>} */
  #answer(bytes) {
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

/** @implements {Control} */
class Setters {
  closesOne = false;
  #handle;
  #wake;
  /** What was requested in the last moments. @type {Map<string, {value: string, at: number}>} */
  #requested = new Map();

  /** @param {any} handle @param {() => void} wake */
  constructor(handle, wake) {
    this.#handle = handle;
    this.#wake = wake;
  }

  /** @param {Command} command @param {RecordingName | null} named @returns {Promise<RecordingName[]>} */
  async carryOut({ name, arguments: given }, named) {
    const handle = this.#handle;
    const recording = named?.recording_id ?? this.#recent("recording", handle.get_active_recording_id());
    if (!recording) throw new NotThere("No recording is open.");
    switch (name) {
      case "set_time": {
        const timeline = given.timeline ?? this.#recent(`timeline of ${recording}`, handle.get_active_timeline(recording));
        this.#checkTimeline(recording, timeline);
        handle.set_time_for_timeline(recording, timeline, Number(given.time));
        this.#remember(`timeline of ${recording}`, timeline);
        handle.set_playing(recording, given.play);
        break;
      }
      case "set_timeline":
        this.#checkTimeline(recording, given.timeline);
        handle.set_active_timeline(recording, given.timeline);
        this.#remember(`timeline of ${recording}`, given.timeline);
        break;
      case "play":
      case "pause":
        handle.set_playing(recording, name === "play");
        break;
      case "set_recording":
        handle.set_active_recording_id(recording);
        this.#remember("recording", recording);
        break;
      case "close":
        throw new Error("Closing one of several recordings needs rerun-sdk 0.41 or newer. Return the others as the value.");
      default:
        throw new Error("It needs rerun-sdk 0.41 or newer.");
    }
    this.#wake();
    return [];
  }

  async showOne() {
    // These viewers show another recording by themselves.
  }

  /** @returns {Promise<Blob>} */
  async screenshotOfView() {
    throw new Error("A picture of one view needs rerun-sdk 0.41 or newer; one of the whole viewer does not.");
  }

  /** @param {RecordingName[]} recordings @param {string} version */
  async state(recordings, version) {
    const handle = this.#handle;
    await this.#drawn();
    return {
      viewer_version: version,
      active_recording_id: handle.get_active_recording_id() ?? null,
      recordings: recordings.map((each) => {
        const id = each.recording_id;
        const timeline = handle.get_active_timeline(id) ?? null;
        return {
          ...each,
          timeline,
          time: timeline === null ? null : handle.get_time_for_timeline(id, timeline) ?? null,
          range: timeline === null ? null : handle.get_timeline_time_range(id, timeline) ?? null,
          playing: handle.get_playing(id) ?? null,
        };
      }),
    };
  }

  /** @param {string} recording @param {string | undefined} timeline */
  #checkTimeline(recording, timeline) {
    // Some versions take any name, and show nothing.
    if (!timeline || !this.#handle.get_timeline_time_range(recording, timeline)) {
      throw new NotThere(`The recording ${recording} has no timeline ${JSON.stringify(timeline ?? "")}.`);
    }
  }

  /** @param {string} what @param {string} value */
  #remember(what, value) {
    this.#requested.set(what, { value, at: performance.now() });
  }

  /** @param {string} what @param {string | undefined} reported by the viewer */
  #recent(what, reported) {
    const requested = this.#requested.get(what);
    return requested && performance.now() - requested.at < SETTER_DELAY ? requested.value : reported;
  }

  async #drawn() {
    for (let frame = 0; frame < 3; frame++) {
      this.#wake();
      await new Promise(requestAnimationFrame);
    }
  }
}

/** The URL by which the viewer shows a recording that is open. @param {RecordingName} recording */
function location({ application_id, recording_id }) {
  return `about:recording?app_id=${encodeURIComponent(application_id)}&recording_id=${encodeURIComponent(recording_id)}`;
}

/** @param {string[]} names */
function list(names) {
  return names.map((name) => JSON.stringify(name)).join(", ") || "none";
}

/** @param {string} base64 */
export function fromBase64(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
