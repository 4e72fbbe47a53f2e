/** The custom element: when a viewer runs, with what, and what is said about it meanwhile. */

import { loadViewer } from "./loader.js";
import { OpenRecordings, isFile } from "./open-recordings.js";
import { Overlay } from "./overlay.js";
import { Viewer } from "./viewer.js";
import { Ended, fromBase64 } from "./viewer-control.js";
import { createViewerFetch } from "./viewer-fetch.js";

/** @typedef {import("./wire.js").Recording} Recording */
/** @typedef {import("./wire.js").Settings} Settings */
/** @typedef {import("./wire.js").Command} Command */
/** @typedef {"idle" | "loading" | "ready" | "error"} State */

/** ms an element may be out of the document before its viewer is given up: a move in the DOM takes it out and puts it in again. */
const DISPOSE_AFTER = 500;

/**
 * `<rerun-viewer>`: shows `recordings` as soon as it is in the page with a size, with the viewer that `settings` names.
 *
 * Attributes: `data-state` is `idle` (nothing to show), `loading`, `ready` or `error`; `data-recordings` is the number of
 * recordings that are open. Events, each bubbling: `loadstart`, `load` (all recordings are open), `error` (`detail.message`), and
 * `viewer-event` (`detail` is what the viewer tells, as it tells it).
 */
export class RerunViewerElement extends HTMLElement {
  /** @type {Settings | null} */
  #settings = null;
  /** @type {Recording[]} */
  #recordings = [];
  /** The life of this element in the page. @type {AbortController | null} */
  #life = null;
  /** The life of one viewer. @type {AbortController | null} */
  #run = null;
  /** The theme of that viewer. */
  #runTheme = "";
  /** What that viewer has open. @type {OpenRecordings | null} */
  #open = null;
  /** @type {Viewer | null} */
  #viewer = null;
  /** @type {Overlay | null} */
  #overlay = null;
  /** Turns an uploaded file into a recording. @type {(path: string) => Promise<Recording>} */
  converter = () => Promise.reject(new Error("It is no Rerun recording."));
  /** Carries out `commands`. @type {import("./commands.js").CommandQueue | null} */
  commands = null;
  /** A failure of the viewer itself stops it until the user wants it again. */
  #failed = false;
  #syncQueued = false;
  #disposal = 0;

  get settings() {
    return this.#settings;
  }

