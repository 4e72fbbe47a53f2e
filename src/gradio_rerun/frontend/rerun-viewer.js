/** The custom element: when a viewer runs, with what, and what is said about it meanwhile. */

import { loadViewer } from "./loader.js";
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

/** ms after the last byte of a recording in which the viewer may still be working on it. */
const SETTLE_WITHIN = 2_000;

/** ms that the viewer has, after the last byte of a recording, to say that it is open. */
const OPEN_WITHIN = 10_000;

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
  /** Recordings that the viewer was told to open. @type {Map<string, {recording: Recording, download: import("./viewer-fetch.js").Download, size: number | null}>} */
  #opened = new Map();
  /** Ids of those that it did open. @type {Set<string>} */
  #openIds = new Set();
  /** URLs of those of which nothing is known yet. @type {Set<string>} */
  #awaited = new Set();
  /** URLs of those that are still coming. @type {Set<string>} */
  #loading = new Set();
  #lastLoaded = 0;
  /** @type {Map<string, string>} messages by URL */
  #failures = new Map();
  /** The life of this element in the page. @type {AbortController | null} */
  #life = null;
  /** The life of one viewer. @type {AbortController | null} */
  #run = null;
  /** The theme of that viewer. */
  #runTheme = "";
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
    if (JSON.stringify(recordings) === JSON.stringify(this.#recordings)) return;
    const before = this.#recordings;
    this.#recordings = recordings;
    this.#failures.clear();
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
          recordings: this.#opened,
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
      for (const recording of this.#recordings) this.#open(recording);
    } catch (error) {
      if (!signal.aborted) this.#failViewer("The viewer could not be started", error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {State} state what it is then */
  #stop(state) {
    this.#run?.abort();
    this.#run = null;
    this.#viewer?.dispose();
    this.#viewer = null;
    this.#forgetRecordings();
    this.#failures.clear();
    this.#overlay?.hideError();
    this.#overlay?.hideViewerProgress();
    this.#setState(state);
  }

  #forgetRecordings() {
    this.#opened.clear();
    this.#openIds.clear();
    this.#awaited.clear();
    this.#loading.clear();
    this.#overlay?.endDownloads();
    this.dataset.recordings = "0";
  }

  /** @param {Recording[]} before */
  async #replace(before) {
    const viewer = /** @type {Viewer} */ (this.#viewer);
    const wanted = this.#recordings;
    if (JSON.stringify(wanted.slice(0, before.length)) !== JSON.stringify(before)) {
      // What is on its way, as the data of a live server always is, would still arrive after a close.
      const isSettled = this.#loading.size === 0 && this.#awaited.size === 0 && performance.now() - this.#lastLoaded > SETTLE_WITHIN;
      if (!isSettled || !before.every(({ url }) => isFile(url))) {
        this.#stop("loading");
        return this.#queueSync();
      }
      this.#forgetRecordings();
      this.#setState("loading");
      await viewer.closeAll();
      // Meanwhile the value may have changed again: whoever changed it goes on from here.
      if (this.#viewer !== viewer || this.#recordings !== wanted) return;
    }
    for (const recording of wanted) this.#open(recording); // those that are open stay so
  }

  /** @param {Recording} recording */
  #open(recording) {
    const { url } = recording;
    if (this.#opened.has(url) || this.#awaited.has(url)) return;
    if (recording.upload) {
      this.#convert(recording);
      return;
    }
    const { signal } = /** @type {AbortController} */ (this.#run);
    const current = () => !signal.aborted && this.#opened.get(url)?.recording === recording;
    this.#opened.set(url, {
      recording,
      size: recording.size,
      download: {
        onProgress: (loaded, total) => void (current() && this.#overlay?.showDownload(recording, loaded, total)),
        onEnd: () => {
          if (!current()) return;
          this.#endLoading(url);
          this.#expectOpen(recording, signal);
        },
        // A server that goes away later is the viewer's to tell: what came from it is still there.
        onError: (message) => void (current() && this.#loading.has(url) && this.#failRecording(recording, message)),
      },
    });
    this.#awaited.add(url);
    this.#loading.add(url);
    this.#setState("loading");
    this.#viewer?.open(url);
  }

  /** @param {Recording} recording that may have to be converted first */
  async #convert(recording) {
    const { signal } = /** @type {AbortController} */ (this.#run);
    const wanted = () => !signal.aborted && this.#recordings.includes(recording);
    this.#awaited.add(recording.url);
    this.#setState("loading");
    this.#overlay?.showConversion(recording);
    try {
      const made = await this.converter(/** @type {string} */ (recording.upload));
      if (!wanted()) return;
      this.#overlay?.endDownload(recording.url);
      this.#open(made);
      this.#setOpen(recording.url); // `made` may be open already
    } catch (error) {
      if (wanted()) this.#failRecording(recording, error instanceof Error ? error.message : String(error));
    }
  }

  /** A PNG of what the viewer shows; null if none runs. @returns {Promise<Blob | null>} */
  async screenshot() {
    return (await this.#viewer?.screenshot()) ?? null;
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
    return this.#viewer !== null && this.#openIds.size > 0;
  }

  /** Whether data is still coming, or has just come. */
  get isLoading() {
    return (
      this.dataset.state === "loading" || this.#loading.size > 0 || this.#awaited.size > 0 || performance.now() - this.#lastLoaded < SETTLE_WITHIN
    );
  }

  /** Whether commands can be carried out. @param {string | null} recordingId for one recording; null: for any */
  takesCommands(recordingId) {
    if (!this.isShown || !this.isOpen) return false;
    return recordingId ? this.#openRecording(recordingId) !== null : this.#awaited.size === 0;
  }

  /** Rejects with the reason if it cannot be done. @param {Command} command */
  async carryOut(command) {
    const viewer = this.#requireViewer();
    const { recording_id, url, rbl, states } = command.arguments;
    switch (command.name) {
      case "open":
        return this.#open({ url: new URL(url).href, name: url, size: null });
      case "set_blueprint":
        return viewer.send(fromBase64(rbl));
      case "set_panel_states":
        return viewer.setPanelStates(states, {});
      case "close":
        if (viewer.control.closesOne || this.#openIds.size > 1) break;
        this.#forgetRecordings();
        return viewer.closeAll();
    }
    for (const closed of await viewer.control.carryOut(command, recording_id ? this.#openRecording(recording_id) : null)) {
      this.#openIds.delete(`${closed.application_id}\n${closed.recording_id}`);
      this.dataset.recordings = String(this.#openIds.size);
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
    const recordings = [...this.#openIds].map((id) => nameOf(id));
    return this.#requireViewer().control.state(recordings, /** @type {Settings} */ (this.#settings).viewer.version);
  }

  #requireViewer() {
    if (!this.#viewer) throw new Ended();
    return this.#viewer;
  }

  /** @param {string} recordingId */
  #openRecording(recordingId) {
    return [...this.#openIds].map((id) => nameOf(id)).find(({ recording_id }) => recording_id === recordingId) ?? null;
  }

  get #isFullscreen() {
    return /** @type {Document | ShadowRoot} */ (this.getRootNode()).fullscreenElement === this;
  }

  /** Into the browser's fullscreen, or out of it. */
  async toggleFullscreen() {
    await (this.#isFullscreen ? document.exitFullscreen() : this.requestFullscreen());
  }

  /** @param {string} url */
  #endLoading(url) {
    this.#loading.delete(url);
    this.#lastLoaded = performance.now();
    this.#overlay?.endDownload(url);
  }

  /** @param {Recording} recording @param {AbortSignal} signal */
  #expectOpen(recording, signal) {
    if (!this.#awaited.has(recording.url)) return;
    // A blueprint says nothing when it is open.
    if (isBlueprint(recording.url)) return this.#setOpen(recording.url);
    const isAwaited = () =>
      !signal.aborted && this.#awaited.has(recording.url) && this.#opened.get(recording.url)?.recording === recording;
    setTimeout(() => {
      // It may be more of a recording that is open already, of which the viewer says nothing.
      if (isAwaited() && this.#openIds.size > 0) this.#setOpen(recording.url);
    }, SETTLE_WITHIN);
    const giveUp = () => {
      if (!isAwaited()) return;
      // Browsers let a viewer sleep that nobody sees.
      if (document.hidden || this.clientWidth === 0) return void setTimeout(giveUp, OPEN_WITHIN);
      this.#failRecording(recording, "It ended before the viewer found a recording in it. It may be damaged or empty.");
    };
    setTimeout(giveUp, OPEN_WITHIN);
  }

  /** @param {import("./viewer.js").ViewerEvent} event */
  #onViewerEvent(event) {
    this.#emit("viewer-event", this.commands?.isOwn(event) ? { ...event, from_command: true } : event);
    if (event.type !== "recording_open") return;
    this.#openIds.add(`${event.application_id}\n${event.recording_id}`);
    this.dataset.recordings = String(this.#openIds.size);
    // The viewer does not say which URL it came from; it opens them in turn.
    const first = [...this.#awaited].find((url) => this.#opened.has(url) && !isBlueprint(url));
    if (first) this.#setOpen(first);
    if (first && !isFile(first)) this.#endLoading(first);
  }

  /** @param {string} url */
  #setOpen(url) {
    this.#awaited.delete(url);
    if (this.#awaited.size > 0) return;
    this.#setState(this.#failures.size > 0 ? "error" : "ready");
    this.#emit("load");
  }

  /** @param {Recording} recording @param {string} message */
  #failRecording(recording, message) {
    this.#awaited.delete(recording.url);
    this.#opened.delete(recording.url);
    this.#viewer?.forget(recording.url);
    this.#failures.set(recording.url, `${recording.name}: ${message}`);
    this.#endLoading(recording.url);
    const failed = this.#failures.size;
    this.#fail(
      {
        title: failed === 1 ? "A recording could not be opened" : `${failed} recordings could not be opened`,
        message: [...this.#failures.values()].join("\n"),
        action: "Retry",
        covers: this.#openIds.size === 0 && this.#awaited.size === 0,
      },
      () => {
        this.#failures.clear();
        for (const each of this.#recordings) this.#open(each);
      },
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
    this.dataset.recordings = String(this.#openIds.size);
    // Until it has something to show, the viewer advertises itself; of a live server it tells what is wrong with it.
    this.toggleAttribute("data-veiled", state === "loading" && this.#recordings.every(({ url }) => isFile(url)));
  }

  /** @param {string} type @param {unknown} [detail] */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

/** @param {string} id of an open recording */
function nameOf(id) {
  const [application_id, recording_id] = id.split("\n");
  return { application_id, recording_id };
}

/** @param {string} url of a file, not of a live server */
function isFile(url) {
  return /^https?:/.test(url);
}

/** @param {string} url */
function isBlueprint(url) {
  return /\.rbl$/i.test(new URL(url).pathname);
}

/** What the viewer may ask other servers for. @param {Settings} settings */
function mayAsk({ telemetry, allowed_origins }) {
  return JSON.stringify([telemetry, allowed_origins]);
}
