/** The recordings of one running viewer: those that were passed to it, and their state. */

import { storeIdOf } from "./store-id.js";
import { StreamReader } from "./stream-reader.js";

/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/** ms after the last byte of a recording in which the viewer may still be working on it. */
const SETTLE_WITHIN = 2_000;

/** ms that the viewer has, after the last byte of a recording, to report that it is open. */
const OPEN_WITHIN = 10_000;

/** ms that the viewer has after an error in the recording. It may have read a part of the recording. */
const OPEN_WITHIN_AFTER_ERROR = 2_000;

/** Parts of the viewer that only draw: their errors are about no file. */
const DRAWING = /\b(re_renderer|re_view_\w+|re_viewport\w*|re_video|re_ui|wgpu\w*|naga|egui\w*|eframe)::/;

const CUT_OFF = "It is cut off: it ends in the middle of its data, of which the rest is missing. Copy it anew, or log it again.";

/**
 * The state of a recording that was passed to the viewer. `flaw`: why a part of it cannot be read.
 * @typedef {{recording: Recording, flaw: string | null, isOpen: boolean, endedAt: number | null}} Progress
 */

export class OpenRecordings {
  /** Recordings that were passed to the viewer, by URL. @type {Map<string, import("./viewer-fetch.js").Told & Progress>} */
  told = new Map();
  /** Recordings that it has opened, by store id. @type {Map<string, RecordingName>} */
  #names = new Map();
  /** URLs of recordings that are neither open nor failed yet. @type {Set<string>} */
  #awaited = new Set();
  /** URLs of recordings whose data is still arriving. @type {Set<string>} */
  #coming = new Set();
  /** By URL. @type {Map<string, StreamReader>} */
  #streams = new Map();
  /** The recordings that the readers read, by URL. @type {Map<string, Recording>} */
  #streamed = new Map();
  /** URLs of streams with a part that the viewer could not read. @type {Set<string>} */
  #flawedStreams = new Set();
  /** Messages by URL. @type {Map<string, string>} */
  #failures = new Map();
  /** URL of the recording whose bytes the viewer takes right now. @type {string | null} */
  #reading = null;
  #lastCame = 0;
  #hasClosed = false;
  /** @type {import("./viewer.js").Viewer | null} */
  #viewer = null;
  #overlay;
  #convert;
  #isSeen;
  #onChange;
  #onCloseOne;
  #signal;

