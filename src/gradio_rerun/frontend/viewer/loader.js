/** Gets the web viewer into the page: fetched, kept by the browser, compiled once for all viewers of the page. */

import { fileUrl, rootOf } from "../wire.js";

/**
 * @typedef {import("../wire.js").ViewerFiles} ViewerFiles
 * @typedef {import("../wire.js").ViewerFile & {url: string}} LocatedFile
 * @typedef {ViewerFiles & {glue: LocatedFile, wasm: LocatedFile}} LocatedFiles
 * @typedef {(loaded: number, total: number | null) => void} OnProgress bytes
 * @typedef {Record<typeof GLOBALS[number], any>} Globals
 * @typedef {(name: string) => Promise<Response>} RequestCode requests the wasm with this name in a form that the browser decompresses
 * @typedef {{createBindings: (globals: Globals) => any, module: WebAssembly.Module}} LoadedViewer
 * @typedef {{loading: Promise<LoadedViewer>, listeners: Set<OnProgress>, progress: [number, number | null] | null}} Load
 */

const CACHE_NAME = "gradio_rerun";

/** The viewer gets these from viewer-globals.js instead of from the browser. */
const GLOBALS = /** @type {const} */ (["fetch", "matchMedia", "open", "console", "localStorage", "requestAnimationFrame", "queueMicrotask"]);

/** The first byte of gzip; neither WebAssembly nor JavaScript begins with it. */
const GZIP = 0x1f;

class LoginError extends Error {}

/** @type {Map<string, Load>} by the URL of the wasm */
const loads = new Map();

/**
 * Resolves to the viewer's code; `onProgress` receives the number of bytes that have arrived. A failed load is not remembered.
 *
 * @param {Pick<import("../wire.js").Settings, "viewer" | "bridge">} settings
 * @param {object} options
 * @param {() => Promise<void>} options.checkFiles makes the server restore missing and damaged files
 * @param {OnProgress} [options.onProgress]
 * @param {RequestCode} [options.requestCode] by default, the files are requested
 * @returns {Promise<LoadedViewer>}
 */
export async function loadViewer(settings, { checkFiles, onProgress, requestCode }) {
  const reason = missingInBrowser();
  if (reason) throw new Error(reason);
  const files = located(settings);
  const key = files.wasm.url;
  const load = loads.get(key) ?? startLoad(key, files, checkFiles, requestCode);
  if (onProgress) {
    load.listeners.add(onProgress);
    if (load.progress) onProgress(...load.progress);
  }
  try {
    return await load.loading;
  } finally {
    if (onProgress) load.listeners.delete(onProgress);
  }
}

/** @param {Pick<import("../wire.js").Settings, "viewer" | "bridge">} settings @returns {LocatedFiles} */
function located(settings) {
  const { viewer } = settings;
  const locate = (/** @type {import("../wire.js").ViewerFile} */ file) => ({
    ...file,
    url: file.url ? new URL(file.url, location.href).href : fileUrl(rootOf(settings), file.location),
  });
  return { ...viewer, glue: locate(viewer.glue), wasm: locate(viewer.wasm) };
}

/** @param {string} key @param {LocatedFiles} files @param {() => Promise<void>} checkFiles @param {RequestCode} [requestCode] */
function startLoad(key, files, checkFiles, requestCode) {
  /** @type {Load} */
  const load = { loading: Promise.resolve(/** @type {any} */ (null)), listeners: new Set(), progress: null };
  load.loading = loadFiles(files, "default", report, requestCode)
    .catch(async (error) => {
      if (error instanceof LoginError) throw error;
      await checkFiles().catch(() => Promise.reject(error));
      return loadFiles(files, "reload", report, requestCode); // the browser may have kept the damaged file
    })
    .catch((error) => {
      loads.delete(key);
      throw error;
    });
  /** @type {OnProgress} */
  function report(loaded, total) {
    load.progress = [loaded, total];
    for (const listener of load.listeners) listener(loaded, total);
  }
  loads.set(key, load);
  return load;
}

/** @param {LocatedFiles} files @param {RequestCache} cache @param {OnProgress} report @param {RequestCode | undefined} requestCode @returns {Promise<LoadedViewer>} */
async function loadFiles(files, cache, report, requestCode) {
  const [createBindings, module] = await Promise.all([loadGlue(files.glue, cache), loadModule(files, cache, report, requestCode)]);
  return { createBindings, module };
}

/** What this browser lacks to run the viewer, in words; null if nothing. @returns {string | null} */
export function missingInBrowser() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly, which the Rerun viewer needs. Please update it.";
  if (!WebAssembly.validate(SIMD_PROBE)) {
    return "This browser has no WebAssembly SIMD, which the Rerun viewer needs. Please update it (Chrome 91, Firefox 89, Safari 16.4 or newer).";
  }
  if (typeof DecompressionStream !== "function") {
    return "This browser is too old for the Rerun viewer. Please update it (Chrome 91, Firefox 113, Safari 16.4 or newer).";
  }
  if (!("gpu" in navigator) && !hasWebGL2()) {
    return "This browser has neither WebGL2 nor WebGPU, which the Rerun viewer draws with. Please switch on hardware acceleration in its settings.";
  }
  return null;
}

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt))
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

