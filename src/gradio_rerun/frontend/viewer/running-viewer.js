/** One running viewer: starts it, opens recordings, carries out commands, and ends it with all that belongs to it. */

import { EarlyDownloads } from "./early-downloads.js";
import { Ended, messageOf } from "./errors.js";
import { FRAMES_TO_HOLD, FRAMES_TO_SEE, FrameWatch, Frames } from "./frame-watch.js";
import { loadViewer } from "./loader.js";
import { connectKeyboard, removeCanvas } from "./keyboard.js";
import { isServer } from "./open-recording.js";
import { OpenRecordings } from "./open-recordings.js";
import { OWN_COMMANDS, requestOf } from "./own-commands.js";
import { PausedPlace } from "./paused-place.js";
import { Succession } from "./succession.js";
import { Viewer } from "./viewer.js";
import { createViewerFetch } from "./viewer-fetch.js";
import { replacementFailure } from "./viewer-failure.js";
import { WarmUp } from "./warm-up.js";
import { fileUrl, rootOf } from "../wire.js";

/** @typedef {import("../wire.js").Settings} Settings */

/**
 * Where a viewer runs, and the callbacks that report on it. A viewer that has ended reports nothing.
 * @typedef {object} Surroundings
 * @property {HTMLElement} element the canvas becomes a child of
 * @property {import("./overlay.js").Overlay} overlay
 * @property {() => Settings} settings as they are now
 * @property {() => import("./succession.js").Value} value to be shown, as it is now
 * @property {Pick<import("./rerun-viewer.js").RerunViewerElement, "preparer" | "checkFiles" | "askServer">} app
 * @property {{get_state: () => boolean, on_toggle: () => void}} fullscreen what the viewer's own button does
 * @property {(event: import("./viewer.js").ViewerEvent) => void} onEvent
 * @property {(failure: import("./overlay.js").Failure | null) => void} onChange called at each change of `open.state`, with a message if another recording could not be opened
 * @property {() => void} onCloseOne called when a recording was closed, in the viewer or by a command
 * @property {() => void} onLoading
 * @property {() => void} onPage `showsNothing` may have changed
 * @property {(title: string, message: string, action?: string) => void} onFail the viewer cannot go on; `action` helps
 * @property {() => void} onStuck only another viewer can show what is to be shown now
 */

export class RunningViewer {
  #life = new AbortController();
  #early = new EarlyDownloads(this.#life.signal);
  #around;
  /** The settings that it starts with. */
  #settings;
  /** null until it has started. @type {Viewer | null} */
  viewer = null;
  /** What it has open. */
  open;
  /** Which value it shows. */
  succession;
  /** Whether what is open has been on screen. */
  #isSeen = false;
  #canvas = document.createElement("canvas");
  #watch = new FrameWatch();
  #frames = new Frames();
  /** The number of the last opening, and of the one whose frames are awaited. */
  #opening = 0;
  #lookedAt = 0;
  #paused = new PausedPlace(() => this.open.names);
  /** Whether it has nothing to show yet. */
  isAhead = false;
  #warmUp = new WarmUp();

  /** @param {"light" | "dark"} theme @param {Surroundings} surroundings */
  constructor(theme, surroundings) {
    this.theme = theme;
    this.#around = surroundings;
    this.#settings = surroundings.settings();
    /** The version of rerun-sdk that the viewer is from. */
    this.version = this.#settings.viewer.version;
    const { element, app, overlay, onChange, onCloseOne, onLoading, onStuck, onFail } = surroundings;
    const { signal } = this.#life;
    const isSeen = () => !document.hidden && element.clientWidth > 0;
    this.open = new OpenRecordings({
      overlay,
      prepare: (recording, options) => app.preparer(recording, options),
      isSeen,
      onChange: (failed) => {
        if (signal.aborted) return;
        onChange(failed ? this.open.failure : null);
        this.#look();
      },
      onCloseOne,
      signal,
    });
    this.succession = new Succession({
      open: (recordings) => {
        this.#isSeen = false;
        const opening = ++this.#opening;
        this.open.retry(recordings); // open recordings stay open
        if (this.viewer) this.#paused.restoreEarly(this.viewer, () => signal.aborted || opening !== this.#opening);
      },
      close: async () => {
        this.#early.begin(this.#around.value().recordings);
        if (this.open.names.length > 0) await this.#keep();
        if (signal.aborted) return;
        this.open.forget();
        this.#paused.dropEvents();
        onLoading();
        await this.#requireViewer().closeAll();
        this.open.forget(); // one that opened meanwhile is closed, too
      },
      restart: onStuck,
      canClose: () => this.open.canClose,
      isSeen: () => this.#isSeen || !isSeen(),
      fail: (error) => onFail(...replacementFailure(/** @type {Error} */ (error))),
    });
  }

