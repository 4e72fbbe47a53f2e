/** One recording that a running viewer opens: its state, and what changes the state. */

/** @typedef {import("../wire.js").Recording} Recording */

/** ms after the last byte of a recording in which the viewer may still be working on it. */
export const SETTLE_WITHIN = 2_000;

/** ms that the viewer has, after the last byte of a recording, to report that it is open. */
const OPEN_WITHIN = 10_000;

/** ms that the viewer has after an error in the recording. It may have read a part of the recording. */
const OPEN_WITHIN_AFTER_ERROR = 2_000;

/** ms after which the page shows that a file waits for its server. */
const WAIT_SHOWN_AFTER = 1_000;

const TRUNCATED = "It is truncated: it ends in the middle of its data, and the rest is missing. Copy it again, or log it again.";

const NOTHING_FOUND = "It ended before the viewer found a recording in it. It may be damaged or empty.";

/**
 * `preparing`: the app converts an upload, or starts to serve a large file. `opening`: the viewer has not opened it yet. `open`. `failed`: `failure` is the reason, and a part
 * may be open. `forgotten`: it was closed, or is opened again as another object; late events of it change nothing.
 * @typedef {"preparing" | "opening" | "open" | "failed" | "forgotten"} State
 */

/** The states that may follow a state. Streams recover from failures. @type {Record<State, State[]>} */
const NEXT = {
  preparing: ["failed", "forgotten"],
  opening: ["open", "failed", "forgotten"],
  open: ["failed", "forgotten"],
  failed: ["failed", "open", "forgotten"],
  forgotten: [],
};

/**
 * The viewer and the element around a recording.
 * @typedef {object} Surroundings
 * @property {import("./overlay.js").Overlay} overlay shows the progress of downloads
 * @property {() => boolean} isSeen whether the user can see the viewer: browsers draw no frames of others
 * @property {() => boolean} hasOpen whether the viewer has any recording open
 * @property {(recording: OpenRecording) => void} onBytes the viewer takes bytes of a recording
 * @property {(recording: OpenRecording) => void} onAnswer its server has answered a call
 * @property {() => void} onArrival data has arrived
 * @property {(failed: boolean) => void} onChange `failed`: this recording could not be opened
 */

export class OpenRecording {
  /** @type {State} */
  #state;
  /** @type {string | null} */
  #failure = null;
  /** Why a part of it cannot be read. @type {string | null} */
  #flaw = null;
  /** Whether a part of it was open. */
  #hasOpened;
  #isArriving;
  /** Whether the viewer has got any of its bytes. */
  #hasBytes = false;
  /** @type {number | null} */
  #endedAt = null;
  #around;
  #life = new AbortController();
  /** Aborted when it is forgotten. */
  signal = this.#life.signal;
  /** Reads it, if it grows. @type {import("./stream-reader.js").StreamReader | null} */
  reader = null;

