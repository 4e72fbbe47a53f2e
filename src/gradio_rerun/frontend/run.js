/** One viewer that runs: started, told what to open and what to do, and ended with all that belongs to it. */

import { loadViewer } from "./loader.js";
import { OpenRecordings, isFile } from "./open-recordings.js";
import { Viewer } from "./viewer.js";
import { Ended, fromBase64 } from "./viewer-control.js";
import { createViewerFetch } from "./viewer-fetch.js";

/** @typedef {import("./wire.js").Recording} Recording */
/** @typedef {import("./wire.js").Settings} Settings */
/** @typedef {import("./wire.js").Command} Command */
/** @typedef {import("./viewer.js").ViewerEvent} ViewerEvent */

/**
 * Where a viewer runs, and who hears of it; nobody hears of one that has ended.
 * @typedef {object} Surroundings
 * @property {HTMLElement} element the canvas becomes a child of
 * @property {import("./overlay.js").Overlay} overlay
 * @property {() => Settings} settings as they are now
 * @property {() => Recording[]} recordings to be shown, as they are now
 * @property {(path: string) => Promise<Recording>} convert turns an uploaded file into a recording
 * @property {() => Promise<void>} checkFiles has the server put back what is gone or damaged of the viewer's files
 * @property {import("./tunnel.js").AskServer} ask asks a Rerun server through the app
 * @property {{get_state: () => boolean, on_toggle: () => void}} fullscreen what the viewer's own button does
 * @property {(event: ViewerEvent) => void} onEvent
 * @property {(failed: boolean) => void} onChange hears of each change of `open.state`; `failed`: one more could not be opened
 * @property {() => void} onLoading
 * @property {(title: string, message: string, action?: string) => void} onFail the viewer cannot go on; `action` helps
 * @property {() => void} onStuck only another viewer can show what is to be shown now
 */

export class Run {
  #life = new AbortController();
  #around;
  /** null until it has started. @type {Viewer | null} */
  #viewer = null;
  /** What it has open. */
  open;

  /** @param {"light" | "dark"} theme @param {Surroundings} surroundings */
  constructor(theme, surroundings) {
    this.theme = theme;
    this.#around = surroundings;
    const { element, overlay, convert, onChange } = surroundings;
    this.open = new OpenRecordings({
      overlay,
      convert,
      isSeen: () => !document.hidden && element.clientWidth > 0,
      onChange: (failed) => void (this.#life.signal.aborted || onChange(failed)),
      signal: this.#life.signal,
    });
  }

  /** The viewer; null until it has started. */
  get viewer() {
    return this.#viewer;
  }

  async start() {
    const { signal } = this.#life;
    const { element, overlay, checkFiles, ask, fullscreen, onEvent, onFail } = this.#around;
    const settings = this.#around.settings();
    try {
      const code = await loadViewer(settings.viewer, {
        checkFiles,
        onProgress: (loaded, total) => void (signal.aborted || overlay.showViewerProgress(loaded, total)),
      });
      if (signal.aborted) return;
      const canvas = document.createElement("canvas");
      element.prepend(canvas);
      signal.addEventListener("abort", () => canvas.remove());
      const viewer = await Viewer.start(code, canvas, {
        fetch: createViewerFetch({
          server: new URL(/** @type {string} */ (settings.page.url), location.href).origin,
          allowed: settings.allowed_origins,
          telemetry: settings.telemetry,
          recordings: this.open.told,
          ask,
          signal,
        }),
        theme: this.theme,
        fullscreen,
        panelStates: settings.panel_states,
        onEvent: (event) => void (signal.aborted || onEvent(event)),
        onComplaint: (words) => void (signal.aborted || this.open.onComplaint(words)),
        onPanic: (message) => void (signal.aborted || onFail("The viewer stopped", message, "Restart")),
      });
      if (signal.aborted) return viewer.dispose();
      this.#viewer = viewer;
      const now = this.#around.settings();
      if (now !== settings) viewer.setPanelStates(now.panel_states, settings.panel_states);
      overlay.hideViewerProgress();
      this.open.attach(viewer);
      this.open.open(this.#around.recordings());
    } catch (error) {
      if (!signal.aborted) onFail("The viewer could not be started", error instanceof Error ? error.message : String(error));
    }
  }

  /** Opens what is to be shown now, and closes what is not, where it was `before`. @param {Recording[]} before */
  async replace(before) {
    const { recordings, onLoading, onStuck, onFail } = this.#around;
    const viewer = this.#viewer;
    const wanted = recordings();
    if (!viewer) return; // it opens them when it has started
    try {
      if (!isSame(wanted.slice(0, before.length), before)) {
        // What is on its way, as the data of a live server always is, would still arrive after a close.
        if (!this.open.isSettled || !before.every(({ url }) => isFile(url))) return onStuck();
        this.open.forget();
        onLoading();
        await viewer.closeAll();
        // Meanwhile the value may have changed again: whoever changed it goes on from here.
        if (this.#life.signal.aborted || recordings() !== wanted) return;
      }
      this.open.retry(wanted); // those that are open stay so
    } catch (error) {
      if (!this.#life.signal.aborted) onFail("The viewer could not replace its recordings", String(error));
    }
  }

  /** Reads on where a recording has grown. */
  readOn() {
    if (this.#viewer) this.open.open(this.#around.recordings().filter(({ marks }) => marks));
  }

  /** Gives everything back. */
  end() {
    this.#life.abort();
    this.#viewer?.dispose();
    this.#viewer = null; // timers of `open` go on for a while, and would keep its memory
    this.open.forget();
  }

  /** Whether any recording is open. */
  get isOpen() {
    return this.#viewer !== null && this.open.names.length > 0;
  }

  /** The name of a recording, if it is open. @param {string} recordingId */
  nameOf(recordingId) {
    return this.open.names.find(({ recording_id }) => recording_id === recordingId) ?? null;
  }

  /** Rejects with the reason if it cannot be done. @param {Command} command */
  async carryOut(command) {
    const viewer = this.#startedViewer();
    const { open } = this;
    const { recording_id, url, ticket, rbl, states } = command.arguments;
    switch (command.name) {
      case "open":
        return open.open([{ url: new URL(url).href, name: url, size: null, ticket: ticket ?? undefined }]);
      case "set_blueprint":
        return viewer.send(fromBase64(rbl));
      case "set_panel_states":
        return viewer.setPanelStates(states, {});
      case "close":
        if (viewer.control.closesOne || open.names.length > 1) break;
        open.forget();
        return viewer.closeAll();
    }
    for (const closed of await viewer.control.carryOut(command, recording_id ? this.nameOf(recording_id) : null)) {
      open.onClose(closed);
    }
  }

  /** @param {Command} command */
  takePicture(command) {
    const viewer = this.#startedViewer();
    const { view, max_size } = command.arguments;
    return view === null ? viewer.screenshot(max_size ?? undefined) : viewer.control.screenshotOfView(command);
  }

  /** What viewer_state.py takes. */
  getState() {
    return this.#startedViewer().control.state(this.open.names, this.#around.settings().viewer.version);
  }

  #startedViewer() {
    if (!this.#viewer) throw new Ended();
    return this.#viewer;
  }
}

/** @param {Recording[]} one @param {Recording[]} other */
export function isSame(one, other) {
  return one.length === other.length && one.every(({ url }, index) => url === other[index].url);
}
