/** The `fetch` that the viewer runs with: it allows files of the app, refuses third parties, and reports the progress of recordings. */

import { MAGIC, Messages } from "./rrd.js";
import { PROBE, throughApp } from "./tunnel.js";
import { serverOf } from "./urls.js";

/** Where the viewer looks for updates and sends usage data. */
const TELEMETRY_ORIGINS = ["https://tel.rerun.io", "https://api.github.com"];

const TUNNEL = " If the app reaches the server and browsers do not: Rerun(tunnel=True).";

/**
 * Callbacks for the download of a recording.
 * @typedef {object} Download
 * @property {(loaded: number, total: number | null) => void} onProgress bytes
 * @property {(isTruncated: boolean) => void} onEnd all bytes have arrived; `isTruncated`: they end in the middle of a message
 * @property {(message: string) => void} onError
 * @property {() => void} [onAnswer] a Rerun server has answered
 * @property {(reason: string | null) => void} [onWait] why a live recording waits for its server; null: it no longer waits
 */

/** A recording that was passed to the viewer. `signal`: aborted when it is no longer wanted. @typedef {{download: Download, size: number | null, ticket?: string, signal?: AbortSignal}} Downloaded */

/**
 * @param {object} options
 * @param {string} options.files URL of the app's file route, up to the path of the file
 * @param {string[]} options.allowed_origins origins that the app allows
 * @param {boolean} options.telemetry
 * @param {Map<string, Downloaded>} options.recordings the open recordings, by URL
 * @param {import("./tunnel.js").AskServer} options.ask sends a call to a Rerun server through the app, for recordings with a ticket
 * @param {(url: string) => Promise<Response | null>} [options.takeEarly] the response for a file whose download has begun already
 * @param {{has: (url: string) => boolean}} [options.closed] URLs of closed recordings: the viewer goes back in its history when it closes the one on screen, and would open them again
 * @param {AbortSignal} options.signal ends all downloads
 * @returns {typeof globalThis.fetch}
 */
export function createViewerFetch({ files, allowed_origins: allowed, telemetry, recordings, ask, takeEarly, closed, signal }) {
  const own = [location.origin, new URL(files).origin];
  const others = [...allowed, ...(telemetry ? TELEMETRY_ORIGINS : [])];
  const refused = new Set();
  /** The servers of live recordings. The viewer sends them some requests after the recording was closed. */
  const before = new Set();
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const isOwn = own.includes(url.origin);
    const recording = recordings.get(url.href);
    if (!recording && closed?.has(url.href)) return nothingOf(request);
    const live = recording ? null : liveServer(url.origin, recordings, isOwn ? request : null);
    if (live) before.add(url.origin);
    const isFile = isFileOf(files, request);
    if (!recording && !live && !isFile && /^https?:$/.test(url.protocol) && !others.includes(url.origin)) {
      // The viewer would log each refusal as an error on the console: these two get an empty response instead.
      if (TELEMETRY_ORIGINS.includes(url.origin)) return new Response(null, { status: 204 });
      const what = isOwn ? url.href : url.origin;
      if (!refused.has(url.origin) && !before.has(url.origin)) {
        const reason = isOwn ? "it is not a file of the app" : `Rerun(allowed_origins=["${url.origin}"]) allows it`;
        console.info(`gradio_rerun: refused the viewer a request to ${what}; ${reason}.`);
      }
      refused.add(url.origin);
      throw new TypeError(`gradio_rerun allows no request to ${what}`);
    }
    const checked = new Request(request, {
      // A recording names any URL: with cookies, it could log the user out, or call the app in the user's name.
      credentials: recording || live || isFile ? "same-origin" : "omit",
      redirect: isFile && !recording ? "error" : request.redirect,
      signal: either(request.signal, signal),
    });
    const early = takeEarly && checked.method === "GET" ? await takeEarly(url.href) : null;
    if (recording) {
      const response = await watchDownload(early ?? checked, whileRunning(recording.download, signal), recording.size);
      return recording.signal?.aborted ? nothingOf(response) : response;
    }
    if (early) return early;
    if (!live) return fetch(checked);
    const { url: server, ticket } = live;
    const download = whileRunning(live.download, signal);
    const response = await (ticket ? throughApp(checked, { server, ticket, ask, ...download }) : watchServer(checked, download, TUNNEL));
    if (response.ok && !signal.aborted) download.onAnswer();
    return response;
  };
}

/**
 * Whether the request reads a file by the app's file route, however a proxy normalizes its URL.
 * @param {string} files
 * @param {Request} request
 */
function isFileOf(files, { method, url }) {
  if (!["GET", "HEAD"].includes(method) || !url.startsWith(files)) return false;
  try {
    const path = decodeURIComponent(url.slice(files.length));
    // The route also takes URLs, which Gradio 6.10 redirects to.
    return /^(\/|[a-z]:)/i.test(path) && !path.split(/[/\\]/).includes("..");
  } catch {
    return false; // not the encoding of a path
  }
}

