/** The recordings of one running viewer. */

import { BoundedSet } from "./bounded-set.js";
import { inShort, subjectOf } from "./complaints.js";
import { messageOf } from "./errors.js";
import { OnScreen } from "./on-screen.js";
import { OpenRecording, SETTLE_WITHIN, isServer } from "./open-recording.js";
import { storeIdOf } from "./store-id.js";
import { StreamReader } from "./stream-reader.js";
import { INVALID, serverOf } from "./urls.js";

/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/**
 * Recordings that the viewer can open. `release`: to be called when none of them is open any more. `lost`: resolves, to the reason, if they can no longer
 * be read. `isTruncated`: they lack the end of the file.
 * @typedef {{recordings: Recording[], isTruncated?: boolean, release?: () => void, lost?: Promise<string>}} Prepared
 */

/**
 * Turns a recording into recordings that the viewer can open: converts an upload, serves a large file. `onProgress`: from 0 to 1.
 * @typedef {(recording: Recording, options: {signal: AbortSignal, onProgress: (part: number) => void}) => Promise<Prepared>} Prepare
 */

export class OpenRecordings {
  /** In the order in which they were opened. @type {Map<string, OpenRecording>} */
  byUrl = new Map();
  /** The URLs of recordings that were open in earlier values, more than the history of the viewer has: it may not open them again by itself. @type {BoundedSet<string>} */
  closed = new BoundedSet(1_000);
  /** Recordings that the viewer has opened, by store id. @type {Map<string, RecordingName>} */
  #names = new Map();
  /** The recording whose bytes the viewer takes right now. @type {OpenRecording | null} */
  #reading = null;
  #arrivedAt = 0;
  /** Whether a recording was closed, in the viewer or by a command, and others may be open. */
  hasClosed = false;
  /** @type {import("./viewer.js").Viewer | null} */
  #viewer = null;
  /** @type {OnScreen | null} */
  #onScreen = null;
  #prepare;
  #onCloseOne;
  /** @type {import("./open-recording.js").Surroundings} */
  #around;

  /**
   * @param {object} options
   * @param {import("./overlay.js").Overlay} options.overlay shows the progress of downloads
   * @param {Prepare} options.prepare
   * @param {() => boolean} options.isSeen whether the user can see the viewer: browsers draw no frames of others
   * @param {(failed: boolean) => void} options.onChange called at each change of `state`; `failed`: another recording could not be opened
   * @param {() => void} options.onCloseOne called when a recording was closed, in the viewer or by a command
   * @param {AbortSignal} options.signal the end of the viewer
   */
  constructor({ overlay, prepare, isSeen, onChange, onCloseOne, signal }) {
    this.#prepare = prepare;
    this.#onCloseOne = onCloseOne;
    this.#around = {
      overlay,
      isSeen,
      hasOpen: () => this.#names.size > 0,
      onBytes: (recording) => this.#take(recording),
      onAnswer: ({ url }) => this.#ofServer(url).forEach((each) => each.onAnswer()),
      onArrival: () => (this.#arrivedAt = performance.now()),
      onChange: (failed) => {
        onChange(failed);
        this.#onScreen?.onChange();
      },
    };
    signal.addEventListener("abort", () => {
      this.#viewer = this.#onScreen = null; // timers run on for a while, and would keep its memory
      this.forget();
    });
  }

