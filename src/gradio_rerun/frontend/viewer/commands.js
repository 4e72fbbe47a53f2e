/** Carries out commands from Python: each once, in order, as soon as what it refers to exists. */

import { Ended, NotThere } from "./viewer-control.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./viewer.js").ViewerEvent} ViewerEvent */
/** @typedef {import("./rerun-viewer.js").RerunViewerElement} RerunViewerElement */

/** Ids of those that were begun in this page: Gradio gives an element's last settings to the next one in its place. @type {Set<string>} */
const begun = new Set();

/** ms between two checks whether what a command needs exists. */
const POLL = 100;

/** ms that a command waits for the first recording, when none is loading, and that a URL may take to open. */
const OPEN_WITHIN = 30_000;

/** ms that a command waits for its recording, timeline or view, after all data is loaded. */
const FOUND_WITHIN = 3_000;

/** ms after a command in which the viewer may send events that it has caused. */
const OWN_WITHIN = 1_000;

/** Commands whose answer the next one need not wait for: a viewer carries out any number of them with one frame. */
const QUICK = ["set_time", "play", "pause"];

/** Commands that outlast a value: when their value is skipped, they are carried out at the next one. The others refer to the value beside them. */
const OUTLASTING = ["set_panel_states", "set_blueprint", "get_state"];

/** The events that a command causes. @type {Record<string, string[]>} */
const CAUSES = {
  set_time: ["timeline_change", "time_update", "play", "pause"],
  set_timeline: ["timeline_change", "time_update"],
  play: ["play"],
  pause: ["pause"],
  set_recording: ["selection_change", "timeline_change", "time_update"],
  close: ["selection_change", "timeline_change", "time_update"],
  open: ["recording_open"],
  run_command: ["selection_change", "timeline_change", "time_update", "play", "pause"],
};

/**
 * @typedef {object} Outcomes what the page does with the outcome of a command
 * @property {(event: string) => boolean} isListened whether a function listens to that event
 * @property {(event: string, data: object) => void} answer
 * @property {(file: File) => Promise<string>} upload resolves to the path in the app's upload folder
 * @property {(message: string) => void} fail
 */

export class CommandQueue {
  #viewer;
  #outcomes;
  /** @type {Command[]} */
  #waiting = [];
  /** The number of the value that a command refers to: the newest when it arrived. @type {WeakMap<Command, number>} */
  #values = new WeakMap();
  #isRunning = false;
  /** Quick ones that the viewer has not answered yet. @type {Set<Promise<void>>} */
  #unanswered = new Set();
  /** Events of the viewer that a command may cause. @type {{command: Command, types: Set<string>, until: number}[]} */
  #expected = [];

  /** @param {RerunViewerElement} viewer @param {Outcomes} outcomes */
  constructor(viewer, outcomes) {
    this.#viewer = viewer;
    this.#outcomes = outcomes;
  }

