/** Carries out commands from Python: each once, in order, as soon as what it refers to exists. */

import { BoundedMap, MOST_COMPONENTS } from "./bounded-set.js";
import { delay } from "./delay.js";
import { Ended, NotThere, messageOf } from "./errors.js";
import { IN_RECORDING } from "./show.js";

/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("../wire.js").ExpectedEvent} ExpectedEvent */
/** @typedef {import("./viewer.js").ViewerEvent} ViewerEvent */
/** @typedef {import("./rerun-viewer.js").RerunViewerElement} RerunViewerElement */

/** Ids of the commands that were begun in this page, by component: Gradio passes the last settings of an element to the element that replaces it. @type {BoundedMap<number, Set<string>>} */
const begun = new BoundedMap(MOST_COMPONENTS);

/** Upper bound on the remembered commands of a component, besides those that have just arrived. */
const MOST_BEGUN = 10_000;

/** ms between two checks whether what a command needs exists. */
const POLL = 100;

/** ms that a command waits for the first recording, when none is loading, and that a URL may take to open. */
const OPEN_WITHIN = 30_000;

/** ms that a command waits for its recording, timeline or view, after all data is loaded. */
const FOUND_WITHIN = 3_000;

/** The command that waits until all recordings of the value are open: one that opens later would be shown instead. */
const SHOW = "set_active_recording";

/** ms after a command in which the viewer may send events that it has caused. */
const OWN_WITHIN = 1_000;

/**
 * @typedef {object} Outcomes where answers and failures go
 * @property {(event: string) => boolean} isListened whether a function listens to that event
 * @property {(command: Command) => void} start called before a command is carried out
 * @property {(event: string, data: object) => void} answer
 * @property {(question: string, data: object) => void} reply to a function that waits for the answer
 * @property {(file: File) => Promise<string>} upload resolves to the path in the app's upload folder
 * @property {(urls: {url: string, ticket?: string | null}[]) => void} show shows URLs, as if they were the component's value
 * @property {(message: string) => void} fail
 */

/** ms before the function gives up: then it gets the reason why its command waits. */
const REASON_BEFORE = 2_000;

export class CommandQueue {
  #viewer;
  #outcomes;
  /** The ids that are remembered of this component, oldest first. @type {Set<string>} */
  #begun;
  /** @type {Command[]} */
  #waiting = [];
  /** The number of the value that a command refers to: the newest when it arrived. @type {WeakMap<Command, number>} */
  #values = new WeakMap();
  /** When the function that waits for an answer gives up. @type {WeakMap<Command, number>} */
  #deadlines = new WeakMap();
  #isRunning = false;
  /** Unfinished commands for which the next command does not wait. @type {Set<Promise<void>>} */
  #unanswered = new Set();
  /** Events of the viewer that a command may cause. @type {{events: ExpectedEvent[], until: number}[]} */
  #expected = [];

