/** One running viewer; only this file, viewer-control.js and setters.js call the wasm handle, and know how its methods differ between versions. */

import { messageOf } from "./errors.js";
import { hasPlace, pausedPlace, placeRequest } from "./kept-time.js";
import { copyCanvas, toPng } from "./picture.js";
import { activeRecording, activeTimeline, OnlyRecording, pausedPlaceBySetters, placeBySetters } from "./setters.js";
import { openBeside } from "./show.js";
import { storeIdOf } from "./store-id.js";
import { CLOSE_ALL, createControl } from "./viewer-control.js";
import { describeAbort, guardedBy, guardedHandle, watchForFailure } from "./viewer-failure.js";
import { viewerGlobals } from "./viewer-globals.js";
import { currentTime, readState, recordingOnScreen } from "./viewer-state.js";

/** @typedef {import("./viewer-state.js").CurrentTime} CurrentTime */
/** @typedef {import("./kept-time.js").Place} Place */
/** @typedef {import("../wire.js").PanelStates} PanelStates */
/** @typedef {import("../wire.js").PanelName} PanelName */

/** The channel for data that we have, and its name in the viewer. */
const CHANNEL = "gradio";

/** How many frames a screenshot waits for one that the viewer draws. */
const SCREENSHOT_FRAMES = 60;

/**
 * An event of the viewer, in its own form.
 * @typedef {{type: string, application_id?: string, recording_id?: string, [field: string]: unknown}} ViewerEvent
 */

export class Viewer {
  /** @type {any} */
  #handle;
  #canvas;
  #urls = new Set();
  #hasChannel = false;
  #onlyRecording;
  /** Ids of the recordings that were open at the last call of `closedOf`. @type {string[]} */
  #stores = [];
  #life = new AbortController();

