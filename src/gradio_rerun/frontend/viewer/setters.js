/** Viewers before rerun-sdk 0.41: what they report, and commands, by the methods of their handle. Remove this file when the rerun-sdk floor passes 0.40. */

import { NotThere } from "./errors.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./viewer-control.js").Control} Control */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */
/** @typedef {import("./kept-time.js").Place} Place */

/** ms for which a viewer of 0.25 to 0.40 may report the value from before a setter: it carries out setters with its next frames. */
const SETTER_DELAY = 2_000;

/** How often the only recording is brought back before it counts as closed: the viewer carries that out with its next frame. */
const CHECKS = 3;

/** @implements {Control} */
export class Setters {
  closesOne = false;
  #handle;
  #wake;
  /** The last value that was requested of each setting. @type {Map<string, {value: string, at: number}>} */
  #requested = new Map();

  /** @param {any} handle @param {() => void} wake */
  constructor(handle, wake) {
    this.#handle = handle;
    this.#wake = wake;
  }

  /** @param {Command} command @param {RecordingName[]} named @returns {Promise<{closed: RecordingName[]}>} */
  async carryOut({ name, arguments: given }, [named]) {
    const handle = this.#handle;
    const recording = named?.recording_id ?? this.#recent("recording", activeRecording(handle));
    if (!recording) throw new NotThere("No recording is open.");
    switch (name) {
      case "set_time":
        this.#setTime(recording, given);
        break;
      case "set_active_recording":
        handle.set_active_recording_id(recording);
        this.#remember("recording", recording);
        break;
      case "close":
        throw new Error("Closing one of several recordings needs rerun-sdk 0.41 or newer. Return the others as the value.");
      default:
        throw new Error("It needs rerun-sdk 0.41 or newer.");
    }
    this.#wake();
    return { closed: [] };
  }

  /** @param {string} recording @param {Record<string, any>} given the arguments of `set_time` */
  #setTime(recording, { timeline: named, time, play_state }) {
    if (play_state === "following") throw new Error("Following the latest data needs rerun-sdk 0.41 or newer.");
    const handle = this.#handle;
    if (named !== null || time !== null) {
      const timeline = named ?? this.#recent(`timeline of ${recording}`, activeTimeline(handle, recording));
      this.#checkTimeline(recording, timeline);
      if (time === null) handle.set_active_timeline(recording, timeline);
      else handle.set_time_for_timeline(recording, timeline, Number(time));
      this.#remember(`timeline of ${recording}`, timeline);
    }
    if (play_state !== null) handle.set_playing(recording, play_state === "playing");
  }

  async showOne() {
    // These viewers show another recording by themselves.
  }

  /** @returns {Promise<Blob>} */
  async screenshotOfView() {
    throw new Error("A picture of one view needs rerun-sdk 0.41 or newer; one of the whole viewer does not.");
  }

  get times() {
    const handle = this.#handle;
    const store = activeRecording(handle);
    const timeline = store && activeTimeline(handle, store);
    const range = timeline && handle.get_timeline_time_range(store, timeline);
    if (!range) return null;
    const [start, end, time] = [range.min, range.max, handle.get_time_for_timeline(store, timeline) ?? range.min].map((each) => BigInt(Math.floor(each)));
    return { store, timelines: [{ name: timeline, type: null, start, end }], timeline, time, isPlaying: handle.get_playing(store) === true };
  }

  /** @param {string} store @param {import("./time-cursor.js").Cursor} cursor */
  async moveTime(store, cursor) {
    moveTime(this.#handle, store, cursor);
    this.#wake();
  }

  /** These viewers have no such command. @param {import("./viewer-control.js").Times} times @param {1 | -1} direction */
  async step({ store, timelines: [{ start, end }], time }, direction) {
    // Of a sequence the next number, of a time a hundredth of the recording: these viewers do not report which one the timeline is.
    const step = end - start > 1_000_000n ? (end - start) / 100n : 1n;
    await this.moveTime(store, { time: time + BigInt(direction) * step, isPlaying: false });
  }

  /** @param {RecordingName[]} recordings @param {string} version */
  async state(recordings, version) {
    await this.#drawn();
    return this.stateNow(recordings, version);
  }

  /** @param {RecordingName[]} recordings @param {string} version */
  stateNow(recordings, version) {
    const handle = this.#handle;
    return {
      viewer_version: version,
      active_recording_id: activeRecording(handle),
      recordings: recordings.map((each) => {
        const id = each.recording_id;
        const timeline = activeTimeline(handle, id);
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

  /** @param {string} recording @param {string | null} timeline */
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

  /** @param {string} what @param {string | null} reported by the viewer */
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

/** Whether the user has closed the only recording. A URL that cannot be opened covers it: it is brought back then, and was closed if it does not come. */
export class OnlyRecording {
  #handle;
  /** How often it was not on screen. */
  #missing = 0;

  /** @param {any} handle */
  constructor(handle) {
    this.#handle = handle;
  }

  /** The recordings among `names` that the user has closed: the only one, or none. @param {RecordingName[]} names */
  closedOf(names) {
    if (names.length !== 1 || activeRecording(this.#handle)) this.#missing = 0;
    else if (this.#missing++ < CHECKS) this.#handle.set_active_recording_id(names[0].recording_id);
    else return names;
    return [];
  }
}

/** The id of the recording on screen; null if there is none. @param {any} handle @returns {string | null} */
export function activeRecording(handle) {
  return handle.get_active_recording_id() ?? null;
}

/** The active timeline of a recording; null if there is none, or if the viewer is newer. @param {any} handle @param {string} recording @returns {string | null} */
export function activeTimeline(handle, recording) {
  return handle.get_active_timeline?.(recording) ?? null;
}

/** Where the recording on screen is paused; null if there is none or if it plays. @param {any} handle @returns {Place | null} */
export function pausedPlaceBySetters(handle) {
  const store = activeRecording(handle);
  const timeline = store && activeTimeline(handle, store);
  const time = timeline && handle.get_time_for_timeline(store, timeline);
  if (!store || !timeline || time === undefined || time === null || handle.get_playing(store) !== false) return null;
  const { min, max } = handle.get_timeline_time_range(store, timeline) ?? {};
  if (min !== undefined && min === max) return null; // it pauses there by itself
  return { store, timeline, time, isAtEnd: time >= max };
}

/**
 * Restores the paused place of a recording. One that stood at its end plays on if there is more.
 * @param {any} handle
 * @param {Place} place
 * @returns {boolean} whether the recording is open and has the timeline
 */
export function placeBySetters(handle, { store, timeline, time, isAtEnd }) {
  const range = handle.get_timeline_time_range(store, timeline);
  if (!range) return false;
  moveTime(handle, store, { timeline, time, isPlaying: isAtEnd === true && time < range.max });
  return true;
}

/** @param {any} handle @param {string} store @param {import("./time-cursor.js").Cursor} cursor */
function moveTime(handle, store, { timeline = activeTimeline(handle, store) ?? "", time, isPlaying }) {
  handle.set_active_timeline(store, timeline);
  if (time !== undefined) handle.set_time_for_timeline(store, timeline, Number(time));
  if (isPlaying !== undefined) handle.set_playing(store, isPlaying);
}
