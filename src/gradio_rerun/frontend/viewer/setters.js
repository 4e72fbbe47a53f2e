/** Commands for viewers before rerun-sdk 0.41: by the setters of their handle. Remove this file when the rerun-sdk floor passes 0.40. */

import { NotThere } from "./command-errors.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./viewer-control.js").Control} Control */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/** ms for which a viewer of 0.25 to 0.40 may report the value from before a setter: it carries out setters with its next frames. */
const SETTER_DELAY = 2_000;

/** @implements {Control} */
export class Setters {
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