  /** @param {any} handle @param {HTMLCanvasElement} canvas */
  constructor(handle, canvas) {
    this.#handle = handle;
    this.#canvas = canvas;
    this.#onlyRecording = new OnlyRecording(handle);
    this.control = createControl(handle, () => this.wake(), this.#life.signal);
  }

  /**
   * Starts a viewer of its own memory on `canvas`.
   *
   * @param {import("./loader.js").LoadedViewer} code
   * @param {HTMLCanvasElement} canvas in the page, with a size
   * @param {object} options
   * @param {typeof globalThis.fetch} options.fetch for all that the viewer downloads
   * @param {"light" | "dark"} options.theme
   * @param {PanelStates} options.panelStates
   * @param {(event: ViewerEvent) => void} options.onEvent
   * @param {(message: string) => void} options.onPanic receives the reason why the viewer has stopped
   * @param {(words: string, source: string) => void} options.onComplaint receives the errors that the viewer writes to the console; `source`: the part of it that writes them
   * @param {(callback: FrameRequestCallback) => number} options.requestFrame as the browser's `requestAnimationFrame`
   * @param {() => void} options.onFrame called after each frame
   * @param {{get_state: () => boolean, on_toggle: () => void}} options.fullscreen what the viewer's own button does
   */
  static async start({ createBindings, module }, canvas, { fetch, theme, panelStates, onEvent, onPanic, onComplaint, requestFrame, onFrame, fullscreen }) {
    const stop = (/** @type {string} */ message) => void (viewer.#life.signal.aborted || onPanic(message));
    const guarded = guardedBy((error) => {
      // A panic is found by the poll, with its reason.
      if (!handle.has_panicked()) stop(describeAbort(error, memory.buffer.byteLength));
    });
    const bindings = createBindings(viewerGlobals({ fetch, theme, onComplaint, requestFrame, onFrame, guarded }));
    const { memory } = await bindings({ module_or_path: module });
    const handle = new bindings.WebHandle({
      hide_welcome_screen: true,
      notebook: true, // or its bell would ring for an advertisement of the native viewer
      persist: false, // or apps of one origin would share their layouts
      theme,
      fullscreen,
      on_viewer_event: (/** @type {string} */ json) => {
        const event = JSON.parse(json);
        // Some versions, 0.29 among them, report a placeholder before there is a recording.
        if (event.application_id !== "<EMPTY>") onEvent(event);
      },
    });
    const viewer = new Viewer(guardedHandle(handle, guarded), canvas);
    watchForFailure(handle, canvas, viewer.#life.signal, stop);
    try {
      await handle.start(canvas);
    } catch (error) {
      const message = handle.panic_message() ?? messageOf(error);
      viewer.dispose();
      throw new Error(`The viewer did not start: ${message}`, { cause: error });
    }
    viewer.setPanelStates(panelStates, {});
    return viewer;
  }

  /** Opens a recording, while it is being downloaded. @param {string} url @param {boolean} [isBeside] whether what is on screen stays there meanwhile, from 0.41 on */
  open(url, isBeside = false) {
    this.#urls.add(url);
    const add = () => {
      this.#handle.add_receiver(url);
      this.wake();
    };
    if (isBeside) openBeside(this.control, url).catch(add);
    else add();
  }

  /** Shows a table, which the viewer takes as Arrow's stream with a name in its metadata. @param {Uint8Array} bytes */
  sendTable(bytes) {
    if (!this.#handle.send_table_to_channel) throw new Error("It needs a newer version of rerun-sdk.");
    this.#openChannel();
    this.#handle.send_table_to_channel(CHANNEL, bytes);
  }

  /** Passes data to the viewer, which wakes by itself for it. @param {Uint8Array} bytes whole recordings or blueprints */
  send(bytes) {
    this.#openChannel();
    this.#handle.send_rrd_to_channel(CHANNEL, bytes);
  }

  #openChannel() {
    if (!this.#hasChannel) this.#handle.open_channel(CHANNEL, CHANNEL);
    this.#hasChannel = true;
  }

  /** Forgets a recording that failed, so that it can be opened again. @param {string} url */
  forget(url) {
    this.#urls.delete(url);
    this.#handle.remove_receiver?.(url);
  }

  /** Closes all recordings. Resolves when they are closed. */
  async closeAll() {
    if (this.#handle.remove_receiver) {
      // Remove when the rerun-sdk floor passes 0.40.
      for (const url of this.#urls) this.#handle.remove_receiver(url);
      this.wake();
    } else {
      const closed = this.#handle.viewer_control(CLOSE_ALL);
      this.wake();
      await closed;
    }
    this.#urls.clear();
  }

  /** @param {PanelStates} next @param {PanelStates} previous panels that are only in here are left to the user again */
  setPanelStates(next, previous) {
    for (const panel of /** @type {PanelName[]} */ (Object.keys({ ...previous, ...next }))) {
      if (next[panel] !== previous[panel]) this.#handle.override_panel_state(panel, next[panel] ?? null);
    }
    this.wake();
  }

  /** Wakes the viewer, which sleeps until it gets input. The call changes nothing else: the overrides are always on here. */
  wake() {
    this.#handle.toggle_panel_overrides(true);
  }

  /** The exact position of the time cursor; null if there is none, or if the viewer is older than 0.41. @returns {CurrentTime | null} */
  get currentTime() {
    return this.#reported((state) => state && currentTime(state), null);
  }

  /** The recording on screen; null if there is none, or if the viewer is older than 0.41. */
  get recordingOnScreen() {
    return this.#reported((state) => state && recordingOnScreen(state), null);
  }

  /** The active timeline of a recording; null if the viewer does not report it. @param {import("./store-id.js").RecordingName} recording */
  activeTimeline({ application_id, recording_id }) {
    const current = this.currentTime;
    if (current) return current.recording_id === recording_id && current.application_id === application_id ? current.timeline : null;
    // Remove when the rerun-sdk floor passes 0.40.
    return this.#reported(() => activeTimeline(this.#handle, recording_id), null);
  }

  /** All data of the viewer as the bytes of a recording; null if it is older than 0.39. @returns {Promise<Uint8Array<ArrayBuffer> | null>} */
  async saveRecording() {
    // Remove the test when the rerun-sdk floor passes 0.39.
    return (await this.#handle.save_recording?.()) ?? null;
  }

  /** The blueprint on screen, as the bytes of an .rbl file; null if the viewer is older than 0.39. @returns {Promise<Uint8Array<ArrayBuffer> | null>} */
  async saveBlueprint() {
    // Remove the test when the rerun-sdk floor passes 0.39.
    return (await this.#handle.save_blueprint?.()) ?? null;
  }

  /** A PNG of the canvas. @param {number} [maxSize] pixels of the longer side at most */
  async screenshot(maxSize) {
    return toPng(await this.copy(SCREENSHOT_FRAMES), maxSize);
  }

  /** A copy of the canvas. @param {number} frames the number of frames to wait until the viewer has drawn one */
  async copy(frames) {
    const copy = document.createElement("canvas");
    for (let attempt = 0; attempt < frames; attempt++) {
      await this.frames(1);
      // The drawing no longer exists when this frame is shown: it is copied within the frame that drew it.
      if (copyCanvas(this.#canvas, copy)) break;
    }
    return copy;
  }

  /** Resolves when the viewer has drawn `count` frames; not while the page is hidden. @param {number} count */
  async frames(count) {
    for (let frame = 0; frame < count && !this.#life.signal.aborted; frame++) {
      this.wake();
      await new Promise(requestAnimationFrame);
    }
  }

  /** Whether the viewer shows its welcome page, an advertisement, or that a file (such as a blueprint) held no recording; null if it does not report that. */
  get showsWelcome() {
    return this.#reported((state) => {
      if (!state) return activeRecording(this.#handle) ? false : null;
      const { activeId, location } = readState(state);
      return !activeId && (location === "" || /^https?:|\b_examples\.rerun\.io\b/.test(location));
    }, false);
  }

  /** The recordings among `names` that the user has closed. @param {import("./store-id.js").RecordingName[]} names */
  closedOf(names) {
    return this.#reported((state) => {
      if (!state) return this.#onlyRecording.closedOf(names);
      const open = readState(state).recordings.map(({ id }) => id);
      const before = this.#stores;
      this.#stores = open;
      return names.filter((name) => before.includes(storeIdOf(name)) && !open.includes(storeIdOf(name)));
    }, []);
  }

  /** Where the recording on screen, or another one from 0.41 on, is paused; null if there is none or if it plays. @param {import("./store-id.js").RecordingName} [other] @returns {Place | null} */
  pausedPlace(other) {
    return this.#reported((state) => (state ? pausedPlace(state, other && storeIdOf(other)) : pausedPlaceBySetters(this.#handle)), null);
  }

  /**
   * What the viewer reports; `otherwise` if it has panicked, which `onPanic` reports.
   * @template T
   * @param {(state: Uint8Array | null) => T} read
   * @param {T} otherwise
   */
  #reported(read, otherwise) {
    try {
      return read(this.#state);
    } catch {
      return otherwise;
    }
  }

  /** The state of the viewer; null if it is older than 0.41. Remove what handles null when the rerun-sdk floor passes 0.40. @returns {Uint8Array | null} */
  get #state() {
    return this.#handle.viewer_state?.() ?? null;
  }

  /** Puts a recording where it was paused. Resolves to whether it has that timeline. @param {Place} place */
  async restore(place) {
    const state = this.#state;
    if (!state) return placeBySetters(this.#handle, place);
    if (!hasPlace(state, place)) return false;
    await this.#place(state, place);
    return true;
  }

  /** If the recording on screen lacks the active timeline, makes one that it has the active one. Viewers before 0.41 do not list timelines. */
  async repairTimeline() {
    const state = this.#state;
    if (state) await this.#place(state, null);
  }

  /** @param {Uint8Array} state @param {Place | null} place */
  async #place(state, place) {
    const request = placeRequest(state, place);
    if (!request) return;
    const placed = this.#handle.viewer_control(request);
    this.wake();
    await placed;
  }

  /** Releases everything. */
  dispose() {
    this.#life.abort();
    try {
      this.#handle.destroy();
      this.#handle.free();
    } catch {
      // A viewer that has panicked throws. Its memory is freed with the last reference in any case.
    }
    // Browsers keep some 16 contexts alive and drop the oldest: release this one now.
    this.#canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
    this.#canvas.remove();
  }
}