  /** @param {Recording} recording @param {Surroundings} surroundings */
  constructor(recording, surroundings) {
    this.recording = recording;
    this.#around = surroundings;
    this.#state = this.isPrepared ? "opening" : "preparing";
    this.#isArriving = this.isPrepared && !this.isStream;
    this.#hasOpened = this.isStream;
    this.size = recording.size;
    this.ticket = recording.ticket;
    /** @type {import("./viewer-fetch.js").Download} */
    this.download = {
      onProgress: (loaded, total) => this.#onProgress(loaded, total),
      onEnd: (isTruncated) => this.#onEnd(isTruncated),
      // If a server disconnects later, the viewer reports it: the data from the server stays.
      onError: (message) => void (this.#isArriving && this.fail(message, this.#hasBytes)),
      onAnswer: () => this.#around.onAnswer(this),
      onWait: (reason) => this.#onWait(reason),
    };
    if (!this.isStream && !isServer(this.url)) setTimeout(() => this.#showWait(), WAIT_SHOWN_AFTER);
  }

  #showWait() {
    if (this.#state === "opening" && this.#isArriving && !this.#hasBytes) this.#around.overlay.showDownload(this.recording, 0, null);
  }

  get state() {
    return this.#state;
  }

  /** The name of the recording, and why it has failed; null if it has not. */
  get failure() {
    return this.#failure && `${this.recording.name}: ${this.#failure}`;
  }

  get url() {
    return this.recording.url;
  }

  /** Whether the viewer can open it as it is. */
  get isPrepared() {
    return this.recording.upload === undefined && this.recording.large === undefined;
  }

  get isStream() {
    return this.recording.marks !== undefined;
  }

  get isBlueprint() {
    return isBlueprint(this.url);
  }

  /** Whether the viewer can open it and leave what is on screen there. Of other URLs, it would guess the kind of file. */
  get opensBeside() {
    return /\.(rrd|rbl)$/i.test(new URL(this.url).pathname);
  }

  /** Whether it is a server or a dataset, not a live recording or a segment. */
  get isCatalog() {
    return isServer(this.url) && !/\/proxy([?#]|$)|[?&](segment|partition)_id=/.test(this.url);
  }

  /** Whether it is neither open yet nor failed. */
  get isAwaited() {
    return this.#state === "preparing" || this.#state === "opening";
  }

  /** Whether its download goes on. */
  get isArriving() {
    return this.#isArriving;
  }

  /** Whether it has failed, and a part of it is open. */
  get isIncomplete() {
    return this.#state === "failed" && this.#hasOpened;
  }

  /** Whether the next recording that the viewer reports may be this one: the viewer reports no blueprints. */
  get mayOpenNext() {
    return this.#state === "opening" && !this.isBlueprint;
  }

  /** Whether it has failed because of a part that is missing or cannot be read, and another part may open late. */
  get mayOpenLate() {
    return this.#state === "failed" && (this.#flaw !== null || this.#hasBytes) && !this.#hasOpened && !this.isBlueprint;
  }

  /** Whether an error of the viewer that names no recording may be about this one: the viewer still reads it. */
  get isBeingRead() {
    return this.#isLive && !this.isStream && !this.#flaw && (this.#endedAt === null || performance.now() - this.#endedAt < SETTLE_WITHIN);
  }

  /** The viewer has opened it, or it is sure that it has. */
  onOpen() {
    if (isServer(this.url)) this.#endArrival(); // its data does not end
    this.#settle();
  }

  /** Its server has answered: the catalog is shown, and no recording opens until the user chooses one. */
  onAnswer() {
    if (this.isCatalog && this.isAwaited) this.onOpen();
  }

  /** A part of a recording that has failed is open. */
  onOpenLate() {
    this.#hasOpened = true;
  }

  /** The viewer was sent a piece of the stream. */
  onPiece() {
    this.#around.onArrival();
    if (this.#state === "failed" && !this.#flaw) this.recover();
    if (this.#state !== "opening") return;
    // The viewer does not report further data of an open recording, and no blueprint.
    if (this.#around.hasOpen()) this.#settle();
    else setTimeout(() => this.#settle(), SETTLE_WITHIN);
  }

  /** Reading the stream goes on. */
  recover() {
    this.#become("open");
  }

  /** The viewer has found an error in it. @param {string} reason */
  onFlaw(reason) {
    if (this.#flaw || (this.#state === "failed" && !this.isStream)) return;
    this.#flaw = reason;
    // The viewer opens what it could read with one of its next frames.
    if (this.#state === "opening" && !this.isStream) this.#failUnlessOpen(OPEN_WITHIN_AFTER_ERROR);
    else this.fail(reason);
  }

  /** The end of its file is missing. */
  onTruncated() {
    this.onFlaw(TRUNCATED);
  }

  /** @param {string} reason @param {boolean} [hasBytes] false: the viewer cannot have opened it, and has reported another one */
  fail(reason, hasBytes = true) {
    this.#hasOpened &&= hasBytes;
    this.#become("failed", reason);
  }

  forget() {
    this.#become("forgotten");
  }

  get #isLive() {
    return this.#state === "opening" || this.#state === "open";
  }

  /** The only place where the state changes. @param {State} state @param {string | null} [failure] */
  #become(state, failure = null) {
    if (!NEXT[this.#state].includes(state)) return;
    this.#state = state;
    this.#failure = failure;
    if (state === "forgotten") {
      this.#isArriving = false;
      this.#life.abort();
    }
    if (state === "failed") this.#endArrival();
    if (state !== "forgotten") this.#around.onChange(state === "failed");
  }

  #settle() {
    if (this.#state !== "opening") return;
    this.#hasOpened = !this.isBlueprint;
    if (this.#flaw) this.fail(this.#flaw);
    else this.#become("open");
  }

  #endArrival() {
    this.#isArriving = false;
    this.#around.onArrival();
    this.#around.overlay.endDownload(this.url);
  }

  /** @param {number} loaded @param {number | null} total */
  #onProgress(loaded, total) {
    if (!this.#isArriving) return;
    this.#hasBytes = true;
    this.#around.onBytes(this);
    this.#around.overlay.showDownload(this.recording, loaded, total);
  }

  /** @param {boolean} isTruncated */
  #onEnd(isTruncated) {
    if (!this.#isLive) return;
    this.#around.onBytes(this);
    this.#endArrival();
    this.#endedAt = performance.now();
    if (isTruncated) this.#flaw ??= TRUNCATED;
    if (this.#state === "opening") this.#expectOpen();
    else if (this.#flaw) this.fail(this.#flaw);
    else this.#around.onChange(false);
  }

  /** @param {string | null} reason why a live recording waits for its server */
  #onWait(reason) {
    if (!this.#isLive) return;
    if (reason === null) this.#around.overlay.endDownload(this.url);
    else this.#around.overlay.showWait(this.recording, reason);
  }

  /** All bytes have arrived. */
  #expectOpen() {
    // The viewer reports nothing when a blueprint is open.
    if (this.isBlueprint) return this.#settle();
    // It may add to a recording that is open already. The viewer does not report that.
    setTimeout(() => void (this.#around.hasOpen() && this.#settle()), SETTLE_WITHIN);
    this.#failUnlessOpen(this.#flaw ? OPEN_WITHIN_AFTER_ERROR : OPEN_WITHIN);
  }

  /** Fails after some time, when the user can see the viewer. @param {number} ms */
  #failUnlessOpen(ms) {
    setTimeout(() => {
      if (this.#state !== "opening") return;
      if (this.#around.isSeen()) this.fail(this.#flaw ?? NOTHING_FOUND);
      else this.#failUnlessOpen(ms);
    }, ms);
  }
}

/** @param {string} url */
export function isBlueprint(url) {
  return /\.rbl$/i.test(url.split(/[?#]/)[0]);
}

/** Whether a URL is that of a Rerun server, not of a file. @param {string} url */
export function isServer(url) {
  return !/^https?:/.test(url);
}
