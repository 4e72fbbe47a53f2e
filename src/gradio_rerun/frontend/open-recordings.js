/** The recordings of one running viewer: those it was told to open, and what has become of them. */

import { storeIdOf } from "./store-id.js";
import { StreamReader } from "./stream-reader.js";

/** @typedef {import("./wire.js").Recording} Recording */
/** @typedef {import("./store-id.js").RecordingName} RecordingName */

/** ms after the last byte of a recording in which the viewer may still be working on it. */
const SETTLE_WITHIN = 2_000;

/** ms that the viewer has, after the last byte of a recording, to say that it is open. */
const OPEN_WITHIN = 10_000;

const CUT_OFF = "It is cut off: it ends in the middle of its data, of which the rest is missing. Copy it anew, or log it again.";

export class OpenRecordings {
  /** Those that the viewer was told to open, by URL. @type {Map<string, import("./viewer-fetch.js").Told & {recording: Recording, isCutOff: boolean}>} */
  told = new Map();
  /** Those that it did open, by store id. @type {Map<string, RecordingName>} */
  #names = new Map();
  /** URLs of those of which nothing is known yet. @type {Set<string>} */
  #awaited = new Set();
  /** URLs of those that are still coming. @type {Set<string>} */
  #coming = new Set();
  /** By URL. @type {Map<string, StreamReader>} */
  #streams = new Map();
  /** Messages by URL. @type {Map<string, string>} */
  #failures = new Map();
  /** What the viewer has complained of last. */
  #complaint = "";
  #lastCame = 0;
  /** @type {import("./viewer.js").Viewer | null} */
  #viewer = null;
  #overlay;
  #convert;
  #isSeen;
  #onChange;
  #signal;

  /**
   * @param {object} options
   * @param {import("./overlay.js").Overlay} options.overlay says how downloads go
   * @param {(path: string) => Promise<Recording>} options.convert turns an uploaded file into a recording
   * @param {() => boolean} options.isSeen whether the user can see the viewer: browsers let others sleep
   * @param {(failed: boolean) => void} options.onChange hears of each change of `state`; `failed`: one more could not be opened
   * @param {AbortSignal} options.signal the end of the viewer
   */
  constructor({ overlay, convert, isSeen, onChange, signal }) {
    this.#overlay = overlay;
    this.#convert = convert;
    this.#isSeen = isSeen;
    this.#onChange = onChange;
    this.#signal = signal;
    // Timers go on for a while, and would keep the viewer's memory.
    signal.addEventListener("abort", () => (this.#viewer = null));
  }

  /** Those that are open. @returns {RecordingName[]} */
  get names() {
    return [...this.#names.values()];
  }

  get state() {
    if (this.#awaited.size > 0) return "loading";
    return this.#failures.size > 0 ? "error" : "ready";
  }

  /** What could not be opened, and why: one line for each. */
  get failures() {
    return [...this.#failures.values()];
  }

  /** How many of those that have failed are open as far as they go. */
  get incomplete() {
    return this.#names.size === 0 ? 0 : [...this.#failures.keys()].filter((url) => this.told.get(url)?.isCutOff).length;
  }

  /** Whether data are on their way, or have come just now. */
  get isComing() {
    return this.#coming.size > 0 || this.#awaited.size > 0 || performance.now() - this.#lastCame < SETTLE_WITHIN;
  }

  /** Whether no data would arrive after a close. */
  get isSettled() {
    return !this.isComing && this.#streams.size === 0;
  }

  /** From now on it is this viewer that opens them. @param {import("./viewer.js").Viewer} viewer */
  attach(viewer) {
    this.#viewer = viewer;
  }

  /** Opens those that are not open, and reads on where one has grown. @param {Recording[]} recordings */
  open(recordings) {
    for (const recording of recordings) {
      if (recording.marks) this.#read(recording);
      else if (!this.told.has(recording.url) && !this.#awaited.has(recording.url)) {
        if (recording.upload) this.#openConverted(recording);
        else this.#openFile(recording);
      }
    }
  }

  /** Opens again what has failed. @param {Recording[]} recordings */
  retry(recordings) {
    for (const url of this.#failures.keys()) {
      this.told.delete(url);
      this.#viewer?.forget(url);
    }
    this.#failures.clear();
    this.open(recordings);
    this.#onChange(false);
  }

  /** All of them are closed, or will be. */
  forget() {
    this.told.clear();
    this.#complaint = "";
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
    if (first) this.#settle(first);
    else this.#onChange(false);
  }

  /** The viewer cannot cope with something. @param {string} words */
  onComplaint(words) {
    this.#complaint = inShort(words);
    for (const [url, { recording }] of this.told) {
      if (words.includes(url) && !this.#failures.has(url)) this.#fail(recording, this.#complaint);
    }
  }

  /** The viewer has closed a recording. @param {RecordingName} recording */
  onClose(recording) {
    this.#names.delete(storeIdOf(recording));
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
    const current = () => !this.#signal.aborted && this.told.get(url)?.recording === recording && !this.#failures.has(url);
    this.#complaint = "";
    const told = {
      recording,
      size: recording.size,
      isCutOff: false,
      ticket: recording.ticket,
      download: {
        onProgress: (/** @type {number} */ loaded, /** @type {number | null} */ total) => {
          if (current()) this.#overlay.showDownload(recording, loaded, total);
        },
        onEnd: (/** @type {boolean} */ isCutOff) => {
          if (!current()) return;
          this.#endComing(url);
          told.isCutOff = isCutOff;
          if (this.#awaited.has(url)) this.#expectOpen(recording);
          else if (isCutOff) this.#fail(recording, CUT_OFF);
        },
        // A server that goes away later is the viewer's to tell: what came from it is still there.
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
          this.#viewer?.send(bytes);
          this.#lastCame = performance.now();
          if (this.#failures.delete(url)) this.#onChange(false);
          if (!this.#awaited.has(url)) return;
          // Of more of a recording that is open already, and of a blueprint, the viewer says nothing.
          if (this.#names.size > 0) this.#settle(url);
          else setTimeout(() => this.#settle(url), SETTLE_WITHIN);
        },
        fail: (message) => this.#fail(recording, `The stream cannot be read: ${message}.`),
      });
      this.#streams.set(url, reader);
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

  /** @param {Recording} recording */
  #expectOpen(recording) {
    const { url } = recording;
    // A blueprint says nothing when it is open.
    if (isBlueprint(url)) return this.#settle(url);
    const isAwaited = () => !this.#signal.aborted && this.#awaited.has(url) && this.told.get(url)?.recording === recording;
    setTimeout(() => {
      // It may be more of a recording that is open already, of which the viewer says nothing.
      if (isAwaited() && this.#names.size > 0) this.#settle(url);
    }, SETTLE_WITHIN);
    const giveUp = () => {
      if (!isAwaited()) return;
      if (!this.#isSeen()) return void setTimeout(giveUp, OPEN_WITHIN);
      const reason = this.told.get(url)?.isCutOff ? CUT_OFF : "It ended before the viewer found a recording in it. It may be damaged or empty.";
      this.#fail(recording, `${reason} ${this.#complaint}`.trim());
    };
    setTimeout(giveUp, OPEN_WITHIN);
  }

  /** @param {string} url of which no more news is awaited */
  #settle(url) {
    if (this.#signal.aborted || !this.#awaited.delete(url)) return;
    const told = this.told.get(url);
    if (told?.isCutOff) this.#fail(told.recording, CUT_OFF);
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

/** The viewer names the URL again, and the part of it that speaks. @param {string} words */
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