  /** The open recordings. @returns {RecordingName[]} */
  get names() {
    return [...this.#names.values()];
  }

  /** The name of an open recording; null if it is not open. @param {string} recordingId */
  nameOf(recordingId) {
    return this.names.find(({ recording_id }) => recording_id === recordingId) ?? null;
  }

  get state() {
    const all = this.#all;
    if (all.some(({ isAwaited }) => isAwaited)) return "loading";
    return all.some(({ state }) => state === "failed") ? "error" : "ready";
  }

  /** The recordings that could not be opened, with the reasons: one line for each. @returns {string[]} */
  get failures() {
    return this.#all.flatMap(({ failure }) => failure ?? []);
  }

  /** How many of the failed recordings are open in part. */
  get incomplete() {
    return this.#all.filter(({ isIncomplete }) => isIncomplete).length;
  }

  /** What the user reads about the recordings that could not be opened; null if there are none. @returns {import("./overlay.js").Failure | null} */
  get failure() {
    const { failures, names, state } = this;
    const { length } = failures;
    if (length === 0) return null;
    const title = length === 1 ? "A recording could not be opened" : "{count} recordings could not be opened";
    const titleOfIncomplete = length === 1 ? "A recording is incomplete" : "{count} recordings are incomplete";
    return {
      title: this.incomplete === length ? titleOfIncomplete : title,
      count: length,
      message: failures.join("\n"),
      action: "Retry",
      covers: names.length === 0 && state !== "loading",
    };
  }

  /** Whether all files have arrived, and are open or have failed. */
  get isLoaded() {
    return !this.#all.some(({ isAwaited, isArriving, url }) => isAwaited || (isArriving && !isServer(url)));
  }

  /** Resolves when one that has opened beside others is on screen; null if it is. */
  get bringing() {
    return this.#onScreen?.bringing ?? null;
  }

  /** Whether data is arriving, or has just arrived, or is still to come on screen. */
  get isArriving() {
    return this.bringing !== null || this.#all.some(({ isAwaited, isArriving }) => isAwaited || isArriving) || performance.now() - this.#arrivedAt < SETTLE_WITHIN;
  }

  /** Whether the catalog of a server may be shown. */
  get hasCatalog() {
    return this.#all.some(({ isCatalog, state }) => isCatalog && state === "open");
  }

  /** Whether no data arrives after a close. The viewer ends downloads that it reads, and viewer-fetch.js empties those whose server answers later. Streams and servers go on. */
  get canClose() {
    return !this.#all.some(({ isStream, url }) => isStream || isServer(url));
  }

  get #all() {
    return [...this.byUrl.values()];
  }

  /** Sets the viewer that opens the recordings. @param {import("./viewer.js").Viewer} viewer */
  attach(viewer) {
    this.#viewer = viewer;
    this.#onScreen = new OnScreen(viewer, this.byUrl);
  }

  /** Opens the recordings that are not open, and reads the new data of those that have grown. @param {Recording[]} recordings */
  open(recordings) {
    this.#onScreen?.expect(recordings.filter(({ url }) => !this.byUrl.has(url)), this.#names.size > 0);
    for (const recording of recordings) {
      const known = this.byUrl.get(recording.url);
      // A stream that ended is a file in a later value, which may have more data than the stream announced.
      if (known && known.isStream !== Boolean(recording.marks)) this.#remove(known);
      if (!this.byUrl.has(recording.url)) this.#add(recording);
      if (recording.marks) this.byUrl.get(recording.url)?.reader?.read(recording.end);
    }
  }

  /** Opens a recording, also one that was closed. @param {Recording} recording */
  openAgain(recording) {
    const known = this.byUrl.get(recording.url);
    if (known?.isStream) return;
    if (this.hasClosed && known && !known.isAwaited) this.#remove(known);
    this.open([recording]);
  }

  /** Opens failed recordings again, except incomplete files: the viewer does not fetch them again. @param {Recording[]} recordings */
  retry(recordings) {
    for (const each of this.#all.filter(({ state }) => state === "failed")) {
      if (each.isStream) each.recover();
      else if (!each.isIncomplete || isServer(each.url)) this.#remove(each);
    }
    this.open(recordings);
    this.#around.onChange(false);
  }

  /** Forgets all recordings: they are closed, or will be. */
  forget() {
    for (const each of this.#all) {
      each.forget();
      this.closed.add(each.url);
    }
    this.byUrl.clear();
    this.#onScreen?.forget();
    this.hasClosed = false;
    this.#reading = null;
    this.#names.clear();
    this.#around.overlay.endDownloads();
  }