/** Whether it is a call of gRPC-web. A recording cannot make the viewer send one. @param {Request} request */
function isCall({ method, url, headers }) {
  if (method === "GET") return new URL(url).pathname === PROBE;
  return method === "POST" && /^application\/grpc-web/.test(headers.get("content-type") ?? "");
}

/** Aborted with the first of two signals. @param {AbortSignal} one @param {AbortSignal} other */
export function either(one, other) {
  if ("any" in AbortSignal) return AbortSignal.any([one, other]);
  // Browsers have it later than the features that the viewer needs.
  const controller = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { signal: controller.signal });
  }
  return controller.signal;
}

/**
 * The recording that is read from the server at `origin`, if there is one.
 * @param {string} origin
 * @param {Map<string, Downloaded>} recordings by URL
 * @param {Request | null} call the request, if it is to the app's own origin: there, only calls to a Rerun server are allowed
 */
function liveServer(origin, recordings, call) {
  if (call && !isCall(call)) return null;
  for (const [url, recording] of recordings) {
    if (serverOf(url) === origin && (!call || url.startsWith("rerun"))) return { ...recording, url };
  }
  return null;
}

/** Callbacks that report no failures after the end of the viewer. @param {Download} download @param {AbortSignal} signal @returns {Required<Download>} */
function whileRunning(download, signal) {
  return {
    onProgress: download.onProgress,
    onEnd: download.onEnd,
    onAnswer: () => download.onAnswer?.(),
    onWait: (reason) => void (signal.aborted || download.onWait?.(reason)),
    onError: (message) => void (signal.aborted || download.onError(message)),
  };
}

/**
 * @param {Request} request to a Rerun server, or for a recording
 * @param {Download} download
 * @param {string} [cure] a further sentence for a server that cannot be reached
 */
async function watchServer(request, { onError }, cure = "") {
  let response;
  try {
    response = await fetch(request);
  } catch (error) {
    const own = new URL(request.url).origin === location.origin;
    onError(own ? "The server cannot be reached." : "It cannot be reached, or its server does not let this page read it (CORS)." + cure);
    throw error;
  }
  if (!response.ok) onError(describeStatus(response.status));
  return response;
}

/** @param {Request | Response} source @param {Download} download @param {number | null} size */
async function watchDownload(source, download, size) {
  const response = source instanceof Response ? source : await watchServer(source, download);
  if (!response.ok) return response;
  const length = response.headers.get("content-encoding") ? null : response.headers.get("content-length");
  const total = size ?? (length ? Number(length) : null);
  return copyResponse(response, watchBody(response, total, download));
}

/** @param {Response} response @param {number | null} total @param {Download} download */
function watchBody(response, total, { onProgress, onEnd, onError }) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  let loaded = 0;
  let start = "";
  const messages = new Messages();
  return new ReadableStream({
    async pull(controller) {
      let result;
      try {
        result = await reader.read();
      } catch (error) {
        onError(`The connection was interrupted after ${loaded} bytes.`);
        throw error;
      }
      const chunk = result.value;
      if (start.length < MAGIC.length) {
        start += String.fromCharCode(...(chunk?.subarray(0, MAGIC.length - start.length) ?? []));
        const complete = result.done || start.length === MAGIC.length;
        if (complete && start !== MAGIC) {
          onError(describeStart(start));
          await reader.cancel();
          controller.close();
          return;
        }
      }
      if (!chunk) {
        onEnd(messages.isTruncated);
        controller.close();
        return;
      }
      messages.follow(chunk);
      loaded += chunk.byteLength;
      onProgress(loaded, total);
      controller.enqueue(chunk);
    },
    cancel(reason) {
      onEnd(false); // the viewer has stopped reading, perhaps because the file is damaged
      return reader.cancel(reason);
    },
  });
}

/** A recording without data, for a download that is no longer wanted: after a close, the viewer still opens what its requests return. @param {Request | Response} source */
function nothingOf(source) {
  source.body?.cancel();
  return Object.defineProperty(new Response(NOTHING), "url", { value: source.url });
}

/** The header of rerun-sdk 0.24, which all later viewers read, and the message that ends a recording. */
const NOTHING = Uint8Array.from([...MAGIC].map((letter) => letter.charCodeAt(0)).concat([0, 24, 0, 0, 1, 2, 0, 0], Array(16).fill(0)));

/** @param {Response} response @param {BodyInit} body */
export function copyResponse(response, body) {
  const { status, statusText, headers, url } = response;
  return Object.defineProperty(new Response(body, { status, statusText, headers }), "url", { value: url });
}

/** The reason why a recording is not here, for the user. @param {number} status of the response */
export function describeStatus(status) {
  switch (status) {
    case 401:
      return "The server requires a login (401). Please reload the page.";
    case 403:
      return "The server refuses the file (403): it is not allowed, or it was deleted.";
    case 404:
      return "There is no such recording (404).";
    default:
      return `The server answered ${status}.`;
  }
}

/** @param {string} start */
function describeStart(start) {
  if (!start) return "The file is empty.";
  if (start.startsWith("RRF")) return "It was written by a rerun-sdk older than 0.23, which this viewer cannot read.";
  return "This is not a Rerun recording.";
}
