/** The link to what the viewers of a page show: a button copies it, and the page that it opens shows the same, once. */

import { delay } from "../viewer/delay.js";
import { isAt } from "../viewer/kept-time.js";
import { layoutOf, setLayout } from "../viewer/layout.js";
import { select, show } from "../viewer/show.js";
import { storeIdOf } from "../viewer/store-id.js";
import { copy } from "./clipboard.js";
import { extendDeepLinks, isDeepLink } from "./deep-link.js";
import { pack, unpack, withoutTime, withTimeOf } from "./layout-text.js";
import { likeness, linkTo, nameInLinks, readMoments, selectedPath, withMoments } from "./moment.js";
import { Notice } from "./notice.js";
import { timesOf } from "./time-controls.js";

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("../viewer/rerun-viewer.js").RerunViewerElement} RerunViewerElement */
/** @typedef {import("../viewer/running-viewer.js").RunningViewer} RunningViewer */
/** @typedef {import("../viewer/store-id.js").RecordingName} RecordingName */

/** ms between two checks of the viewer while a moment is to be shown. */
const POLL = 100;

/** ms after a value is loaded until the app's own commands have moved the time. */
const COMMANDS_WITHIN = 500;

/** ms that the viewer has to answer: browsers let a page copy for a short time after a click. */
const ANSWERS_WITHIN = 1_000;

/** What the browser reports of a user who takes over. */
const INPUTS = ["pointerdown", "wheel", "keydown"];

/**
 * The moment that the page's URL has for a viewer. `isReported`: whether the user was notified that its recording is not here.
 * @typedef {{moment: Moment, isReported: boolean}} Wish
 */

/** What is not shown yet, by the names of viewers in links: Gradio may mount a component again. @type {Map<string, Wish> | null} */
let wishes = null;

/** The viewers on the page, and how each of them shows moments. @type {Set<MomentLink>} */
const links = new Set();

let isExtending = false;

export class MomentLink {
  #viewer;
  #id;
  #elemId;
  #notice;
  #hasButton = false;
  /** The moment that Gradio has kept for the viewer; null if there is none, or if it was shown. @type {Moment | null} */
  #kept = null;
  /** What was selected last, and the recording that it is in. @type {{store: string, path: string | null} | null} */
  #selected = null;
  /** The recording that has got the layout of a link. @type {string | null} */
  #linked = null;
  /** The layout that the app or the viewer has made, and the recording that it is of. @type {{store: string, layout: string | null} | null} */
  #own = null;
  /** The viewer that the user has used, and whose layout may be the user's. @type {RunningViewer | null} */
  #used = null;
  /** The viewer that is being moved. @type {RunningViewer | null} */
  #moving = null;
  /** Grows when the user uses the viewer. */
  #uses = 0;