  /** The viewer has opened a recording. @param {import("./viewer.js").ViewerEvent} event */
  onOpen({ application_id = "", recording_id = "" }) {
    const name = { application_id, recording_id };
    this.#names.set(storeIdOf(name), name);
    // The viewer does not report which URL it came from; it opens them in turn.
    const first = this.#all.find(({ mayOpenNext }) => mayOpenNext);
    if (first) return first.onOpen();
    this.#all.find(({ mayOpenLate }) => mayOpenLate)?.onOpenLate();
    this.#around.onChange(false);
  }

  /** The viewer writes an error to the console. @param {string} words @param {string} source the part of the viewer that writes it */
  onComplaint(words, source) {
    const subject = subjectOf(words, source, this.#all, this.#reading);
    subject?.onFlaw(inShort(words).replaceAll(subject.url, subject.recording.name)); // URLs contain folders of the server
  }

  /** The viewer has closed a recording. @param {RecordingName} recording */
  onClose(recording) {
    this.#names.delete(storeIdOf(recording));
    this.hasClosed = true;
    this.#onCloseOne();
    this.#around.onChange(false);
  }

  /** The viewer reads bytes of a recording, and reports errors in them within this task. @param {OpenRecording} recording */
  #take(recording) {
    this.#reading = recording;
    setTimeout(() => {
      if (this.#reading === recording) this.#reading = null;
    }, 0);
  }

  /** @param {Recording} recording */
  #add(recording) {
    const added = new OpenRecording(recording, this.#around);
    this.byUrl.set(added.url, added);
    if (recording.marks) added.reader = this.#readerOf(added, recording.marks);
    this.#around.onChange(false);
    if (serverOf(added.url) === null) return added.fail(INVALID);
    if (!added.isPrepared) this.#openPrepared(added);
    else if (!recording.marks) this.#viewer?.open(added.url, this.#names.size > 0 && added.opensBeside);
    // The viewer may need no further call to show it.
    if (added.isCatalog && this.#ofServer(added.url).some(({ isCatalog, state }) => isCatalog && state === "open")) added.onAnswer();
  }

  /** What is opened of a server. @param {string} url of the server, or of one of its datasets, tables or recordings */
  #ofServer(url) {
    return this.#all.filter((each) => isServer(each.url) && serverOf(each.url) === serverOf(url));
  }

  /** @param {OpenRecording} recording */
  #remove(recording) {
    recording.forget();
    this.byUrl.delete(recording.url);
    this.#viewer?.forget(recording.url);
  }

  /** @param {OpenRecording} recording */
  async #openPrepared(recording) {
    const { overlay, onChange } = this.#around;
    const { signal, url } = recording;
    overlay.showPreparation(recording.recording);
    try {
      const onProgress = (/** @type {number} */ part) => void (signal.aborted || overlay.showPreparation(recording.recording, part));
      const prepared = await this.#prepare(recording.recording, { signal, onProgress });
      if (recording.state !== "preparing") return prepared.release?.();
      overlay.endDownload(url);
      recording.forget();
      this.byUrl.delete(url);
      this.#onScreen?.replace(url, prepared.recordings);
      this.open(prepared.recordings);
      this.#watch(prepared);
      onChange(false); // they may be open already
    } catch (error) {
      recording.fail(messageOf(error));
    }
  }

  /** @param {Prepared} prepared whose recordings are being opened */
  #watch({ recordings, isTruncated, release, lost }) {
    const open = recordings.flatMap(({ url }) => this.byUrl.get(url) ?? []);
    let left = open.length;
    for (const { signal } of open) signal.addEventListener("abort", () => void (--left === 0 && release?.()));
    if (isTruncated) open.forEach((each) => each.onTruncated());
    lost?.then((reason) => open.forEach((each) => each.fail(reason)));
  }

  /** @param {OpenRecording} recording that grows @param {number[]} marks */
  #readerOf(recording, marks) {
    return new StreamReader({
      url: recording.url,
      marks,
      signal: recording.signal,
      send: (bytes) => {
        this.#take(recording);
        this.#viewer?.send(bytes);
        recording.onPiece();
      },
      fail: (message) => recording.fail(`The stream cannot be read: ${message}.`),
    });
  }
}
