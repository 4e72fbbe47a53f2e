/** Requests files that the app must prepare for the viewer: uploads, which it converts, and large files, which it serves piece by piece. */

import { NO_DATA } from "../viewer/errors.js";

/** @typedef {import("../wire.js").FileData} FileData */
/** @typedef {import("../wire.js").Recording} Recording */
/** @typedef {import("../viewer/open-recordings.js").Prepared} Prepared */

/** ms. A server ends if its leases are not renewed for 15 minutes: _recordings/on_demand.py. */
const RENEW_EVERY = 60_000;

/**
 * The app's functions. `openUpload` and `call` are those of the component. `toRecordings`: see wire.js.
 * @typedef {object} App
 * @property {(path: string) => Promise<{file?: FileData, error?: string}>} openUpload
 * @property {(name: string, data: object, options: {signal?: AbortSignal, keepalive?: boolean}) => Promise<Response>} call
 * @property {(value: unknown) => Recording[]} toRecordings
 */

/** The result of `open_large_file`. @typedef {{servers?: import("../wire.js").ServerUrl[], is_truncated?: boolean, error?: string}} Opened */

/** @param {App} app @returns {import("../viewer/open-recordings.js").Prepare} */
export function preparer(app) {
  return async (recording, options) => {
    if (recording.upload === undefined) return openLarge(app, recording, options);
    const { file, error } = await app.openUpload(recording.upload).catch(notOpened);
    if (!file) throw new Error(error ?? NO_DATA);
    const [converted] = app.toRecordings([{ ...file, url: null }]);
    return converted.large === undefined ? { recordings: [converted] } : openLarge(app, converted, options);
  };
}

/** The reason why an upload was not opened, for the user. @param {unknown} error @returns {never} */
function notOpened(error) {
  // A proxy answers with a page, such as one where users log in.
  throw error instanceof SyntaxError ? new Error(NO_DATA) : error;
}

/**
 * Opens a large file as recordings on a Rerun server of the app. If the app cannot serve the file, the viewer downloads it whole.
 * @param {App} app
 * @param {Recording} recording
 * @param {{signal: AbortSignal, onProgress: (part: number) => void}} options
 * @returns {Promise<Prepared>}
 */
async function openLarge({ call, toRecordings }, { large, ...whole }, { signal, onProgress }) {
  const data = { path: large, lease: Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("") };
  const close = () => void call("close_large_file", data, { keepalive: true }).catch(() => {});
  const open = async (/** @type {AbortSignal} */ end) => lastLine(await call("open_large_file", data, { signal: end }), onProgress);
  const { servers = [], is_truncated, error } = await open(signal).catch((reason) => /** @type {Opened} */ ({ error: String(reason) }));
  if (servers.length === 0) {
    if (signal.aborted) close(); // a lease may have begun
    console.info(`gradio_rerun: ${whole.name} is downloaded whole. ${error}`);
    return { recordings: [whole] };
  }
  const recordings = toRecordings(servers).map((each, index) => ({ ...each, name: index > 0 ? `${whole.name} (${index + 1})` : whole.name }));
  const life = new AbortController();
  const release = () => {
    life.abort();
    close();
  };
  addEventListener("pagehide", ({ persisted }) => void (persisted || close()), { signal: life.signal });
  /** @type {Promise<string>} */
  const lost = new Promise((resolve) => {
    const renew = async () => {
      const renewed = await open(life.signal).catch(() => null);
      // After an error, the lease is renewed a minute later.
      if (!renewed?.servers || renewed.servers[0].server === servers[0].server) return;
      release();
      resolve("The app no longer serves it. Open it again.");
    };
    const timer = setInterval(renew, RENEW_EVERY);
    life.signal.addEventListener("abort", () => clearInterval(timer));
  });
  return { recordings, isTruncated: is_truncated === true, release, lost };
}

/** Returns the last line of JSON in a response. The lines before report the progress. @param {Response} response @param {(part: number) => void} onProgress */
async function lastLine(response, onProgress) {
  if (!response.ok) throw new Error(`The app answered ${response.status}.`);
  const reader = /** @type {ReadableStream} */ (response.body).pipeThrough(new TextDecoderStream()).getReader();
  /** @type {Opened} */
  let last = { error: "The connection to the app was lost." };
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return last;
    const lines = (text + value).split("\n");
    text = /** @type {string} */ (lines.pop());
    for (const line of lines) {
      const read = JSON.parse(line);
      if ("progress" in read) onProgress(read.progress);
      else last = read;
    }
  }
}
