/** How a viewer fails: it panics, it aborts for lack of memory, or the browser drops its graphics. */

/** @typedef {<T extends unknown[]>(callback: (...given: T) => unknown) => (...given: T) => unknown} Guarded */

/** ms between two checks whether the viewer has panicked: it does not report that by itself. */
const PANIC_POLL = 500;

/** A browser drops the oldest context when there are too many, and all of them when the graphics driver fails. */
const CONTEXT_LOST = "The browser has dropped the viewer's graphics (WebGL context lost): too many viewers are open, or the graphics driver was reset.";

/**
 * Reports, once, that a viewer has panicked or has lost its graphics.
 * @param {any} handle @param {HTMLCanvasElement} canvas @param {AbortSignal} signal that ends with the viewer @param {(message: string) => void} onFailure
 */
export function watchForFailure(handle, canvas, signal, onFailure) {
  canvas.addEventListener("webglcontextlost", () => onFailure(CONTEXT_LOST), { signal });
  const poll = setInterval(() => {
    if (!handle.has_panicked()) return;
    clearInterval(poll);
    onFailure(handle.panic_message() ?? "it gave no reason");
  }, PANIC_POLL);
  signal.addEventListener("abort", () => clearInterval(poll));
}

/** Makes functions call back before they throw, when they abort the viewer. @param {(error: Error) => void} onAbort @returns {Guarded} */
export function guardedBy(onAbort) {
  return (callback) =>
    (...given) => {
      try {
        return callback(...given);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) onAbort(error);
        throw error;
      }
    };
}

/** The handle, with guarded methods: the viewer may lack memory in each of them. @param {any} handle @param {Guarded} guarded */
export function guardedHandle(handle, guarded) {
  return new Proxy(handle, {
    get: (_, name) => (typeof handle[name] === "function" ? guarded((...given) => handle[name](...given)) : handle[name]),
  });
}

/** Rust panics with a reason, except for a lack of memory: then it aborts. @param {Error} error @param {number} [held] bytes */
export function describeAbort(error, held) {
  const memory = held === undefined ? "" : `; it held ${Math.round(held / 1e6)} MB`;
  return `It stopped without a reason, as it does when the browser gives it no more memory${memory} (${error}).
Show fewer or smaller recordings, or serve them from a Rerun server, which sends only what the viewer shows.`;
}

/**
 * What the user reads if the viewer could not replace its recordings: the title, the message, and what helps.
 * @param {Error} error
 * @returns {[string, string, string]}
 */
export function replacementFailure(error) {
  const message = String(error);
  // A viewer that has stopped in the middle of its work answers so.
  if (/Viewer is not running/.test(message)) return ["The viewer stopped", describeAbort(error), "Restart"];
  return ["The viewer could not replace its recordings", message, "Retry"];
}