  set settings(settings) {
    const before = this.#settings;
    this.#settings = settings;
    if (settings && before) {
      this.#viewer?.setPanelStates(settings.panel_states, before.panel_states);
      // The viewer takes its fetch once.
      if (this.#run && mayAsk(settings) !== mayAsk(before)) this.#stop("loading");
    }
    this.#queueSync();
  }

  get recordings() {
    return this.#recordings;
  }

  set recordings(recordings) {
    const before = this.#recordings;
    if (isSame(recordings, before)) {
      if (this.#viewer) this.#open?.open(before.filter(({ marks }) => marks)); // they may have grown
      return;
    }
    this.#recordings = recordings;
    this.#overlay?.hideError();
    this.#failed = false;
    if (recordings.length === 0) {
      this.commands?.clear();
      this.#stop("idle");
    }
    const viewer = this.#viewer;
    if (!viewer) {
      this.#queueSync();
      return;
    }
    this.#replace(before).catch((error) => {
      if (this.#viewer === viewer) this.#failViewer("The viewer could not replace its recordings", String(error));
    });
  }

  connectedCallback() {
    clearTimeout(this.#disposal);
    if (this.#life) {
      this.#viewer?.wake();
      this.#queueSync();
      return;
    }
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#overlay = new Overlay(this);
    const resized = new ResizeObserver(() => this.#queueSync());
    resized.observe(this);
    const themed = new MutationObserver(() => this.#queueSync());
    for (const node of [document.documentElement, document.body]) themed.observe(node, { attributeFilter: ["class"] });
    signal.addEventListener("abort", () => {
      resized.disconnect();
      themed.disconnect();
    });
    this.#setState("idle");
    this.#queueSync();
  }

  disconnectedCallback() {
    clearTimeout(this.#disposal);
    this.#disposal = setTimeout(() => this.#dispose(), DISPOSE_AFTER);
  }

  #dispose() {
    this.#stop("idle");
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

  /** Brings what runs in line with what should. */
  #sync() {
    const settings = this.#settings;
    if (!this.isConnected || !this.#life || !settings) return;
    if (this.style.height !== settings.height) this.style.height = settings.height;
    const theme = this.#theme(settings);
    this.dataset.theme = theme;
    if (this.clientWidth === 0 || this.clientHeight === 0) return; // e.g. in a tab that is not selected: a viewer would crash
    if (this.#run) {
      if (this.#runTheme === theme) return;
      this.#stop("loading"); // the viewer takes its theme once
    }
    if (this.#failed) return;
    if (this.#recordings.length === 0) {
      // Nothing to show yet. What will be needed then can come meanwhile; if that fails, it is said when it is needed.
      loadViewer(settings.viewer).catch(() => {});
      return;
    }
    this.#start(settings, theme);
  }

  /** @param {Settings} settings */
  #theme({ theme }) {
    if (theme !== "auto") return theme;
    return this.closest(".dark") || document.documentElement.classList.contains("dark") ? "dark" : "light";
  }

  /** @param {Settings} settings @param {"light" | "dark"} theme */
  async #start(settings, theme) {
    const run = (this.#run = new AbortController());
    const { signal } = run;
    const open = (this.#open = this.#createOpenRecordings(signal));
    this.#runTheme = theme;
    this.#setState("loading");
    this.#emit("loadstart");
    try {
      const code = await loadViewer(settings.viewer, {
        onProgress: (loaded, total) => void (signal.aborted || this.#overlay?.showViewerProgress(loaded, total)),
      });
      if (signal.aborted) return;
      const canvas = document.createElement("canvas");
      this.prepend(canvas);
      signal.addEventListener("abort", () => canvas.remove());
      const viewer = await Viewer.start(code, canvas, {
        fetch: createViewerFetch({
          server: new URL(/** @type {string} */ (settings.page.url), location.href).origin,
          allowed: settings.allowed_origins,
          telemetry: settings.telemetry,
          recordings: open.told,
          signal,
        }),
        theme,
        fullscreen: { get_state: () => this.#isFullscreen, on_toggle: () => this.toggleFullscreen() },
        panelStates: settings.panel_states,
        onEvent: (event) => void (signal.aborted || this.#onViewerEvent(event)),
        onPanic: (message) => void (signal.aborted || this.#failViewer("The viewer stopped", message, "Restart")),
      });
      if (signal.aborted) return viewer.dispose();
      this.#viewer = viewer;
      if (this.#settings && this.#settings !== settings) viewer.setPanelStates(this.#settings.panel_states, settings.panel_states);
      this.#overlay?.hideViewerProgress();
      open.attach(viewer);
      open.open(this.#recordings);
    } catch (error) {
      if (!signal.aborted) this.#failViewer("The viewer could not be started", error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {AbortSignal} signal the end of the viewer that opens them */
  #createOpenRecordings(signal) {
    return new OpenRecordings({
      overlay: /** @type {Overlay} */ (this.#overlay),
      convert: (path) => this.converter(path),
      isSeen: () => !document.hidden && this.clientWidth > 0,
      onChange: (failed) => void (signal.aborted || (failed ? this.#failRecordings() : this.#onRecordingsChange())),
      signal,
    });
  }

  /** @param {State} state what it is then */
  #stop(state) {
    this.#run?.abort();
    this.#run = null;
    this.#viewer?.dispose();
    this.#viewer = null;
    this.#open?.forget();
    this.#open = null;
    this.#overlay?.hideError();
    this.#overlay?.hideViewerProgress();
    this.#setState(state);
  }

  /** @param {Recording[]} before */
  async #replace(before) {
    const viewer = /** @type {Viewer} */ (this.#viewer);
    const open = /** @type {OpenRecordings} */ (this.#open);
    const wanted = this.#recordings;
    if (!isSame(wanted.slice(0, before.length), before)) {
      // What is on its way, as the data of a live server always is, would still arrive after a close.
      if (!open.isSettled || !before.every(({ url }) => isFile(url))) {
        this.#stop("loading");
        return this.#queueSync();
      }
      open.forget();
      this.#setState("loading");
      await viewer.closeAll();
      // Meanwhile the value may have changed again: whoever changed it goes on from here.
      if (this.#viewer !== viewer || this.#recordings !== wanted) return;
    }
    open.retry(wanted); // those that are open stay so
  }

  /** A PNG of what the viewer shows; null if none runs. @returns {Promise<Blob | null>} */
  async screenshot() {
    return (await this.#viewer?.screenshot()) ?? null;
  }

  /** Where the viewer's time cursor stands, exactly; null if it cannot tell. */
  get currentTime() {
    return this.#viewer?.currentTime ?? null;
  }

  /** What the viewer holds, as the bytes of a recording; null if it cannot tell. @returns {Promise<Uint8Array<ArrayBuffer> | null>} */
  async saveRecording() {
    return (await this.#viewer?.saveRecording()) ?? null;
  }

  /** @returns {Promise<Uint8Array<ArrayBuffer> | null>} the bytes of an .rbl file; null if the viewer cannot tell */
  async saveBlueprint() {
    return (await this.#viewer?.saveBlueprint()) ?? null;
  }

  /** Whether a viewer is to be seen: a tab that is not selected has no size. */
  get isShown() {
    return this.isConnected && this.clientWidth > 0 && this.clientHeight > 0;
  }

  /** Whether any recording is open. */
  get isOpen() {
    return this.#viewer !== null && this.#open !== null && this.#open.names.length > 0;
  }

  /** Whether data is still coming, or has just come. */
  get isLoading() {
    return this.dataset.state === "loading" || this.#open?.isComing === true;
  }

  /** Whether commands can be carried out. @param {string | null} recordingId for one recording; null: for any */
  takesCommands(recordingId) {
    if (!this.isShown || !this.isOpen) return false;
    return recordingId ? this.#openRecording(recordingId) !== null : this.#open?.state !== "loading";
  }

  /** Rejects with the reason if it cannot be done. @param {Command} command */
  async carryOut(command) {
    const viewer = this.#requireViewer();
    const open = /** @type {OpenRecordings} */ (this.#open);
    const { recording_id, url, rbl, states } = command.arguments;
    switch (command.name) {
      case "open":
        return open.open([{ url: new URL(url).href, name: url, size: null }]);
      case "set_blueprint":
        return viewer.send(fromBase64(rbl));
      case "set_panel_states":
        return viewer.setPanelStates(states, {});
      case "close":
        if (viewer.control.closesOne || open.names.length > 1) break;
        open.forget();
        return viewer.closeAll();
    }
    for (const closed of await viewer.control.carryOut(command, recording_id ? this.#openRecording(recording_id) : null)) {
      open.onClose(closed);
    }
  }

  /** @param {Command} command */
  takePicture(command) {
    const viewer = this.#requireViewer();
    const { view, max_size } = command.arguments;
    return view === null ? viewer.screenshot(max_size ?? undefined) : viewer.control.screenshotOfView(command);
  }

  /** What viewer_state.py takes. */
  getState() {
    const recordings = this.#open?.names ?? [];
    return this.#requireViewer().control.state(recordings, /** @type {Settings} */ (this.#settings).viewer.version);
  }

  #requireViewer() {
    if (!this.#viewer) throw new Ended();
    return this.#viewer;
  }

  /** @param {string} recordingId */
  #openRecording(recordingId) {
    return this.#open?.names.find(({ recording_id }) => recording_id === recordingId) ?? null;
  }

  get #isFullscreen() {
    return /** @type {Document | ShadowRoot} */ (this.getRootNode()).fullscreenElement === this;
  }

  /** Into the browser's fullscreen, or out of it. */
  async toggleFullscreen() {
    await (this.#isFullscreen ? document.exitFullscreen() : this.requestFullscreen());
  }

  /** @param {import("./viewer.js").ViewerEvent} event */
  #onViewerEvent(event) {
    this.#emit("viewer-event", this.commands?.isOwn(event) ? { ...event, from_command: true } : event);
    if (event.type === "recording_open") this.#open?.onOpen(event);
  }

  #onRecordingsChange() {
    const wasLoading = this.dataset.state === "loading";
    const { state, failures } = /** @type {OpenRecordings} */ (this.#open);
    if (failures.length === 0) this.#overlay?.hideError();
    this.#setState(state);
    if (wasLoading && state !== "loading") this.#emit("load");
  }

  #failRecordings() {
    const open = /** @type {OpenRecordings} */ (this.#open);
    const { failures, names, state } = open;
    this.#fail(
      {
        title: failures.length === 1 ? "A recording could not be opened" : `${failures.length} recordings could not be opened`,
        message: failures.join("\n"),
        action: "Retry",
        covers: names.length === 0 && state !== "loading",
      },
      () => open.retry(this.#recordings),
    );
  }

  /** @param {string} title @param {string} message @param {string} action */
  #failViewer(title, message, action = "Retry") {
    this.#stop("error");
    this.#failed = true;
    this.#fail({ title, message, action, covers: true }, () => {
      this.#failed = false;
      this.#queueSync();
    });
  }

  /** @param {Parameters<Overlay["showError"]>[0]} what @param {() => void} retry */
  #fail(what, retry) {
    this.#setState("error");
    this.#overlay?.showError(what, () => {
      this.#overlay?.hideError();
      this.#setState("loading");
      retry();
    });
    this.#emit("error", { message: `${what.title}: ${what.message}` });
  }

  /** @param {State} state */
  #setState(state) {
    this.dataset.state = state;
    const count = this.#open?.names.length ?? 0;
    this.dataset.recordings = String(count);
    // Until it has something to show, the viewer advertises itself; of a live server it tells what is wrong with it.
    this.toggleAttribute("data-veiled", state === "loading" && count === 0 && this.#recordings.every(({ url }) => isFile(url)));
  }

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

/** @param {Recording[]} one @param {Recording[]} other */
function isSame(one, other) {
  return one.length === other.length && one.every(({ url }, index) => url === other[index].url);
}

/** What the viewer may ask other servers for. @param {Settings} settings */
function mayAsk({ telemetry, allowed_origins }) {
  return JSON.stringify([telemetry, allowed_origins]);
}
