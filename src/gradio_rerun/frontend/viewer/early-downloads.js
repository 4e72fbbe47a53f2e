/** Downloads of recordings that begin while the viewer still loads: its own `fetch` comes only after its first frame. */

import { serverOf } from "./urls.js";
import { copyResponse, either } from "./viewer-fetch.js";

/** How many recordings are downloaded early, and how many bytes of each are kept until the viewer takes them. The viewer's code travels at the same time. */
const MOST = 2;
const MOST_BYTES = 4_000_000;

export class EarlyDownloads {
  /** By URL. @type {Map<string, {response: Promise<Response | null>, abort: AbortController}>} */
  #downloads = new Map();
  #signal;

  /** @param {AbortSignal} signal ends all downloads */
  constructor(signal) {
    this.#signal = signal;
  }

  /** Downloads the first recordings of a value, in place of those before. @param {import("../wire.js").Recording[]} value */
  begin(value) {
    const urls = this.#signal.aborted ? [] : value.filter(isPlainFile).slice(0, MOST).map(({ url }) => url);
    for (const [url, { abort }] of this.#downloads) {
      if (urls.includes(url)) continue;
      abort.abort();
      this.#downloads.delete(url);
    }
    for (const url of urls) {
      if (this.#downloads.has(url)) continue;
      const abort = new AbortController();
      const response = fetch(new Request(url, { credentials: "same-origin", signal: either(abort.signal, this.#signal) })).then(buffered, () => null);
      this.#downloads.set(url, { response, abort });
    }
  }

  /**
   * The response for the viewer, once; null if there is none, or if it has failed: the viewer then sends its own request.
   * @param {string} url
   */
  async take(url) {
    const download = this.#downloads.get(url);
    this.#downloads.delete(url);
    const response = await download?.response;
    return response?.ok ? response : null;
  }
}

/** Whether the viewer gets the recording by one download. @param {import("../wire.js").Recording} recording */
function isPlainFile({ url, upload, large, marks }) {
  return /^https?:/.test(url) && serverOf(url) !== null && !upload && !large && !marks;
}

/** @param {Response} response */
function buffered(response) {
  const { body } = response;
  if (!body) return response;
  const queue = new ByteLengthQueuingStrategy({ highWaterMark: MOST_BYTES });
  return copyResponse(response, body.pipeThrough(new TransformStream({}, undefined, queue)));
}