function hasWebGL2() {
  const context = document.createElement("canvas").getContext("webgl2");
  // Browsers keep some 16 contexts alive and drop the oldest: give this one back.
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

/**
 * The glue is a script that calls the browser's functions by their names, or as methods of window. As the body of a function, it can run any
 * number of times, each time with other functions.
 * @param {LocatedFile} file
 * @param {RequestCache} cache
 */
async function loadGlue(file, cache) {
  const response = await fetchFile(file, cache);
  const script = decompressed(response).then((body) => new Response(body).text());
  return arrived(file, script.then(compileGlue));
}

/** @param {string} script */
function compileGlue(script) {
  const glue = script.replace(/\b(?:arg\d+|getObject\(arg\d+\))\.(fetch\(|matchMedia\(|open\(|requestAnimationFrame\(|localStorage\b)/g, "$1");
  // gr.HTML makes functions of text, too: a Content-Security-Policy that lets it run lets this run, and need not allow blob: scripts.
  return /** @type {LoadedViewer["createBindings"]} */ (new Function(`{ ${GLOBALS.join(", ")} }`, `${glue}\nreturn wasm_bindgen;`));
}

/** @param {LocatedFiles} files @param {RequestCache} cache @param {OnProgress} report @param {RequestCode | undefined} requestCode */
async function loadModule(files, cache, report, requestCode) {
  const store = await openCache();
  const key = new URL(`/${CACHE_NAME}/${files.wasm.orig_name.replace(/\.gz$/, "")}`, location.href);
  const kept = await store?.match(key);
  if (kept) {
    try {
      return await WebAssembly.compileStreaming(kept);
    } catch {
      await store?.delete(key); // damaged: fetch it anew
    }
  }
  const wasm = (await requestedCode(files.wasm, requestCode)) ?? (await arrived(files.wasm, decompressed(await fetchFile(files.wasm, cache))));
  const response = new Response(wasm.pipeThrough(counter(report, files.wasm_size)), { headers: { "content-type": "application/wasm" } });
  const copy = store ? response.clone() : null;
  const module = await arrived(files.wasm, WebAssembly.compileStreaming(response));
  if (store && copy) keep(store, key, copy);
  return module;
}

/**
 * The result made of a file; its checksum, or the compiler, detects bytes that are wrong or missing.
 * @template T
 * @param {LocatedFile} file
 * @param {Promise<T>} made
 */
function arrived(file, made) {
  return made.catch((error) => {
    throw new Error(`The viewer could not be fetched: ${file.orig_name} was interrupted, or is damaged (${error.message}).`);
  });
}

/** The wasm from `requestCode`; null if that has none. @param {LocatedFile} file @param {RequestCode} [requestCode] */
async function requestedCode(file, requestCode) {
  try {
    const response = await requestCode?.(file.orig_name);
    return response?.ok && response.headers.get("content-type") === "application/wasm" ? response.body : null;
  } catch {
    return null;
  }
}

/** @param {Cache} cache @param {URL} key @param {Response} response */
async function keep(cache, key, response) {
  try {
    // Other names are viewers of other versions, which this app no longer needs.
    for (const old of await cache.keys()) if (old.url !== key.href) await cache.delete(old);
    await cache.put(key, response);
  } catch {
    // No room. The next visit fetches it again.
  }
}

/** @returns {Promise<Cache | null>} null where there is none: plain http to another host, or storage switched off */
async function openCache() {
  try {
    return "caches" in globalThis ? await caches.open(CACHE_NAME) : null;
  } catch {
    return null;
  }
}

/**
 * Lets through what it counts.
 * @param {OnProgress} report
 * @param {number} total
 * @returns {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>}
 */
function counter(report, total) {
  let loaded = 0;
  return new TransformStream({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      report(loaded, total);
      controller.enqueue(chunk);
    },
  });
}

/**
 * Some web servers mark a .gz file as compressed for its transfer, and the browser has decompressed it already.
 * @param {Response} response of gzip
 */
async function decompressed(response) {
  let body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
  if (response.headers.has("content-encoding")) {
    const [start, whole] = body.tee();
    const reader = start.getReader();
    const { value } = await reader.read();
    reader.cancel().catch(() => {}); // it would keep all of the body
    body = whole;
    if (value?.[0] !== GZIP) return body;
  }
  return body.pipeThrough(/** @type {any} */ (new DecompressionStream("gzip")));
}

/** @param {LocatedFile} file @param {RequestCache} cache */
async function fetchFile(file, cache) {
  let response;
  try {
    response = await fetch(file.url, { credentials: "same-origin", cache });
  } catch {
    throw new Error("The viewer could not be fetched: the server cannot be reached.");
  }
  if (response.status === 401) throw new LoginError("The viewer could not be fetched: you are not logged in any more. Please reload the page.");
  if (!response.ok) throw new Error(`The viewer could not be fetched: the server answered ${response.status} for ${file.orig_name}.`);
  return response;
}
