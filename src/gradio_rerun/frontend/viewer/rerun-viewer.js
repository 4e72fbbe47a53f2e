/** The custom element: it starts and stops viewers, and reports their state. */

import { Spare } from "./ahead.js";
import { hasSize, isFullscreen, observeAppearance, themeOf, toggleFullscreen } from "./appearance.js";
import { loadViewer } from "./loader.js";
import { inEnglish, Overlay } from "./overlay.js";
import { RunningViewer } from "./running-viewer.js";
import { extend, isSame } from "./succession.js";

/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("../wire.js").Settings} Settings */
/** @typedef {"idle" | "loading" | "ready" | "error"} State */

/** ms an element may be out of the document before its viewer is given up: a move in the DOM takes it out and puts it in again. */
const DISPOSE_AFTER = 500;

/**
 * `<rerun-viewer>`: shows `recordings` as soon as it is in the page with a size, with the viewer that `settings` names.
 * While it is empty, its viewer may start ahead, unseen: see ahead.js.
 *
 * Attributes: `data-state` is `idle` (nothing to show), `loading`, `ready` or `error`; `data-recordings` is the number of
 * recordings that are open. Events, each bubbling: `loadstart`, `load` (all recordings are open), `error` (`detail.message`), and
 * `recording-close` (in the viewer, or by a command), `viewer-event` (`detail` is the viewer's own event), `language-change`, and `dispose`.
 */