  /** @param {Command[]} commands those that came before are left out */
  add(commands) {
    // Gradio repeats the last yield of a generator when that ends.
    const isKnown = (/** @type {string} */ id) => begun.has(id) || this.#waiting.some((each) => each.id === id);
    for (const command of commands.filter(({ id }) => !isKnown(id))) {
      this.#waiting.push(command);
      this.#values.set(command, this.#viewer.valueNumber);
    }
    if (!this.#isRunning) this.#run();
  }

  /** Drops those that wait. */
  clear() {
    this.#waiting = [];
  }

  /** Whether a command has caused an event of the viewer; called once for each event. @param {ViewerEvent} event */
  isOwn(event) {
    const now = performance.now();
    this.#expected = this.#expected.filter(({ types, until }) => types.size > 0 && now < until);
    const cause = this.#expected.find(({ command, types }) => types.has(event.type) && mayCause(command, event));
    cause?.types.delete(event.type);
    return cause !== undefined;
  }

  async #run() {
    this.#isRunning = true;
    for (let command; (command = this.#waiting[0]); ) {
      const failure = await this.#try(command);
      if (this.#waiting[0] !== command) continue; // dropped meanwhile
      this.#waiting.shift();
      if (failure) this.#fail(command, failure);
    }
    this.#isRunning = false;
  }

  /** Resolves when it is done, is dropped, or cannot be done: to the reason. @param {Command} command @returns {Promise<string | null>} */
  async #try(command) {
    let deadline = performance.now();
    while (this.#waiting[0] === command) {
      const viewer = this.#viewer;
      let reason = "No recording is open.";
      const recordingId = recordingOf(command);
      const value = this.#values.get(command) ?? 0;
      // The value was skipped, or was replaced meanwhile.
      if (viewer.isPast(value) && !OUTLASTING.includes(command.name)) return null;
      if (viewer.takesCommands(recordingId, value)) {
        try {
          return await this.#start(command);
        } catch (error) {
          if (!(error instanceof NotThere || error instanceof Ended)) return messageOf(error);
          reason = messageOf(error);
        }
      } else if (recordingId && viewer.isOpen) {
        reason = `There is no recording ${JSON.stringify(recordingId)}.`;
      }
      if (viewer.isLoading || !viewer.isShown) deadline = performance.now();
      if (performance.now() - deadline > (viewer.isOpen ? FOUND_WITHIN : OPEN_WITHIN)) return reason;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
    return null;
  }

  /** @param {Command} command */
  async #start(command) {
    begun.add(command.id);
    // While data is arriving, what a command refers to may not exist yet, and the next command waits.
    if (!QUICK.includes(command.name) || this.#viewer.isLoading) {
      await Promise.all(this.#unanswered);
      await this.#carryOut(command);
      return null;
    }
    const done = this.#carryOut(command)
      .catch((error) => {
        // What was set in a viewer is lost when that viewer ends, before the answer or after it.
        if (!(error instanceof Ended)) this.#fail(command, messageOf(error));
      })
      .finally(() => this.#unanswered.delete(done));
    this.#unanswered.add(done);
    return null;
  }

  /** @param {Command} command */
  async #carryOut(command) {
    const expected = { command, types: new Set(CAUSES[command.name] ?? []), until: Infinity };
    this.#expected.push(expected);
    try {
      await this.#execute(command);
    } finally {
      expected.until = performance.now() + (command.name === "open" ? OPEN_WITHIN : OWN_WITHIN);
    }
  }

  get #running() {
    const { running } = this.#viewer;
    if (!running) throw new Ended();
    return running;
  }

  /** @param {Command} command */
  async #execute(command) {
    const { isListened, answer, upload } = this.#outcomes;
    /** @param {string} event @param {BlobPart} content @param {string} name */
    const answerFile = async (event, content, name) => answer(event, { path: await upload(new File([content], name)) });
    switch (command.name) {
      case "screenshot":
        if (isListened("screenshot")) await answerFile("screenshot", await this.#running.takePicture(command), "screenshot.png");
        return;
      case "save_recording":
        if (isListened("recording_saved")) await answerFile("recording_saved", await saved(this.#running.viewer?.saveRecording()), "recording.rrd");
        return;
      case "save_blueprint":
        if (isListened("blueprint_saved")) await answerFile("blueprint_saved", await saved(this.#running.viewer?.saveBlueprint()), "blueprint.rbl");
        return;
      case "get_state":
        if (isListened("state")) answer("state", await this.#running.getState());
        return;
      default:
        await this.#running.carryOut(command);
    }
  }

  /** @param {Command} command @param {string} reason */
  #fail(command, reason) {
    this.#outcomes.fail(`The viewer could not carry out ${describe(command)}: ${reason}`);
  }
}

/** @param {Promise<Uint8Array<ArrayBuffer> | null> | undefined} saving */
async function saved(saving) {
  const bytes = await saving;
  if (!bytes) throw new Error("It needs rerun-sdk 0.39 or newer.");
  return bytes;
}

/** @param {Command} command @returns {string | null} */
function recordingOf({ arguments: given }) {
  return given.recording_id ?? null;
}

/** Whether an event of a type that the command causes is of the kind it causes. @param {Command} command @param {ViewerEvent} event */
function mayCause({ name, arguments: given }, event) {
  if (given.recording_id && name !== "close" && event.recording_id !== given.recording_id) return false;
  if (name !== "set_time" && name !== "set_timeline") return true;
  switch (event.type) {
    case "play":
      return given.play;
    case "pause":
      return !given.play;
    case "timeline_change":
      return given.timeline === null || event.timeline === given.timeline;
    default:
      return name === "set_timeline" || isSameTime(/** @type {number} */ (event.time), Number(given.time));
  }
}

/** Both are floats, which the viewer may have rounded once more. @param {number} one @param {number} other */
function isSameTime(one, other) {
  return Math.abs(one - other) <= Math.abs(other) * 2 * Number.EPSILON;
}

/** As in Python. @param {Command} command */
function describe({ name, arguments: given }) {
  const shown = Object.entries(given).filter(([key, value]) => value !== null && !["rbl", "kind", "play"].includes(key));
  return `${name}(${shown.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(", ")})`;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