  /** @param {boolean} [isAhead] whether it has nothing to show yet: it waits unseen for `use` */
  async start(isAhead = false) {
    this.isAhead = isAhead;
    const { signal } = this.#life;
    const { element, app, overlay, onFail } = this.#around;
    this.show();
    try {
      const code = await loadViewer(this.#settings, {
        checkFiles: app.checkFiles,
        onProgress: (loaded, total) => void (signal.aborted || this.isAhead || overlay.showViewerProgress(loaded, total)),
      });
      if (signal.aborted) return;
      element.prepend(this.#canvas);
      signal.addEventListener("abort", () => removeCanvas(element, this.#canvas));
      for (const input of ["pointerup", "keyup"]) element.addEventListener(input, () => this.#watch.hurry(), { capture: true, signal });
      const viewer = await Viewer.start(code, this.#canvas, this.#options());
      if (signal.aborted) return viewer.dispose();
      this.viewer = viewer;
      this.open.attach(viewer);
      if (!this.isAhead) return this.#begin(viewer);
      await this.#warmUp.run(viewer, this.#settings);
      if (!this.#warmUp.isOver) this.#frames.stop();
    } catch (error) {
      if (!signal.aborted) onFail("The viewer could not be started", messageOf(error));
    }
  }

  /** Shows the first value of the element, in a viewer that has started ahead. */
  async use() {
    this.#early.begin(this.#around.value().recordings);
    this.#frames.goOn();
    this.isAhead = !(await this.#warmUp.end());
    if (this.isAhead) this.#around.onStuck();
    else if (this.viewer) this.#begin(this.viewer);
  }

  /** @param {Viewer} viewer */
  #begin(viewer) {
    const { element, overlay, settings } = this.#around;
    connectKeyboard(element, this.#canvas, this.#life.signal);
    viewer.setPanelStates(settings().panel_states, this.#settings.panel_states);
    overlay.hideViewerProgress();
    this.succession.show(this.#around.value());
  }

  /** What the viewer starts with. @returns {Parameters<typeof Viewer.start>[2]} */
  #options() {
    const [{ signal }, settings] = [this.#life, this.#settings];
    const { app, fullscreen, onFail } = this.#around;
    return {
      fetch: createViewerFetch({
        ...settings,
        files: fileUrl(rootOf(settings), ""),
        recordings: this.open.byUrl,
        closed: this.open.closed,
        ask: (call, end) => app.askServer(call, end),
        takeEarly: async (url) => this.#warmUp.take(url) ?? this.#early.take(url),
        signal,
      }),
      theme: this.theme,
      fullscreen,
      panelStates: settings.panel_states,
      onEvent: (event) => void (signal.aborted || this.isAhead || this.#onEvent(event)),
      onComplaint: (words, source) => void (signal.aborted || this.open.onComplaint(words, source)),
      requestFrame: (callback) => this.#frames.request(callback),
      onFrame: () => void (signal.aborted || this.isAhead || this.#onFrame()),
      onPanic: (message) => void (signal.aborted || onFail("The viewer stopped", message, "Restart")),
    };
  }

  /** Shows the value that is to be shown now, when the value before has been seen. */
  show() {
    if (this.viewer && !this.isAhead) this.succession.show(this.#around.value());
    else this.#early.begin(this.#around.value().recordings); // shown when it has started
  }

  /** Reads on where a recording has grown. */
  readOn() {
    if (this.viewer && !this.isAhead) this.open.open(this.#around.value().recordings.filter(({ marks }) => marks));
  }

  /** The open recordings have changed: once they are loaded, they are on screen after some frames, and the next value may follow. */
  async #look() {
    const [viewer, opening] = [this.viewer, this.#opening];
    if (!viewer || this.#isSeen || this.#lookedAt === opening || !this.open.isLoaded) return;
    this.#lookedAt = opening;
    const isOver = () => this.#life.signal.aborted || opening !== this.#opening;
    await viewer.frames(FRAMES_TO_SEE);
    await this.open.bringing;
    if (isOver()) return;
    if (!this.open.isLoaded) {
      this.#lookedAt = 0; // more is opened beside it
      return;
    }
    try {
      await this.#paused.restore(viewer);
      await viewer.frames(2);
    } catch {
      // A viewer that has panicked, which onFail reports.
    }
    if (isOver()) return;
    this.#isSeen = true;
    this.#early.begin([]); // the viewer has requested all its files
    for (const event of this.#paused.end()) this.#around.onEvent(event);
    this.#around.overlay.release();
    this.succession.advance();
  }

  /** @param {import("./viewer.js").ViewerEvent} event */
  #onEvent(event) {
    if (event.type === "recording_open") this.#watch.hurry(); // it may be closed at once
    if (!this.#paused.holdsBack(event)) this.#around.onEvent(event);
    if (event.type === "recording_open") this.open.onOpen(event);
  }

  /** Whether nothing is on screen but the viewer's welcome page. @param {boolean} isLoading whether recordings are still to be opened */
  showsNothing(isLoading) {
    // While it connects to a live server, it reports what is wrong with it.
    if (isLoading && this.open.names.length === 0 && !this.#around.value().recordings.some(({ url }) => isServer(url))) return true;
    const shown = this.viewer?.showsWelcome;
    // Viewers before 0.41 do not report what they show when no recording is active: it may be the catalog of a server.
    return shown === true || (shown === null && !this.open.hasCatalog);
  }

  /** Whether these settings allow the same requests as those at the start, when the viewer got its `fetch`. @param {Settings} settings */
  hasFetchOf({ telemetry, allowed_origins }) {
    return telemetry === this.#settings.telemetry && String(allowed_origins) === String(this.#settings.allowed_origins);
  }

  /** After each frame: the user may have closed a recording in the viewer. */
  #onFrame() {
    if (!this.viewer || !this.#watch.isDue()) return;
    // A viewer before 0.41 that shows the catalog of a server may have recordings open, too.
    if (this.open.state !== "loading" && (this.viewer.showsWelcome !== null || !this.open.hasCatalog)) {
      this.viewer.closedOf(this.open.names).forEach((closed) => this.open.onClose(closed));
      if (this.open.names.length > 0 && this.viewer.showsWelcome) this.viewer.control.showOne().catch(() => {});
    }
    this.#around.onPage();
  }

  /** Keeps the picture of the value that is to be closed on screen, and its paused place. */
  async #keep() {
    const viewer = this.#requireViewer();
    this.#paused.keep(viewer);
    if (document.hidden) return;
    const { overlay } = this.#around;
    if (!overlay.isHolding) overlay.hold(await viewer.copy(FRAMES_TO_HOLD), () => !this.#paused.isPending);
  }

  /** Releases everything. */
  end() {
    this.#life.abort();
    this.#warmUp.end();
    this.succession.end();
    this.viewer?.dispose();
    this.viewer = null; // timers run on for a while, and would keep its memory
  }

  /** Whether any recording is open. */
  get isOpen() {
    return this.viewer !== null && this.open.names.length > 0;
  }

  /**
   * Whether commands can be carried out.
   * @param {string | null} recordingId for one recording; null: for any
   * @param {number} number of the value that they refer to
   */
  takesCommands(recordingId, number) {
    if (!(this.isOpen || this.open.hasCatalog) || this.#paused.isPending || this.succession.stateOf(number) === "waiting") return false;
    return recordingId ? this.open.nameOf(recordingId) !== null : this.open.state !== "loading" && this.open.bringing === null;
  }

  /**
   * Resolves to the answer, if there is one. Rejects with the reason if it cannot be done.
   * @param {import("../wire.js").Command} command
   * @param {import("./own-commands.js").Outcomes} outcomes
   */
  async carryOut(command, outcomes) {
    const viewer = this.#requireViewer();
    this.#watch.hurry();
    const own = OWN_COMMANDS[command.name];
    return (await (own ? own(this, viewer, command, outcomes) : requestOf(viewer, this.open, command, outcomes))) ?? null;
  }

  #requireViewer() {
    if (!this.viewer) throw new Ended();
    return this.viewer;
  }
}
