/** Reads a growing recording up to the announced size, in order, and passes it on in pieces that are recordings themselves. */

import { fromBase64 } from "./base64.js";
import { delay } from "./delay.js";
import { messageOf } from "./errors.js";
import { HEADER_SIZE, MAGIC } from "./rrd.js";

/** Bytes that are passed on together; more if a single chunk is larger. */
const PIECE = 1 << 20;

/** Bytes of a buffer that is used again: new memory for each piece of a gigabyte costs more than the copy itself. */
const KEPT = 4 * PIECE;

/** ms after which fewer bytes are passed on. */
const PIECE_WITHIN = 50;

/**
 * Bytes that are passed on between two frames: the viewer processes them frame by frame, and draws no frames while the page is hidden. A frame of 80,000
 * points takes half a second where software draws it: with 8 MB a frame, a gigabyte was complete 54 s after the function's end, with 64 MB a frame 7 s after it.
 */
const PER_FRAME = 64 << 20;

/** How often a request without new bytes is repeated, and the ms before the first repetition. The time doubles for each further one. */
const RETRIES = 6;
const RETRY_AFTER = 250;

const NO_RECORDING = "the server does not send a Rerun recording";

/** A failure that no repetition fixes. */
class FinalError extends Error {}

export class StreamReader {
  /** Messages end here, in bytes from the start, ascending. @type {number[]} */
  #marks;
  /** The bytes of the file that were received, and those that were passed on. */
  #received = 0;
  #passedOn = 0;
  /** The bytes that were received, and not passed on yet. @type {Uint8Array[]} */
  #waiting = [];
  #buffer = new Uint8Array(0);
  #lastPass = 0;
  /** The header of the recording. @type {Uint8Array | null} */
  #header = null;
  #frameBudget = PER_FRAME;
  #isReading = false;
  #url;
  #send;
  #fail;
  #signal;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {number[]} options.marks the sizes that were announced; more may be added at the end
   * @param {(bytes: Uint8Array) => void} options.send copies whole recordings: the memory is used again
   * @param {(message: string) => void} options.fail receives the reason why reading has stopped; `read` goes on from there
   * @param {AbortSignal} options.signal ends it
   */
  constructor({ url, marks, send, fail, signal }) {
    this.#url = url;
    this.#marks = marks;
    this.#send = send;
    this.#fail = fail;
    this.#signal = signal;
  }

  /** Bytes passed on so far. */
  get passedOn() {
    return this.#passedOn;
  }

  /**
   * Reads the announced bytes that are missing. Does nothing if it is reading already.
   * @param {string} [end] the last bytes of what was announced, in base64, which need not be requested
   */
  async read(end) {
    if (this.#isReading) return;
    this.#isReading = true;
    if (end) this.#receive(end);
    let failures = 0;
    while (!this.#signal.aborted && this.#passedOn < this.#announced) {
      const before = this.#received;
      let reason = "the connection ends too early";
      try {
        if (this.#received < this.#announced) await this.#request();
        await this.#passOn(true);
        if (this.#passedOn >= this.#announced) continue;
      } catch (error) {
        if (this.#signal.aborted) break;
        if (error instanceof FinalError) failures = RETRIES;
        reason = messageOf(error);
      }
      failures = this.#received > before && failures < RETRIES ? 0 : failures + 1;
      if (failures > RETRIES) {
        this.#fail(`${reason} (after ${this.#received} of ${this.#announced} bytes)`);
        break;
      }
      await delay(RETRY_AFTER * 2 ** Math.max(0, failures - 1), this.#signal);
    }
    this.#isReading = false;
  }

  get #announced() {
    return this.#marks[this.#marks.length - 1] ?? 0;
  }

  /** Takes the last bytes of the announced ones, if all bytes before are received. @param {string} end base64 */
  #receive(end) {
    const bytes = fromBase64(end);
    if (this.#received + bytes.length !== this.#announced) return;
    this.#waiting.push(bytes);
    this.#received = this.#announced;
  }

  async #request() {
    // An open range: the file may have grown since it was announced, and the further bytes are needed soon.
    const response = await fetch(this.#url, {
      headers: { Range: `bytes=${this.#received}-` },
      credentials: "same-origin",
      cache: "no-store",
      signal: this.#signal,
    });
    if (!response.ok) throw new (isFinal(response.status) ? FinalError : Error)(`the server answers ${response.status}`);
    // A proxy may not support ranges, or answer with a page where users log in.
    const isWhole = response.status !== 206;
    let skip = isWhole ? this.#received : 0;
    let start = "";
    const body = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    for (;;) {
      const { value, done } = await body.read();
      if (this.#signal.aborted || done) return;
      if (isWhole && start.length < MAGIC.length) {
        start += String.fromCharCode(...value.subarray(0, MAGIC.length - start.length));
        if (!MAGIC.startsWith(start)) {
          body.cancel().catch(() => {});
          throw new FinalError(NO_RECORDING);
        }
      }
      const bytes = value.subarray(Math.min(skip, value.length));
      skip -= value.length - bytes.length;
      if (bytes.length === 0) continue;
      this.#waiting.push(bytes);
      this.#received += bytes.length;
      await this.#passOn();
    }
  }

  /** @param {boolean} [all] even if it is little */
  async #passOn(all = false) {
    const end = lastWithin(this.#marks, this.#received);
    if (end <= this.#passedOn) return;
    const now = performance.now();
    all ||= end === this.#announced;
    if (!all && end - this.#passedOn < PIECE && now - this.#lastPass < PIECE_WITHIN) return;
    this.#lastPass = now;
    const piece = this.#take(end - this.#passedOn, this.#header);
    if (String.fromCharCode(...piece.subarray(0, MAGIC.length)) !== MAGIC) throw new FinalError(NO_RECORDING);
    this.#header ??= piece.slice(0, HEADER_SIZE);
    this.#send(piece);
    this.#passedOn = end;
    this.#frameBudget -= piece.length;
    if (this.#frameBudget > 0) return;
    await frame(this.#signal);
    this.#frameBudget = PER_FRAME;
  }

  /** The first of the waiting bytes. @param {number} length @param {Uint8Array | null} header bytes to put before them */
  #take(length, header) {
    let filled = header?.length ?? 0;
    const piece = this.#memory(filled + length);
    if (header) piece.set(header);
    while (filled < piece.length) {
      const first = this.#waiting[0];
      const part = first.subarray(0, piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
    }
    return piece;
  }

  /** @param {number} length */
  #memory(length) {
    if (length > KEPT) return new Uint8Array(length);
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(Math.min(2 * length, KEPT));
    return this.#buffer.subarray(0, length);
  }
}

/** The greatest of the ascending `marks` that is not beyond `limit`; 0 if all are. @param {number[]} marks @param {number} limit */
function lastWithin(marks, limit) {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return marks[low - 1] ?? 0;
}

/** @param {number} status */
function isFinal(status) {
  return [401, 403, 404, 416].includes(status);
}

/** @param {AbortSignal} signal */
function frame(signal) {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
    signal.addEventListener("abort", resolve, { once: true });
  });
}
