/** Sends the viewer's events to Python: complete, in order, with exact times, and `time_update` no faster than its listeners run. */

import { FRAMES_TO_SEE } from "../viewer/frame-watch.js";
import { isAt } from "../viewer/kept-time.js";
import { storeIdOf } from "../viewer/store-id.js";
import { timesOf } from "./time-controls.js";

/** @typedef {import("../viewer/viewer.js").ViewerEvent} ViewerEvent */
/** @typedef {import("../viewer/viewer.js").CurrentTime} CurrentTime */
/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */

/** Events that functions in Python can listen to. */
const FORWARDED = ["play", "pause", "time_update", "timeline_change", "selection_change", "recording_open"];

export class ViewerEvents {
  #viewer;
  #trigger;
  #listenerCounts;
  /** The timelines of open recordings, by store id: a `time_update` does not name its own. @type {Map<string, string>} */
  #timelines = new Map();
  /** Store ids of the recordings whose timeline was queried: the viewer may still report it. @type {Set<string>} */
  #queried = new Set();
  /** Store ids of recordings that have opened, and were not on screen with a time yet. @type {Set<string>} */
  #opened = new Set();
  /** What was reported last: the store id of a recording, and whether it plays. */
  #plays = { id: "", isPlaying: false };
  /** Events that were not sent yet, by type, oldest first; of `time_update` only the last. @type {Map<string, ViewerEvent[]>} */
  #waiting = new Map();
  /** How many listeners are still running for the last event of a type. @type {Map<string, number>} */
  #atWork = new Map();
  #timeSentAt = -Infinity;
  #timer = 0;