  /** @param {RerunViewerElement} viewer @param {HTMLElement} host of the notice @param {{id: number, elemId: string}} component */
  constructor(viewer, host, { id, elemId }) {
    this.#viewer = viewer;
    this.#id = id;
    this.#elemId = elemId;
    this.#notice = new Notice(host, viewer);
    viewer.addEventListener("viewer-event", (event) => {
      const { type, application_id, recording_id, items } = /** @type {CustomEvent} */ (event).detail;
      if (type === "selection_change") this.#selected = { store: storeIdOf({ application_id, recording_id }), path: selectedPath(items) };
      if (type !== "recording_open") return;
      this.#selected = null;
      queueMicrotask(() => this.#showMoment()); // the viewer sends its events in the middle of its work, where it cannot report its time
    });
    viewer.addEventListener("load", () => void this.#showMoment().then(() => this.#rememberLayout()));
    for (const type of INPUTS) viewer.addEventListener(type, () => (this.#used = viewer.running), { capture: true, passive: true });
    for (const type of INPUTS) viewer.parentElement?.addEventListener(type, () => this.#uses++, { capture: true, passive: true });
    viewer.addEventListener("dispose", () => links.delete(this));
    links.add(this);
    viewer.addEventListener("loadstart", () => links.add(this)); // the element may be back in the page after it was disposed
    if (!isExtending) extendDeepLinks(withAllMoments);
    isExtending = true;
  }

  /** @param {import("../wire.js").Settings} settings @param {boolean} isEmpty whether the viewer shows nothing */
  configure({ buttons }, isEmpty) {
    this.#hasButton = buttons.includes("link");
    if (isEmpty) this.#notice.hide();
    if (!this.#isOn) return;
    wishes ??= new Map([...readMoments(location.search)].map(([name, moment]) => [name, { moment, isReported: false }]));
    this.#showMoment();
  }

  /** Shows a moment as soon as its recording is open, unless the page's URL has one for the viewer. @param {Moment} moment */
  show(moment) {
    this.#kept = moment;
    this.#showMoment();
  }

  /** Whether the link of this page has the viewer's moment, and moves the viewer. */
  get #isOn() {
    return links.has(this) && (this.#hasButton || isDeepLink());
  }

  /** The viewer's name in links. @param {boolean} [isDeep] whether the link is a deep link, which all viewers follow */
  nameIn(isDeep = isDeepLink()) {
    const unnamed = [...links].filter((each) => (isDeep || each.#isOn) && !each.#elemId && each.#viewer.isConnected);
    return nameInLinks(this.#elemId, unnamed.sort((one, other) => one.#id - other.#id).indexOf(this));
  }

  /** Copies a link to the moments of all viewers on the page; those without a recording keep what the page's URL has for them. */
  async copy() {
    /** @type {Map<string, Moment>} */
    const moments = new Map();
    const all = [...links].filter((each) => each.#isOn).map(async (each) => {
      const moment = each.moment;
      if (moment) moments.set(each.nameIn(), { ...moment, layout: await each.#changedLayout(moment) });
    });
    await Promise.all(all);
    const link = linkTo(location.href, moments);
    if (await copy(link)) this.#notice.confirm("Link copied");
    else this.#notice.offer("Copy this link", link);
  }

  /** What the viewer shows. @returns {Moment | null} */
  get moment() {
    const names = this.#viewer.running?.open?.names ?? [];
    const times = timesOf(this.#viewer);
    const recording = names.find((each) => (times ? isAt(times, each) : names.length === 1));
    if (!recording) return null;
    const isSelected = this.#selected?.store === storeIdOf(recording);
    const place = times && { timeline: times.timeline, time: times.time };
    return { recording, place, selection: isSelected ? (this.#selected?.path ?? null) : null, layout: null };
  }

  /** Remembers the layout before the user changes it. */
  async #rememberLayout() {
    await delay(COMMANDS_WITHIN);
    const recording = this.#isOn ? this.moment?.recording : null;
    if (!recording || this.#own?.store === storeIdOf(recording)) return;
    this.#own = { store: storeIdOf(recording), layout: await this.#layoutOf(recording) };
  }

  /** The layout as text for a link, if the user has changed it. @param {Moment} moment */
  async #changedLayout({ recording }) {
    if (!recording) return null;
    const store = storeIdOf(recording);
    if (this.#used !== this.#viewer.running && this.#linked !== store) return null;
    const layout = await this.#layoutOf(recording);
    const isOwn = this.#own?.store === store && this.#own.layout === layout;
    return layout === null || isOwn ? null : pack(layout);
  }

  /** The layout of a recording, without the state of the time; null if the viewer has none or cannot tell. @param {RecordingName} recording */
  async #layoutOf(recording) {
    try {
      const control = this.#viewer.running?.viewer?.control;
      const json = control ? await Promise.race([layoutOf(control, recording), delay(ANSWERS_WITHIN)]) : null;
      return json ? withoutTime(json) : null;
    } catch {
      return null; // a viewer before 0.41
    }
  }

  /** Shows the moment that the page's URL has for the viewer, if it was not shown yet and the recording is open. */
  async #showMoment() {
    const { running } = this.#viewer;
    if (!running || (this.#wishes.length === 0 && !this.#kept) || this.#moving === running) return;
    this.#moving = running;
    try {
      await this.#move(running);
    } catch {
      // The viewer has ended, which it reports.
    }
    if (this.#moving === running) this.#moving = null;
  }

  /** The moments that the viewer may show, its own first. The names of viewers change when others are added, so a viewer may have the recording of another name. */
  get #wishes() {
    if (!this.#isOn || !wishes) return [];
    const own = this.nameIn();
    const others = this.#elemId ? [] : [...wishes].filter(([name, { moment }]) => name !== own && !name.includes("-") && moment.recording);
    return [[own, wishes.get(own)], ...others].filter(/** @returns {each is [string, Wish]} */ (each) => each[1] !== undefined);
  }

  /** @param {RunningViewer} running */
  async #move(running) {
    const found = await this.#find(running);
    if (this.#viewer.running !== running || !links.has(this)) return;
    if (found) {
      this.#kept = null;
      if (found.name !== null) wishes?.delete(found.name);
      for (const each of links) each.#notice.hide();
      await this.#apply(running, found.recording, found.moment);
      return;
    }
    const own = this.#isOn ? wishes?.get(this.nameIn()) : undefined;
    const { names } = running.open;
    if (!own || own.isReported || names.length === 0) return;
    own.isReported = true;
    const { moment } = own;
    const akin = names.find((each) => likeness(moment, each) === "akin");
    const isMoved = akin ? await this.#apply(running, akin, moment) : false;
    const name = describe(moment);
    if (isMoved) this.#notice.report("This link is for another recording: {name}. This one shows the same time.", { name });
    else this.#notice.report("The recording of this link is not here: {name}.", { name });
  }

  /** A wish whose recording is open, as soon as there is one; null if there is none when all recordings are open. @param {RunningViewer} running */
  async #find(running) {
    while (this.#viewer.running === running) {
      const moments = this.#wishes.map(([name, { moment }]) => ({ name, moment }));
      for (const { name, moment } of this.#kept ? [...moments, { name: null, moment: this.#kept }] : moments) {
        const recording = running.open.names.find((each) => likeness(moment, each) === "same");
        if (recording) return { name, moment, recording };
      }
      if (running.open.state !== "loading") break;
      await delay(POLL);
    }
    return null;
  }

  /**
   * Shows a moment in a recording, unless the user takes over. Resolves to whether the recording has the time.
   * @param {RunningViewer} running @param {RecordingName} recording @param {Moment} moment
   */
  async #apply({ open, viewer }, recording, { place, selection, layout }) {
    const uses = this.#uses;
    const isOver = () => viewer !== this.#viewer.running?.viewer || this.#uses !== uses || !links.has(this);
    if (!viewer) return false;
    await this.#putOnScreen(viewer, recording);
    let isMoved = false;
    while (place && !isOver()) {
      const isLoading = this.#viewer.isLoading;
      if (!isLoading || this.#reaches(place)) isMoved = await restore(viewer, recording, place);
      if (isMoved || !isLoading) break;
      await delay(POLL);
    }
    while (!isOver() && open.state === "loading") await delay(POLL);
    if (layout && !isOver()) await this.#applyLayout(viewer, recording, layout);
    if (!isOver()) await this.#putOnScreen(viewer, recording); // one that has opened meanwhile may be there
    if (selection && !isOver()) await select(viewer.control, recording, selection).catch(() => {}); // the recording has no such entity
    await delay(COMMANDS_WITHIN);
    // A blueprint or a command of the app may have moved the time meanwhile: the user expects the time of the link.
    if (place && isMoved && !isOver()) await restore(viewer, recording, place);
    return isMoved;
  }

  /** @param {import("../viewer/viewer.js").Viewer} viewer @param {RecordingName} recording @param {string} text */
  async #applyLayout({ control }, recording, text) {
    const layout = await unpack(text);
    if (!layout) return;
    try {
      const before = await layoutOf(control, recording);
      this.#own = { store: storeIdOf(recording), layout: before && withoutTime(before) };
      await setLayout(control, recording, withTimeOf(layout, before));
      this.#linked = storeIdOf(recording);
    } catch {
      // The viewer refuses the layout, or is older than 0.41.
    }
  }

  /** @param {import("../viewer/viewer.js").Viewer} viewer @param {RecordingName} recording */
  async #putOnScreen(viewer, recording) {
    const times = timesOf(this.#viewer);
    if (!times || !isAt(times, recording)) await show(viewer.control, recording);
  }

  /** Whether the data that has arrived reaches a time. @param {{timeline: string, time: bigint}} place */
  #reaches({ timeline, time }) {
    return timesOf(this.#viewer)?.timelines.some(({ name, end }) => name === timeline && end >= time) === true;
  }
}

/** The URL with the moments of all viewers, but without layouts, which viewers do not report at once. @param {string} href */
function withAllMoments(href) {
  const moments = [...links].map((each) => /** @type {const} */ ([each.nameIn(true), each.moment]));
  return withMoments(href, new Map(moments.filter(/** @returns {each is [string, Moment]} */ (each) => each[1] !== null)));
}

/** @param {import("../viewer/viewer.js").Viewer} viewer @param {RecordingName} recording @param {{timeline: string, time: bigint}} place */
async function restore(viewer, recording, place) {
  // Viewers before 0.41 name a recording by its own id alone.
  for (const store of [storeIdOf(recording), recording.recording_id]) if (await viewer.restore({ store, ...place })) return true;
  return false;
}

/** @param {Moment} moment */
function describe({ recording }) {
  const { application_id, recording_id } = /** @type {RecordingName} */ (recording);
  return application_id ? `${recording_id} (${application_id})` : recording_id;
}
