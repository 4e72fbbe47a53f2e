/** The format of a recording: its header and its messages; see rrd.py. */

/** Bytes at the start of a recording; messages follow, and any number of them makes a recording of its own. */
export const HEADER_SIZE = 12;

export const MAGIC = "RRF2";

/** Bytes at the start of a message: its kind and its length. */
const HEAD_SIZE = 16;

/** The kind of the message that ends a recording. Tables of contents may follow. */
const END = 0n;

/** A greater kind means that the format is unknown. */
const MOST_KINDS = 256n;

/** Finds the ends of messages in a recording that arrives in pieces. */
export class Messages {
  /** Bytes until the next message begins. */
  #left = HEADER_SIZE;
  /** The part of its head that has arrived. @type {number[]} */
  #head = [];
  #isOver = false;
  #hasMessages = false;

  /** @param {Uint8Array} bytes */
  follow(bytes) {
    let at = 0;
    while (!this.#isOver && at < bytes.length) {
      const wanted = this.#left || HEAD_SIZE - this.#head.length;
      const part = bytes.subarray(at, at + wanted);
      at += part.length;
      if (this.#left > 0) this.#left -= part.length;
      else this.#followHead(part);
    }
  }

  /** @param {Uint8Array} part */
  #followHead(part) {
    this.#head.push(...part);
    if (this.#head.length < HEAD_SIZE) return;
    const view = new DataView(Uint8Array.from(this.#head).buffer);
    const kind = view.getBigUint64(0, true);
    this.#hasMessages = true;
    this.#isOver = kind === END || kind > MOST_KINDS;
    this.#left = Number(view.getBigUint64(8, true));
    this.#head = [];
  }

  /** Whether a recording that ends here ends in the middle of a message, or before the first. */
  get isTruncated() {
    return !this.#isOver && (!this.#hasMessages || this.#left > 0 || this.#head.length > 0);
  }
}