  /**
   * @param {RerunViewerElement} viewer
   * @param {object} options
   * @param {(event: string, data: unknown) => void} options.trigger
   * @param {number} options.id of the component
   * @param {Record<string, number>} options.listenerCounts how many listeners of each event call `handled`
   */
  constructor(viewer, { trigger, id, listenerCounts }) {
    this.#viewer = viewer;
    this.#trigger = trigger;
    this.#listenerCounts = listenerCounts;
    viewer.addEventListener("viewer-event", (event) => {
      const reported = /** @type {CustomEvent<ViewerEvent>} */ (event).detail;
      // The viewer sends its events in the middle of its work, where it cannot report the exact time.
      queueMicrotask(() => this.#take(reported));
    });
    viewer.addEventListener("load", () => this.#expectTime());
    viewer.addEventListener("dispose", () => this.#forget());
    onHandled(this, id);
  }

  /** Adds an event that is not the viewer's own. Drops a repetition of an event that is still being handled. @param {string} type @param {object} data */
  add(type, data) {
    if (/** @type {any} */ (data).repeat && this.#atWork.get(type)) return;
    this.#add({ ...data, type });
  }

  /** A listener of this type of event has finished. @param {string} type */
  handled(type) {
    this.#atWork.set(type, Math.max(0, (this.#atWork.get(type) ?? 0) - 1));
    this.#send(type);
  }

  /** @param {ViewerEvent} reported */
  #take(reported) {
    const { type } = reported;
    if (!FORWARDED.includes(type)) return;
    const { application_id = "", recording_id = "" } = reported;
    const recording = { application_id, recording_id };
    const id = storeIdOf(recording);
    if (type === "recording_open") {
      // The known timeline is that of a closed recording with this id: the viewer does not report when the user closes one.
      this.#timelines.delete(id);
      this.#opened.add(id);
      this.#expectTime();
    } else if (type === "play" || type === "pause") {
      this.#opened.delete(id);
      this.#plays = { id, isPlaying: type === "play" };
    } else if (type === "timeline_change") {
      const timeline = String(reported.timeline);
      if (this.#queried.delete(id) && this.#timelines.get(id) === timeline) return;
      this.#timelines.set(id, timeline);
    } else if (type === "time_update" && !this.#timelines.has(id)) {
      // The viewer does not report the first timeline of a recording that takes the place of another with its id.
      const timeline = this.#viewer.running?.viewer?.activeTimeline(recording) ?? null;
      if (timeline !== null) {
        this.#timelines.set(id, timeline);
        this.#queried.add(id);
        this.#add({ ...reported, type: "timeline_change", timeline });
      }
    }
    this.#add(type === "time_update" ? { ...reported, timeline: this.#timelines.get(id) ?? null } : reported);
    if (type === "timeline_change" || type === "time_update") this.#addPlayState(reported, recording, id);
  }

  /** Adds the first time of the recording on screen if the viewer has not reported it after some frames: of one that opens with all its data, it may not. */
  async #expectTime() {
    await this.#viewer.running?.viewer?.frames(FRAMES_TO_SEE);
    const current = this.#viewer.currentTime;
    if (!current || this.#timelines.has(storeIdOf(current)) || !this.#viewer.takesCommands(current.recording_id, this.#viewer.valueNumber)) return;
    const { application_id, recording_id, timeline } = current;
    const reported = { application_id, recording_id, timeline, time: Number(current.time) };
    this.#take({ ...reported, type: "timeline_change" });
    this.#take({ ...reported, type: "time_update" });
    this.#queried.add(storeIdOf(current));
  }

  /**
   * Adds `play` and `pause` where the viewer does not report them: for a recording that plays when it opens, and for another one that comes on screen.
   * @param {ViewerEvent} reported an event about its time: before the first one, the viewer reports a timeline and a state that are not the recording's
   * @param {import("../viewer/store-id.js").RecordingName} recording
   * @param {string} id
   */
  #addPlayState(reported, recording, id) {
    if (this.#plays.id === id && !this.#opened.has(id)) return;
    const times = timesOf(this.#viewer);
    if (!times || !isAt(times, recording)) return;
    const { isPlaying } = times;
    const isNew = isPlaying ? this.#opened.has(id) || !this.#plays.isPlaying : this.#plays.isPlaying;
    this.#opened.delete(id);
    this.#plays = { id, isPlaying };
    if (isNew) this.#add({ ...reported, type: isPlaying ? "play" : "pause" });
  }

  /** @param {ViewerEvent} event */
  #add(event) {
    const { type } = event;
    if (type === "time_update") this.#waiting.set(type, [event]);
    else {
      const exact = type === "timeline_change" ? withExactTime(event, this.#viewer.currentTime) : event;
      this.#waiting.set(type, [...(this.#waiting.get(type) ?? []), exact]);
    }
    this.#send(type);
  }

  /** Sends the next event of this type when the listeners of the one before have finished. @param {string} type */
  #send(type) {
    if (this.#atWork.get(type)) return;
    if (type === "time_update" && this.#mustPause()) return;
    const event = this.#waiting.get(type)?.shift();
    if (!event) return;
    this.#atWork.set(type, this.#listenerCounts[type] ?? 0);
    this.#trigger(type, type === "time_update" ? withExactTime(event, this.#viewer.currentTime) : event);
  }

  /** Whether the interval between two `time_update` is not over; if so, the next is sent when it is. */
  #mustPause() {
    if (this.#timer) return true;
    if (!this.#waiting.get("time_update")?.length) return false;
    const now = performance.now();
    const wait = this.#timeSentAt + (this.#viewer.settings?.time_update_interval ?? 0) * 1000 - now;
    if (wait <= 0) {
      this.#timeSentAt = now;
      return false;
    }
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#send("time_update");
    }, wait);
    return true;
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const type of this.#waiting.keys()) if (type !== "key_input") this.#waiting.delete(type); // a released key stops a robot
  }
}

/**
 * The event with its time as digits, and with the type of the timeline if the viewer reports it.
 * @param {ViewerEvent} event
 * @param {CurrentTime | null} current
 */
function withExactTime(event, current) {
  const time = /** @type {number} */ (event.time);
  const isSame =
    current?.application_id === event.application_id &&
    current?.recording_id === event.recording_id &&
    current?.timeline === event.timeline &&
    // The viewer's event has the same time as a float.
    Math.abs(Number(current?.time) - time) <= Math.max(1, Math.abs(time) * Number.EPSILON);
  return {
    ...event,
    time: String(isSame ? current?.time : BigInt(Math.floor(time))),
    timeline_type: isSame ? current?.timeline_type : null,
  };
}

/**
 * Listens for the end of calls, see listeners.py, while `events` is referenced elsewhere.
 * @param {ViewerEvents} events
 * @param {number} id of the component
 */
function onHandled(events, id) {
  const weak = new WeakRef(events);
  /** @param {Event} event */
  const onEnd = (event) => {
    const [type, component] = /** @type {CustomEvent<string>} */ (event).detail.split("-");
    const alive = weak.deref();
    if (!alive) document.removeEventListener("rerun-handled", onEnd);
    else if (component === String(id)) alive.handled(type);
  };
  document.addEventListener("rerun-handled", onEnd);
}
