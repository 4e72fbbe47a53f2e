/** Controls for the time, as HTML below the viewer: for keyboards, screen readers and thumbs, and where the viewer has no room for its own. */

import { button, icon } from "../elements.js";
import { plain, translate } from "../words.js";
import { OWN_TIMELINES } from "../viewer/viewer-state.js";

/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../viewer/viewer-control.js").Times} Times */

/** Pixels. A narrower viewer of a newer rerun-sdk hides a collapsed time panel; the layout of a recording may collapse it at any height. */
const NARROW = 630;

/** ms between two readings of the viewer's time while it plays. */
const EVERY = 100;

export class TimeControls {
  #host;
  #viewer;
  #back = button(icon("Back"), () => this.#step(-1));
  #play = button(icon("Play"), () => this.#toggle());
  #forward = button(icon("Forward"), () => this.#step(1));
  #timelines = document.createElement("select");
  #slider = document.createElement("input");
  #time = document.createElement("span");
  /** @type {Times | null} */
  #times = null;
  /** The names of the timelines on the page. @type {string[]} */
  #names = [];
  #isPlaying = false;
  /** How many moves the viewer has not carried out yet. */
  #moves = 0;
  #timer = 0;
  /** @type {{isOn: boolean | null, isEmpty: boolean}} */
  #wanted = { isOn: false, isEmpty: true };

