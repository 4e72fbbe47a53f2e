/** Calls to Rerun servers through the app. After a disconnect, a live recording is requested again, and the viewer does not notice. */

import { toBase64 } from "./base64.js";
import { delay } from "./delay.js";
import { NO_DATA, messageOf } from "./errors.js";
import { HEARTBEAT, TRAILERS, readFrames, readTrailers } from "./grpc-web.js";

/** A call, as _servers/tunnel.py reads it. @typedef {{server: string, ticket: string, path: string, headers: Record<string, string>, body: string, page: string}} ServerCall */
/** @typedef {(call: ServerCall, signal: AbortSignal) => Promise<Response>} AskServer */

/** The call that does not end: it returns all logged data, and all future data. */
const LIVE = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages";

/** A random id of this page. `crypto.randomUUID` exists in secure contexts only. */
const PAGE = toBase64(crypto.getRandomValues(new Uint8Array(16)));

/** The path at which older viewers (0.31) check with a GET whether there is a Rerun server. Here, the first call fails if there is none. */
export const PROBE = "/version";

/** ms; _servers/frames.py sends a heartbeat every 15 s. */
const SILENCE = 45_000;

/** ms before the first retry, and at most. */
const WAIT = 500;
const LONGEST_WAIT = 10_000;

/** UNAVAILABLE: the status of _servers/forwarding.py for a server that cannot be reached. */
const UNAVAILABLE = "14";

/** Statuses of gRPC after which a retry would fail, too: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. */
const FINAL = ["3", "5", "7", "12", "16"];

const ENDED = "The server has ended the recording.";

/** A refused call: a retry would fail, too. */
class Refused extends Error {}

/**
 * @param {Request} request of the viewer
 * @param {object} options
 * @param {string} options.server the URL in the value
 * @param {string} options.ticket
 * @param {AskServer} options.ask
 * @param {(reason: string | null) => void} options.onWait receives the reason why a live recording waits for its server; null: it no longer waits
 * @param {(message: string) => void} options.onError
 * @returns {Promise<Response>}
 */
export async function throughApp(request, { server, ticket, ask, onWait, onError }) {
  const { signal } = request;
  const path = new URL(request.url).pathname;
  if (request.method === "GET" && path === PROBE) return new Response();
  const body = toBase64(new Uint8Array(await request.arrayBuffer()));
  const call = { server, ticket, path, headers: Object.fromEntries(request.headers), body, page: PAGE };
  const end = new AbortController();
  signal.addEventListener("abort", () => end.abort(signal.reason));
  const send = () => answerOf(ask(call, end.signal));
  try {
    signal.throwIfAborted();
    const live = path === LIVE ? new Live(send, end.signal, onWait) : null;
    const response = await (live ? live.connect() : send());
    return withBody(response, live ? live.read() : withoutHeartbeats(/** @type {ReadableStream} */ (response.body)), end);
  } catch (error) {
    if (!signal.aborted) onError(messageOf(error));
    throw error;
  }
}

class Live {
  #send;
  #signal;
  #onWait;
  /** @type {Response | null} */
  #response = null;
  #failures = 0;

  /** @param {() => Promise<Response>} send @param {AbortSignal} signal @param {(reason: string | null) => void} onWait */
  constructor(send, signal, onWait) {
    this.#send = send;
    this.#signal = signal;
    this.#onWait = onWait;
  }

  /** Resolves to the first response of the server. */
  async connect() {
    while (!this.#response) {
      try {
        this.#response = await this.#send();
        this.#onWait(null);
      } catch (error) {
        await this.#pause(error);
      }
    }
    return this.#response;
  }

  /** All logged data, once more after each disconnect: the viewer ignores data that it has. @returns {AsyncGenerator<Uint8Array, void>} */
  async *read() {
    for (;;) {
      const response = await this.connect();
      try {
        for await (const frame of readFrames(/** @type {ReadableStream} */ (response.body), SILENCE)) {
          if (frame.flags & TRAILERS) throw reasonOf(readTrailers(frame));
          this.#failures = 0;
          if (frame.flags !== HEARTBEAT) yield* frame.pieces;
        }
        throw new Error(ENDED);
      } catch (error) {
        this.#response = null;
        await this.#pause(error);
      }
    }
  }

  /** @param {unknown} error */
  async #pause(error) {
    this.#signal.throwIfAborted();
    const reason = messageOf(error);
    this.#onWait(error instanceof Refused ? reason : `${reason.replace(/\.$/, "")}. Trying again.`);
    if (error instanceof Refused) throw error;
    const wait = Math.min(LONGEST_WAIT, WAIT * 2 ** this.#failures++);
    await delay(wait * (0.75 + Math.random() / 2), this.#signal); // not all pages at once
    this.#signal.throwIfAborted();
  }
}

/** The response of the server; throws if there is none. @param {Promise<Response>} responding */
async function answerOf(responding) {
  let response;
  try {
    response = await responding;
  } catch (error) {
    if (error instanceof DOMException) throw error; // it was cancelled
    throw new Error("The app cannot be reached.", { cause: error });
  }
  const status = response.headers.get("grpc-status");
  if (response.ok && status === UNAVAILABLE) throw reasonOf(response.headers);
  if (response.ok && response.headers.get("content-type")?.startsWith("application/grpc-web")) return response;
  if (response.ok) {
    response.body?.cancel().catch(() => {});
    throw new Error(NO_DATA);
  }
  if (response.status === 401) throw new Refused("The app requires a login (401). Please reload the page.");
  const text = response.headers.get("content-type")?.startsWith("text/plain") ? await response.text() : `The app answered ${response.status}.`;
  throw response.status >= 400 && response.status < 500 ? new Refused(text) : new Error(text);
}

/** @param {{get: (name: string) => string | null | undefined}} trailers */
function reasonOf(trailers) {
  const message = decoded(trailers.get("grpc-message") ?? "") || ENDED;
  return FINAL.includes(trailers.get("grpc-status") ?? "") ? new Refused(message) : new Error(message);
}

/** @param {string} message */
function decoded(message) {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

/** @param {ReadableStream<Uint8Array>} body */
async function* withoutHeartbeats(body) {
  for await (const { flags, pieces } of readFrames(body)) if (flags !== HEARTBEAT) yield* pieces;
}

/** @param {Response} response @param {AsyncGenerator<Uint8Array, void>} pieces @param {AbortController} end ends the call */
function withBody({ status, headers }, pieces, end) {
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => end.abort(reason),
  });
  return new Response(body, { status, headers });
}