  /** @param {RerunViewerElement} viewer @param {Outcomes} outcomes @param {number} [component] its id */
  constructor(viewer, outcomes, component = 0) {
    this.#viewer = viewer;
    this.#outcomes = outcomes;
    this.#begun = begun.get(component) ?? new Set();
    begun.set(component, this.#begun);
  }

  /** @param {Command[]} commands known ones are left out */
  add(commands) {
    // Gradio repeats the last yield of a generator when that ends.
    const waiting = new Set(this.#waiting.map(({ id }) => id));
    for (const command of commands.filter(({ id }) => !this.#begun.has(id) && !waiting.has(id))) {
      this.#waiting.push(command);
      this.#values.set(command, this.#viewer.valueNumber);
      if (command.question) this.#deadlines.set(command, performance.now() + command.seconds * 1000 - REASON_BEFORE);
    }
    for (const id of this.#begun) {
      if (this.#begun.size <= MOST_BEGUN + commands.length) break;
      this.#begun.delete(id);
    }
    if (!this.#isRunning) this.#run();
  }

  /** Drops the commands that wait, for good: they come again with the settings of the next value. */
  drop() {
    for (const { id } of this.#waiting) this.#begun.add(id);
    this.clear();
  }

  /** Drops the commands that wait here. The next viewer sends no events that commands to the last one have caused. */
  clear() {
    for (const command of this.#waiting.filter(({ question }) => question)) this.#fail(command, "The viewer was cleared.");
    this.#waiting = [];
    this.#expected = [];
  }

  /** Whether a command has caused an event of the viewer; called once for each event. @param {ViewerEvent} event */
  isOwn(event) {
    const now = performance.now();
    this.#expected = this.#expected.filter(({ events, until }) => events.length > 0 && now < until);
    for (const expected of this.#expected) {
      const left = expected.events.filter((each) => !matches(each, event));
      if (left.length === expected.events.length) continue;
      expected.events = left;
      return true;
    }
    return false;
  }

  async #run() {
    this.#isRunning = true;
    for (let command; (command = this.#waiting[0]); ) {
      const failure = await this.#try(command);
      if (this.#waiting[0] !== command) continue; // dropped meanwhile
      this.#waiting.shift();
      this.#begun.add(command.id); // the next value comes with the same settings
      if (failure) this.#fail(command, failure);
    }
    this.#isRunning = false;
  }

  /** Resolves when the command is done or dropped (to null), or has failed (to the reason). @param {Command} command @returns {Promise<string | null>} */
  async #try(command) {
    let deadline = performance.now();
    while (this.#waiting[0] === command) {
      const viewer = this.#viewer;
      let reason = viewer.running?.open.failures[0] ?? "No recording is open.";
      const recordingId = recordingOf(command);
      const value = this.#values.get(command) ?? 0;
      // The value was skipped, or was replaced meanwhile.
      if (viewer.isPast(value) && !command.outlasts) return command.question ? "The value was replaced." : null;
      if (command.name === "open" && viewer.recordings.length === 0) this.#showFirst(command);
      const isOpen = viewer.takesCommands(recordingId, value);
      if (isOpen && (command.name !== SHOW || viewer.takesCommands(null, value))) {
        try {
          return await this.#start(command);
        } catch (error) {
          if (!(error instanceof NotThere || error instanceof Ended)) return messageOf(error);
          reason = messageOf(error);
        }
      } else if (recordingId && viewer.isOpen && !isOpen) {
        reason = `There is no recording ${JSON.stringify(recordingId)}.`;
      }
      if (viewer.isLoading || !viewer.isShown) deadline = performance.now();
      // A value may follow a command, but not while a function waits for the answer.
      if (performance.now() - deadline > (viewer.isOpen || command.question ? FOUND_WITHIN : OPEN_WITHIN)) return this.#replyOfEmpty(command) ? null : reason;
      const patience = this.#deadlines.get(command) ?? Infinity;
      if (performance.now() > patience) return viewer.isShown ? reason : "It is in a part of the page that is not shown.";
      await delay(POLL);
    }
    return null;
  }

  /** The state of an empty viewer, which is not started for that. @param {Command} command @returns {boolean} whether that was asked */
  #replyOfEmpty({ id, name, question }) {
    const { recordings, settings } = this.#viewer;
    if (!question || name !== "get_state" || recordings.length > 0) return false;
    this.#begun.add(id);
    this.#outcomes.reply(question, { viewer_version: settings?.viewer.version ?? "", active_recording_id: null, recordings: [] });
    return true;
  }

  /** In an empty viewer, URLs become the value. @param {Command} command */
  #showFirst({ arguments: { urls } }) {
    const files = urls.filter((/** @type {{url: string}} */ { url }) => !url.startsWith(IN_RECORDING));
    if (files.length > 0) this.#outcomes.show(files);
  }

  /** @param {Command} command */
  async #start(command) {
    this.#begun.add(command.id);
    // While data is arriving, what a command refers to may not exist yet, and the next command waits.
    if (command.waits || this.#viewer.isLoading) {
      await Promise.all(this.#unanswered);
      await this.#carryOut(command);
      return null;
    }
    const done = this.#carryOut(command)
      .catch((error) => {
        // When a viewer ends, all that was set in it is lost anyway.
        if (!(error instanceof Ended)) this.#fail(command, messageOf(error));
      })
      .finally(() => this.#unanswered.delete(done));
    this.#unanswered.add(done);
    return null;
  }

  /** @param {Command} command */
  async #carryOut(command) {
    const expected = { events: command.causes, until: Infinity };
    this.#expected.push(expected);
    try {
      const { running } = this.#viewer;
      if (!running) throw new Ended();
      const { question } = command;
      const { isListened, upload, start, answer, reply } = this.#outcomes;
      start(command);
      const answered = await running.carryOut(command, { isListened: question ? () => true : isListened, upload });
      if (question) reply(question, answered?.data ?? {});
      else if (answered) answer(answered.event, answered.data);
    } finally {
      expected.until = performance.now() + (command.causes.some(({ type }) => type === "recording_open") ? OPEN_WITHIN : OWN_WITHIN);
    }
  }

  /** @param {Command} command @param {string} reason */
  #fail(command, reason) {
    if (command.question) return this.#outcomes.reply(command.question, { error: reason });
    this.#outcomes.fail(`The viewer could not carry out ${describe(command)}: ${reason}`);
  }
}

/** @param {Command} command @returns {string | null} */
function recordingOf({ arguments: given }) {
  return given.recording_id ?? given.recording_ids?.[0] ?? null;
}

/** Whether an event of the viewer is the expected one. @param {ExpectedEvent} expected @param {ViewerEvent} event */
function matches(expected, event) {
  return Object.entries(expected).every(([name, value]) =>
    name === "time" ? isSameTime(/** @type {number} */ (event.time), Number(value)) : /** @type {any} */ (event)[name] === value,
  );
}

/** The viewer may have rounded both floats. @param {number} one @param {number} other */
function isSameTime(one, other) {
  return Math.abs(one - other) <= Math.abs(other) * 2 * Number.EPSILON;
}

/** Arguments that users do not see. */
const HIDDEN = ["rbl", "kind", "table", "describe", "all"];

/** As in Python. @param {Command} command */
function describe({ name, arguments: given }) {
  const shown = Object.entries(given).filter(([key, value]) => value !== null && !HIDDEN.includes(key));
  // The page gets the URLs with their tickets.
  const text = (/** @type {unknown} */ value) => JSON.stringify(value, (_, each) => each?.url ?? each);
  return `${name}(${shown.map(([key, value]) => `${key}=${text(value)}`).join(", ")})`;
}