export class RerunViewerElement extends HTMLElement {
  /** @type {Settings | null} */
  #settings = null;
  /** @type {Recording[]} */
  #recordings = [];
  /** Grows with each value that replaces another. */
  #number = 0;
  /** The life of this element in the page. @type {AbortController | null} */
  #life = null;
  /** @type {RunningViewer | null} */
  #run = null;
  #spare = new Spare({
    create: () => this.#create(themeOf(this, /** @type {Settings} */ (this.#settings).theme)),
    mayStart: () => this.isShown && this.#life !== null && this.#recordings.length === 0,
    isShown: () => this.isShown,
  });
  /** @type {Overlay | null} */
  #overlay = null;
  /** Turns files into recordings that the viewer can open. @type {import("./open-recordings.js").Prepare} */
  preparer = () => Promise.reject(new Error("This is not a Rerun recording."));
  /** Makes the server restore missing and damaged files of the viewer. @type {() => Promise<void>} */
  checkFiles = async () => {};
  /** Sends a call to a Rerun server through the app. @type {import("./tunnel.js").AskServer} */
  askServer = () => Promise.reject(new Error("The app cannot be reached."));
  /** The viewer itself has failed: it stays stopped until the user retries. */
  #failed = false;
  #syncQueued = false;
  #disposal = 0;

  /** The running viewer; null if there is none. */
  get running() {
    return this.#run;
  }

  get settings() {
    return this.#settings;
  }

  set settings(settings) {
    const before = this.#settings;
    this.#settings = settings;
    if (settings && before) this.#run?.viewer?.setPanelStates(settings.panel_states, before.panel_states);
    if (settings && this.#run?.hasFetchOf(settings) === false) this.#stop("loading"); // the viewer gets its fetch only at its start
    this.#queueSync();
  }

  get recordings() {
    return this.#recordings;
  }

  set recordings(recordings) {
    const before = this.#recordings;
    if (isSame(recordings, before)) {
      this.#run?.readOn();
      return;
    }
    this.#recordings = recordings;
    if (!extend(recordings, before)) this.#number++;
    this.#overlay?.hideError();
    this.#failed = false;
    if (this.#recordings.length === 0) this.#stop("idle");
    if (this.#run) this.#run.show();
    else this.#queueSync();
  }

  /** For a value that has arrived again: opens the recordings of it that were closed since. */
  reopen() {
    const run = this.#run;
    if (!run?.open.hasClosed || run.succession.isBehind || this.#recordings.some(({ marks }) => marks)) return;
    this.#reopenAll(run);
  }

  connectedCallback() {
    clearTimeout(this.#disposal);
    if (this.#life) {
      this.#run?.viewer?.wake();
      this.#queueSync();
      return;
    }
    this.#life = new AbortController();
    this.#overlay = new Overlay(this);
    observeAppearance(this, () => this.#queueSync(), this.#life.signal);
    this.#setState("idle");
    this.#queueSync();
  }

  disconnectedCallback() {
    clearTimeout(this.#disposal);
    this.#disposal = setTimeout(() => this.#dispose(), DISPOSE_AFTER);
  }

  #dispose() {
    this.#stop("idle");
    this.#spare.end();
    this.#life?.abort();
    this.#life = null;
    this.#overlay?.dispose();
    this.#overlay = null;
    this.#failed = false;
    this.dispatchEvent(new Event("dispose"));
  }

  #queueSync() {
    if (this.#syncQueued) return;
    this.#syncQueued = true;
    queueMicrotask(() => {
      this.#syncQueued = false;
      this.#sync();
    });
  }

  /** Starts or stops the viewer as the properties require. */
  #sync() {
    const settings = this.#settings;
    if (!this.isConnected || !this.#life || !settings) return;
    const theme = themeOf(this, settings.theme);
    this.dataset.theme = theme;
    if (!hasSize(this)) return; // a viewer would crash
    if (this.#run) {
      if (this.#run.theme === theme) return;
      this.#stop("loading"); // the viewer gets its theme only at its start
    }
    if (this.#failed) return;
    if (this.#recordings.length === 0) {
      // Nothing to show yet: loads the viewer's code ahead. A failure is reported when the code is needed.
      const code = loadViewer(settings, { checkFiles: this.checkFiles });
      this.#spare.prepare(code, theme, settings);
      return;
    }
    const ahead = this.#spare.take(theme, settings);
    this.#run = ahead ?? this.#create(theme);
    this.#setState("loading");
    this.#emit("loadstart");
    if (ahead) ahead.use();
    else this.#run.start();
  }

  /** @param {"light" | "dark"} theme */
  #create(theme) {
    const run = new RunningViewer(theme, {
      element: this,
      overlay: /** @type {Overlay} */ (this.#overlay),
      settings: () => /** @type {Settings} */ (this.#settings),
      value: () => ({ recordings: this.#recordings, number: this.#number }),
      app: this,
      fullscreen: { get_state: () => isFullscreen(this), on_toggle: () => toggleFullscreen(this) },
      onEvent: (event) => this.#emit("viewer-event", event),
      onChange: (failure) => (failure ? this.#fail(failure, () => this.#retry()) : this.#onRecordingsChange()),
      onCloseOne: () => this.#emit("recording-close"),
      onLoading: () => this.#setState("loading"),
      onPage: () => this.#veil(),
      onFail: (title, message, action) => (run === this.#run ? this.#failViewer(title, message, action) : this.#spare.fail()),
      onStuck: () => void (run === this.#run && this.#restart()),
    });
    return run;
  }

  #restart() {
    this.#stop("loading");
    this.#queueSync();
  }

  /** @param {State} state the state after that */
  #stop(state) {
    this.#run?.end();
    this.#run = null;
    this.#overlay?.hideError();
    this.#overlay?.hideViewerProgress();
    this.#overlay?.release();
    this.#setState(state);
  }

  /** The exact position of the viewer's time cursor; null if the viewer does not report it. */
  get currentTime() {
    return this.#run?.viewer?.currentTime ?? null;
  }

  /** Whether the element is visible. */
  get isShown() {
    return this.isConnected && hasSize(this);
  }

  /** Whether any recording is open. */
  get isOpen() {
    return this.#run?.isOpen === true;
  }

  /** Whether data is still arriving, or has just arrived, or a newer value waits. */
  get isLoading() {
    const run = this.#run;
    return this.dataset.state === "loading" || run?.open.isArriving === true || run?.succession.isBehind === true;
  }

  /** The number of the value to which commands refer that arrive now: the newest. The first value after none has the number of none. */
  get valueNumber() {
    return this.#number;
  }

  /** Whether the value with a number was skipped, or was replaced by another. @param {number} number */
  isPast(number) {
    return number < this.#number && this.#run?.succession.stateOf(number) !== "shown";
  }

  /**
   * Whether commands can be carried out.
   * @param {string | null} recordingId for one recording; null: for any
   * @param {number} number of the value that they refer to
   */
  takesCommands(recordingId, number) {
    return this.isShown && this.#run?.takesCommands(recordingId, number) === true;
  }

  #onRecordingsChange() {
    const wasLoading = this.dataset.state === "loading";
    const { state, failure } = /** @type {RunningViewer} */ (this.#run).open;
    if (!failure) this.#overlay?.hideError();
    else if (this.#overlay?.isErrorShown) this.#overlay.showError(failure, () => this.#retry());
    this.#setState(state);
    if (wasLoading && state !== "loading") this.#emit("load");
  }

  #retry() {
    this.#overlay?.hideError();
    this.#setState("loading");
    const run = /** @type {RunningViewer} */ (this.#run);
    if (run.open.incomplete === 0) return run.open.retry(run.succession.recordings);
    this.#reopenAll(run); // the viewer does not fetch again what it has open
  }

  /** @param {RunningViewer} run */
  #reopenAll(run) {
    if (run.open.canClose) run.succession.reopen();
    else this.#restart();
  }

  /** @param {string} title @param {string} message @param {string} action */
  #failViewer(title, message, action = "Retry") {
    this.#stop("error");
    this.#failed = true;
    this.#fail({ title, message, action, covers: true }, () => {
      this.#overlay?.hideError();
      this.#setState("loading");
      this.#failed = false;
      this.#queueSync();
    });
  }

  /** @param {import("./overlay.js").Failure} failure @param {() => void} retry */
  #fail(failure, retry) {
    this.#setState("error");
    this.#overlay?.showError(failure, retry);
    this.#emit("error", { message: inEnglish(failure) });
  }

  /** @param {State} state */
  #setState(state) {
    this.dataset.state = state;
    this.dataset.recordings = String(this.#run?.open.names.length ?? 0);
    this.#overlay?.announce(state, this.#recordings);
    this.#veil();
  }

  /** Hides the canvas while the viewer has nothing to show but its welcome page, an advertisement. */
  #veil() {
    const isLoading = this.dataset.state === "loading";
    const isVeiled = this.#run?.showsNothing(isLoading) === true;
    this.toggleAttribute("data-veiled", isVeiled);
    if (isVeiled && !isLoading) this.dataset.veiled = "none";
  }

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}