  /** @param {HTMLElement} host @param {RerunViewerElement} viewer */
  constructor(host, viewer) {
    this.#host = host;
    this.#viewer = viewer;
    host.role = "group";
    host.hidden = true;
    this.#timelines.addEventListener("change", () => this.#move({ timeline: this.#timelines.value }));
    this.#slider.type = "range";
    this.#time.ariaHidden = "true"; // the slider reports it
    this.#slider.addEventListener("input", () => this.#seek());
    for (const type of ["viewer-event", "load", "recording-close"]) viewer.addEventListener(type, () => this.#lookSoon());
    viewer.addEventListener("dispose", () => {
      clearTimeout(this.#timer);
      this.#timer = 0;
    });
    new ResizeObserver(() => this.#look()).observe(viewer);
  }

  /** @param {import("../wire.js").Settings} settings @param {boolean} isEmpty whether the viewer shows nothing */
  configure({ time_controls, panel_states }, isEmpty) {
    const isChosen = panel_states.time === "hidden" || panel_states.time === "expanded";
    this.#wanted = { isOn: time_controls ?? (isChosen ? false : null), isEmpty };
    this.#host.ariaLabel = translate("Time controls"); // the page may have another language now
    const names = /** @type {const} */ ([[this.#back, "Previous time"], [this.#play, this.#action], [this.#forward, "Next time"], [this.#timelines, "Active timeline"], [this.#slider, "Time cursor"]]);
    for (const [each, name] of names) this.#name(each, name);
    this.#look();
  }

  /** Whether the controls may be shown: the app wants them, or the viewer is too narrow for its own. */
  get #fits() {
    const { isOn, isEmpty } = this.#wanted;
    return !isEmpty && (isOn ?? this.#viewer.clientWidth < NARROW);
  }

  #lookSoon() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#look();
    }, EVERY);
  }

  /** Shows the viewer's time, if the controls are wanted. */
  #look() {
    if (this.#viewer.clientWidth === 0) return; // in a tab that is not selected
    const times = this.#fits ? timesOf(this.#viewer) : null;
    // While another recording opens, the controls stay as they are.
    if (!this.#fits) this.#host.hidden = true;
    else if (this.#wanted.isOn || times) this.#host.hidden = !this.#wanted.isOn && !times?.timelines.some(isLong);
    if (this.#host.hidden) return this.#host.replaceChildren();
    if (!this.#back.isConnected) this.#host.replaceChildren(this.#back, this.#play, this.#forward, this.#timelines, this.#slider, this.#time);
    this.#show(times);
  }

  /** @param {Times | null} times */
  #show(times) {
    this.#times = times;
    for (const each of [this.#back, this.#play, this.#forward, this.#timelines, this.#slider]) each.disabled = times === null;
    this.#time.textContent = "";
    if (!times) return;
    const { timelines, timeline, time, isPlaying } = times;
    const names = timelines.map(({ name }) => name);
    if (String(names) !== String(this.#names)) this.#timelines.replaceChildren(...names.map(option));
    this.#names = names;
    this.#timelines.value = timeline;
    const { start, end, type } = active(times) ?? { start: time, end: time, type: null };
    this.#slider.max = String(end - start);
    this.#slider.step = String(stepOf(end - start));
    const isUsers = this.#moves > 0 || this.#slider.matches(":active"); // the viewer does not show it yet
    if (!isUsers) this.#slider.value = String(time - start);
    const text = asText(time, type);
    this.#time.textContent = text;
    this.#slider.setAttribute("aria-valuetext", text);
    if (this.#isPlaying !== isPlaying) this.#play.replaceChildren(icon(isPlaying ? "Pause" : "Play"));
    this.#isPlaying = isPlaying;
    this.#name(this.#play, this.#action);
  }

  get #action() {
    return this.#isPlaying ? "Pause recording" : "Play recording";
  }

  /** @param {HTMLElement} element @param {string} name */
  #name(element, name) {
    element.ariaLabel = element.title = translate(name);
  }

  get #control() {
    return this.#viewer.running?.viewer?.control;
  }

  #toggle() {
    const times = this.#times;
    if (!times) return;
    const { start, end } = active(times) ?? {};
    const isAtEnd = !times.isPlaying && end !== undefined && times.time >= end;
    this.#move({ isPlaying: !times.isPlaying, ...(isAtEnd ? { time: start } : {}) });
  }

  /** @param {1 | -1} direction */
  #step(direction) {
    if (this.#times) this.#control?.step(this.#times, direction).then(() => this.#lookSoon(), () => {}); // a viewer that has ended
  }

  #seek() {
    const timeline = this.#times && active(this.#times);
    if (!timeline) return;
    const { start, end } = timeline;
    const time = start + BigInt(Math.round(Number(this.#slider.value)));
    // The last step of a browser's slider may be before its end.
    this.#move({ time: end - time < stepOf(end - start) ? end : time, isPlaying: false });
  }

  /** @param {import("../viewer/time-cursor.js").Cursor} cursor */
  #move(cursor) {
    const { store, timeline } = /** @type {Times} */ (this.#times);
    this.#moves++;
    const end = () => {
      this.#moves--;
      this.#lookSoon();
    };
    (this.#control?.moveTime(store, { timeline, ...cursor }) ?? Promise.resolve()).then(end, end);
  }
}

/** The time of the recording on screen; null if there is none, or if users do not see it. @param {RerunViewerElement} viewer @returns {Times | null} */
export function timesOf(viewer) {
  try {
    return viewer.running?.isAhead ? null : (viewer.running?.viewer?.control.times ?? null);
  } catch {
    return null; // it has panicked, which the viewer reports
  }
}

/** The active timeline. @param {Times} times */
function active({ timelines, timeline }) {
  return timelines.find(({ name }) => name === timeline);
}

/** Whether a user has something to seek: the SDK adds timelines of its own to each recording. @param {import("../viewer/viewer-state.js").Timeline} timeline */
function isLong({ name, start, end }) {
  return start !== end && !OWN_TIMELINES.includes(name);
}

/** The step of the slider, in times: some thousand steps at most, since each is a key press. @param {bigint} span */
function stepOf(span) {
  return span > 10_000n ? span / 1_000n : 1n;
}

/** @param {bigint} time @param {import("../viewer/viewer-state.js").TimelineType | null} type */
export function asText(time, type) {
  if (type === "duration") return `${(Number(time) / 1e9).toFixed(2)} s`;
  if (type !== "timestamp") return String(time);
  const date = new Date(Number(time / 1_000_000n));
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().slice(0, 23).replace("T", " ");
}

/** @param {string} name */
function option(name) {
  const made = document.createElement("option");
  made.value = name;
  made.textContent = plain(name);
  return made;
}