  /**
   * @param {object} options
   * @param {import("./overlay.js").Overlay} options.overlay shows the progress of downloads
   * @param {(path: string) => Promise<Recording>} options.convert turns an uploaded file into a recording
   * @param {() => boolean} options.isSeen whether the user can see the viewer: browsers draw no frames of others
   * @param {(failed: boolean) => void} options.onChange called at each change of `state`; `failed`: another recording could not be opened
   * @param {() => void} options.onCloseOne called when a recording was closed, in the viewer or by a command
   * @param {AbortSignal} options.signal the end of the viewer
   */
  constructor({ overlay, convert, isSeen, onChange, onCloseOne, signal }) {
    this.#overlay = overlay;
    this.#convert = convert;
    this.#isSeen = isSeen;
    this.#onChange = onChange;
    this.#onCloseOne = onCloseOne;
    this.#signal = signal;
    // Timers run on for a while, and would keep the viewer's memory.
    signal.addEventListener("abort", () => (this.#viewer = null));
  }

  /** The open recordings. @returns {RecordingName[]} */
  get names() {
    return [...this.#names.values()];
  }

  get state() {
    if (this.#awaited.size > 0) return "loading";
    return this.#failures.size > 0 ? "error" : "ready";
  }

  /** The recordings that could not be opened, with the reasons: one line for each. */
  get failures() {
    return [...this.#failures.values()];
  }

  /** How many of the failed recordings are open in part. */
  get incomplete() {
    return [...this.#failures.keys()].filter((url) => this.told.get(url)?.isOpen || this.#streams.has(url)).length;
  }

  /** Whether all files have arrived, and are open or have failed. */
  get isLoaded() {
    return this.#awaited.size === 0 && ![...this.#coming].some(isFile);
  }

  /** Whether data is arriving, or has just arrived. */
  get isComing() {
    return this.#coming.size > 0 || this.#awaited.size > 0 || performance.now() - this.#lastCame < SETTLE_WITHIN;
  }

  /** Whether the catalog of a server may be shown. */
  get hasCatalog() {
    return [...this.told.keys()].some((url) => isCatalog(url) && !this.#awaited.has(url) && !this.#failures.has(url));
  }

  /** Whether no data would arrive after a close: the viewer drops the download of a file, but no live server and no stream. */
  get canClose() {
    return this.#streams.size === 0 && [...this.told.keys()].every(isFile);
  }

  /** Whether a recording was closed, in the viewer or by a command, and others may be open. */
  get hasClosed() {
    return this.#hasClosed;
  }

  /** Sets the viewer that opens the recordings. @param {import("./viewer.js").Viewer} viewer */
  attach(viewer) {
    this.#viewer = viewer;
  }

  /** Opens the recordings that are not open, and reads the new data of those that have grown. @param {Recording[]} recordings */
  open(recordings) {
    for (const recording of recordings) {
      if (recording.marks) this.#read(recording);
      else if (!this.told.has(recording.url) && !this.#awaited.has(recording.url)) {
        if (recording.upload) this.#openConverted(recording);
        else this.#openFile(recording);
      }
    }
  }

  /** Opens a recording, also one that was closed. @param {Recording} recording */
  openAgain(recording) {
    const { url } = recording;
    if (this.#hasClosed && !this.#awaited.has(url) && this.told.delete(url)) this.#viewer?.forget(url);
    this.open([recording]);
  }

  /** Opens failed recordings again. @param {Recording[]} recordings */
  retry(recordings) {
    for (const url of this.#failures.keys()) {
      this.told.delete(url);
      this.#viewer?.forget(url);
    }
    this.#failures.clear();
    this.open(recordings);
    this.#onChange(false);
  }

  /** Forgets all recordings: they are closed, or will be. */
  forget() {
    this.told.clear();
    this.#hasClosed = false;
    this.#reading = null;
    this.#names.clear();
    this.#awaited.clear();
    this.#coming.clear();
    this.#failures.clear();
    this.#overlay.endDownloads();
  }

  /** The viewer has opened a recording. @param {import("./viewer.js").ViewerEvent} event */
  onOpen({ application_id = "", recording_id = "" }) {
    const name = { application_id, recording_id };
    this.#names.set(storeIdOf(name), name);
    // The viewer does not say which URL it came from; it opens them in turn.
    const first = [...this.#awaited].find((url) => (this.told.has(url) && !isBlueprint(url)) || this.#streams.has(url));
    if (first && !isFile(first)) this.#endComing(first);
    if (first) return this.#settle(first);
    // It may be a part of a recording that has failed.
    for (const url of this.#failures.keys()) {
      const told = this.told.get(url);
      if (!told?.flaw || told.isOpen || isBlueprint(url)) continue;
      told.isOpen = true;
      break;
    }
    this.#onChange(false);
  }

  /** The viewer writes an error to the console. @param {string} words @param {string} source the part of the viewer that writes it */
  onComplaint(words, source) {
    const url = this.#subjectOf(words, source);
    const told = url === null ? undefined : this.told.get(url);
    const stream = url !== null && !this.#flawedStreams.has(url) ? this.#streamed.get(url) : undefined;
    if (url && stream) {
      this.#flawedStreams.add(url);
      return this.#fail(stream, inShort(words));
    }
    if (!url || !told || told.flaw || this.#failures.has(url)) return;
    told.flaw = inShort(words);
    if (!this.#awaited.has(url)) return this.#fail(told.recording, told.flaw);
    // The viewer opens what it could read with one of its next frames.
    this.#later(told, OPEN_WITHIN_AFTER_ERROR, () => this.#fail(told.recording, /** @type {string} */ (told.flaw)));
  }

  /** URL of the recording that an error is about; null if it may be about another one. @param {string} words @param {string} source */
  #subjectOf(words, source) {
    const named = [...this.told.keys()].filter((url) => words.includes(url));
    if (named.length > 0) return named.reduce((longest, url) => (url.length > longest.length ? url : longest));
    if (this.#reading) return this.#reading;
    if (DRAWING.test(source)) return null;
    const now = performance.now();
    const candidates = [...this.told].filter(([each, { endedAt, flaw }]) => !flaw && !this.#failures.has(each) && (endedAt === null || now - endedAt < SETTLE_WITHIN));
    return candidates.length === 1 ? candidates[0][0] : null;
  }

  /** The viewer reads bytes of a recording, and reports errors in them within this task. @param {string} url */
  #take(url) {
    this.#reading = url;
    setTimeout(() => {
      if (this.#reading === url) this.#reading = null;
    });
  }

  /** Calls back after some time, if a recording is still awaited and the user can see the viewer then. @param {Progress} told @param {number} ms @param {() => void} callback */
  #later(told, ms, callback) {
    const { url } = told.recording;
    const look = () => {
      if (this.#signal.aborted || !this.#awaited.has(url) || this.told.get(url) !== told) return;
      if (this.#isSeen()) callback();
      else setTimeout(look, ms);
    };
    setTimeout(look, ms);
  }

  /** The viewer has closed a recording. @param {RecordingName} recording */
  onClose(recording) {
    this.#names.delete(storeIdOf(recording));
    this.#hasClosed = true;
    this.#onCloseOne();
    this.#onChange(false);
  }

  /** @param {Recording} recording */
  #await(recording) {
    this.#awaited.add(recording.url);
    this.#onChange(false);
  }

  /** @param {Recording} recording */
  #openFile(recording) {
    const { url } = recording;
    const current = () => !this.#signal.aborted && this.told.get(url) === told && !this.#failures.has(url);
    const told = {
      recording,
      size: recording.size,
      flaw: /** @type {string | null} */ (null),
      isOpen: false,
      endedAt: /** @type {number | null} */ (null),
      ticket: recording.ticket,
      download: {
        onProgress: (/** @type {number} */ loaded, /** @type {number | null} */ total) => {
          if (!current()) return;
          this.#take(url);
          this.#overlay.showDownload(recording, loaded, total);
        },
        onEnd: (/** @type {boolean} */ isCutOff) => {
          if (!current()) return;
          this.#take(url);
          this.#endComing(url);
          told.endedAt = performance.now();
          if (isCutOff) told.flaw ??= CUT_OFF;
          if (this.#awaited.has(url)) this.#expectOpen(told);
          else if (told.flaw) this.#fail(recording, told.flaw);
          else this.#onChange(false);
        },
        // If a server disconnects later, the viewer reports it: the data from the server stays.
        onError: (/** @type {string} */ message) => void (current() && this.#coming.has(url) && this.#fail(recording, message)),
        onAnswer: () => {
          // The catalog of a server is shown, and no recording opens until the user chooses one.
          if (!current() || !isCatalog(url)) return;
          this.#endComing(url);
          this.#settle(url);
        },
        onWait: (/** @type {string | null} */ reason) => {
          if (!current()) return;
          if (reason === null) this.#overlay.endDownload(url);
          else this.#overlay.showWait(recording, reason);
        },
      },
    };
    this.told.set(url, told);
    this.#coming.add(url);
    this.#await(recording);
    this.#viewer?.open(url);
  }

  /** @param {Recording} recording that may have to be converted first */
  async #openConverted(recording) {
    const { url } = recording;
    this.#await(recording);
    const isWanted = () => !this.#signal.aborted && this.#awaited.has(url);
    this.#overlay.showConversion(recording);
    try {
      const made = await this.#convert(/** @type {string} */ (recording.upload));
      if (!isWanted()) return;
      this.#overlay.endDownload(url);
      this.open([made]);
      this.#settle(url); // `made` may be open already
    } catch (error) {
      if (isWanted()) this.#fail(recording, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Recording} recording that grows */
  #read(recording) {
    const { url } = recording;
    let reader = this.#streams.get(url);
    if (!reader) {
      reader = new StreamReader({
        url,
        marks: /** @type {number[]} */ (recording.marks),
        signal: this.#signal,
        send: (bytes) => {
          this.#take(url);
          this.#viewer?.send(bytes);
          this.#lastCame = performance.now();
          if (!this.#flawedStreams.has(url) && this.#failures.delete(url)) this.#onChange(false);
          if (!this.#awaited.has(url)) return;
          // The viewer does not report further data of an open recording, and no blueprint.
          if (this.#names.size > 0) this.#settle(url);
          else setTimeout(() => this.#settle(url), SETTLE_WITHIN);
        },
        fail: (message) => this.#fail(recording, `The stream cannot be read: ${message}.`),
      });
      this.#streams.set(url, reader);
      this.#streamed.set(url, recording);
      this.#await(recording);
    }
    reader.read(recording.end);
  }

  /** @param {string} url */
  #endComing(url) {
    this.#coming.delete(url);
    this.#lastCame = performance.now();
    this.#overlay.endDownload(url);
  }

  /** @param {Progress} told whose last byte has arrived */
  #expectOpen(told) {
    const { recording } = told;
    const { url } = recording;
    // The viewer reports nothing when a blueprint is open.
    if (isBlueprint(url)) return this.#settle(url);
    setTimeout(() => {
      // It may add to a recording that is open already. The viewer does not report that.
      if (!this.#signal.aborted && this.told.get(url) === told && this.#awaited.has(url) && this.#names.size > 0) this.#settle(url);
    }, SETTLE_WITHIN);
    this.#later(told, OPEN_WITHIN, () => {
      this.#fail(recording, told.flaw ?? "It ended before the viewer found a recording in it. It may be damaged or empty.");
    });
  }

  /** @param {string} url of a recording that is no longer awaited */
  #settle(url) {
    if (this.#signal.aborted || !this.#awaited.delete(url)) return;
    const told = this.told.get(url);
    if (told) told.isOpen = !isBlueprint(url);
    if (told?.flaw) this.#fail(told.recording, told.flaw);
    else this.#onChange(false);
  }

  /** @param {Recording} recording @param {string} message */
  #fail(recording, message) {
    const { url } = recording;
    this.#awaited.delete(url);
    this.#failures.set(url, `${recording.name}: ${message}`);
    this.#endComing(url);
    this.#onChange(true);
  }
}

/** @param {string} url of a file, not of a live server */
export function isFile(url) {
  return /^https?:/.test(url);
}

/** The message without the URL and the name of the viewer's part, which the viewer adds. @param {string} words */
function inShort(words) {
  return `The viewer says: ${words.replace(/^ERROR [\w:]+: /, "").split(/,? url: |\n/)[0]}.`;
}

/** @param {string} url of a server or a dataset, not of a live recording or a segment */
function isCatalog(url) {
  return !isFile(url) && !/\/proxy([?#]|$)|[?&](segment|partition)_id=/.test(url);
}

/** @param {string} url */
function isBlueprint(url) {
  return /\.rbl$/i.test(new URL(url).pathname);
}
