/** What the viewer tells, on its way to Python: complete, in order, with exact times, and `time_update` no faster than it is taken. */

/** @typedef {import("./viewer.js").ViewerEvent} ViewerEvent */
/** @typedef {import("./viewer.js").CurrentTime} CurrentTime */
/** @typedef {import("./rerun-viewer.js").RerunViewerElement} RerunViewerElement */

/** Other events of the viewer, of later versions, have no listeners in Python. */
const FORWARDED = ["play", "pause", "timeline_change", "selection_change", "recording_open"];

export class ViewerEvents {
  #viewer;
  #trigger;
  #handlers;
  /** Timelines by recording: a `time_update` does not name its own. @type {Map<string, string>} */
  #timelines = new Map();
  /** The time that Python does not know yet. @type {ViewerEvent | null} */
  #latest = null;
  #sentAt = -Infinity;
  #timer = 0;
  /** How many functions are still at work on the last time that was sent. */
  #atWork = 0;

  /**
   * @param {RerunViewerElement} viewer
   * @param {object} options
   * @param {(event: string, data: unknown) => void} options.trigger
   * @param {number} options.id of the component
   * @param {number} options.handlers how many functions at `time_update` tell when they are through
   */
  constructor(viewer, { trigger, id, handlers }) {
    this.#viewer = viewer;
    this.#trigger = trigger;
    this.#handlers = handlers;
    viewer.addEventListener("viewer-event", (event) => {
      const told = /** @type {CustomEvent<ViewerEvent>} */ (event).detail;
      // The viewer tells in the midst of its work, where it cannot be asked for the exact time.
      queueMicrotask(() => this.#take(told));
    });
    viewer.addEventListener("dispose", () => this.#forget());
    onHandled(this, id);
  }

  /** A function that listens to `time_update` is through. */
  handled() {
    this.#atWork = Math.max(0, this.#atWork - 1);
    this.#sendTime();
  }

  /** @param {ViewerEvent} told */
  #take(told) {
    const recording = `${told.application_id}\n${told.recording_id}`;
    if (told.type === "timeline_change") this.#timelines.set(recording, String(told.timeline));
    if (told.type === "time_update") {
      this.#latest = { ...told, timeline: this.#timelines.get(recording) ?? null };
      this.#sendTime();
    } else if (FORWARDED.includes(told.type)) {
      this.#trigger(told.type, "time" in told ? withExactTime(told, this.#viewer.currentTime) : told);
    }
  }

  #sendTime() {
    if (!this.#latest || this.#atWork > 0 || this.#timer) return;
    const interval = (this.#viewer.settings?.time_update_interval ?? 0) * 1000;
    const wait = this.#sentAt + interval - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.#sendTime();
      }, wait);
      return;
    }
    const event = withExactTime(this.#latest, this.#viewer.currentTime);
    this.#latest = null;
    this.#sentAt = performance.now();
    this.#atWork = this.#handlers;
    this.#trigger("time_update", event);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#latest = null;
    this.#timelines.clear();
  }
}

/**
 * The event with its time as digits, and of what kind it is if the viewer tells.
 * @param {ViewerEvent} event
 * @param {CurrentTime | null} current
 */
function withExactTime(event, current) {
  const time = /** @type {number} */ (event.time);
  const isSame =
    current?.application_id === event.application_id &&
    current?.recording_id === event.recording_id &&
    current?.timeline === event.timeline &&
    // What the viewer tells in its event is the same as a float.
    Math.abs(Number(current?.time) - time) <= Math.max(1, Math.abs(time) * Number.EPSILON);
  return {
    ...event,
    time: String(isSame ? current?.time : BigInt(Math.floor(time))),
    timeline_type: isSame ? current?.timeline_type : null,
  };
}

/**
 * Listens for the end of calls, see listeners.py, for as long as something else needs `events`.
 * @param {ViewerEvents} events
 * @param {number} id of the component
 */
function onHandled(events, id) {
  const weak = new WeakRef(events);
  /** @param {Event} event */
  const hear = (event) => {
    const alive = weak.deref();
    if (!alive) document.removeEventListener("rerun-handled", hear);
    else if (/** @type {CustomEvent} */ (event).detail === id) alive.handled();
  };
  document.addEventListener("rerun-handled", hear);
}
