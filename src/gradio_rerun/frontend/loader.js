/** Gets the web viewer into the page: fetched, kept by the browser, compiled once for all viewers of the page. */

/**
 * @typedef {import("./wire.js").ViewerFiles} ViewerFiles
 * @typedef {(loaded: number, total: number | null) => void} OnProgress bytes
 * @typedef {{fetch: typeof globalThis.fetch, matchMedia: typeof globalThis.matchMedia, open: (url: string) => null}} Globals what the viewer may use
 * @typedef {{createBindings: (globals: Globals) => any, module: WebAssembly.Module}} LoadedViewer
 * @typedef {{loading: Promise<LoadedViewer>, listeners: Set<OnProgress>, progress: [number, number | null] | null}} Load
 */

const CACHE_NAME = "gradio_rerun";

/** @type {Map<string, Load>} by the URL of the wasm */
const loads = new Map();

/**
 * Resolves to the viewer's code; `onProgress` hears how many bytes of it have come. A failed load is not remembered.
 *
 * @param {ViewerFiles} files
 * @param {{onProgress?: OnProgress}} [options]
 * @returns {Promise<LoadedViewer>}
 */
export async function loadViewer(files, { onProgress } = {}) {
  const reason = missingInBrowser();
  if (reason) throw new Error(reason);
  const key = fileUrl(files.wasm);
  const load = loads.get(key) ?? startLoad(key, files);
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

/** @param {string} key @param {ViewerFiles} files */
function startLoad(key, files) {
  /** @type {Load} */
  const load = { loading: Promise.resolve(/** @type {any} */ (null)), listeners: new Set(), progress: null };
  load.loading = Promise.all([loadGlue(files.glue), loadModule(files.wasm, report)]).then(
    ([createBindings, module]) => ({ createBindings, module }),
    (error) => {
      loads.delete(key);
      throw error;
    },
  );
  /** @type {OnProgress} */
  function report(loaded, total) {
    load.progress = [loaded, total];
    for (const listener of load.listeners) listener(loaded, total);
  }
  loads.set(key, load);
  return load;
}

/**
 * What this browser lacks to run the viewer, in words; null if nothing.
 * @returns {string | null}
 */
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
 * The glue is a script that refers to `fetch`, `matchMedia` and `open` by their free names or as methods of window. In a function of its
 * own it can be instantiated any number of times, each with those that we choose.
 * @param {import("./wire.js").FileData} file
 */
async function loadGlue(file) {
  const response = await fetchFile(file);
  const glue = (await new Response(decompressed(response)).text()).replace(
    /\b(?:arg\d+|getObject\(arg\d+\))\.(fetch|matchMedia|open)\(/g,
    "$1(",
  );
  const source = `export default ({ fetch, matchMedia, open }) => {\n${glue}\nreturn wasm_bindgen;\n};`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {import("./wire.js").FileData} file @param {OnProgress} report */
async function loadModule(file, report) {
  const cache = await openCache();
  const key = new URL(`/${CACHE_NAME}/${file.orig_name}`, location.href);
  const kept = await cache?.match(key);
  if (kept) {
    try {
      return await compile(kept, report, file.size ?? null);
    } catch {
      await cache?.delete(key); // damaged: fetch it anew
    }
  }
  const response = await fetchFile(file);
  const copy = cache ? response.clone() : null;
  const module = await compile(response, report, file.size ?? null);
  if (cache && copy) keep(cache, key, copy);
  return module;
}

/** @param {Cache} cache @param {URL} key @param {Response} response */
async function keep(cache, key, response) {
  try {
    // Viewers of other versions: the name holds the version and a hash, so that they are of no more use to this app.
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

/** @param {Response} response @param {OnProgress} report @param {number | null} total */
function compile(response, report, total) {
  let loaded = 0;
  /** @type {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} */
  const counter = new TransformStream({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      report(loaded, total);
      controller.enqueue(chunk);
    },
  });
  const wasm = decompressed(response, counter);
  return WebAssembly.compileStreaming(new Response(wasm, { headers: { "content-type": "application/wasm" } }));
}

/**
 * Gradio's file route sends no Content-Encoding, so that the page decompresses.
 * @param {Response} response of gzip
 * @param {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} [before] sees the compressed bytes
 */
function decompressed(response, before = new TransformStream()) {
  const body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
  return body.pipeThrough(before).pipeThrough(/** @type {any} */ (new DecompressionStream("gzip")));
}

/** @param {import("./wire.js").FileData} file */
async function fetchFile(file) {
  let response;
  try {
    response = await fetch(fileUrl(file), { credentials: "same-origin" });
  } catch {
    throw new Error("The viewer could not be fetched: the server cannot be reached.");
  }
  if (response.status === 401) throw new Error("The viewer could not be fetched: you are not logged in any more. Please reload the page.");
  if (!response.ok) throw new Error(`The viewer could not be fetched: the server answered ${response.status} for ${file.orig_name}.`);
  return response;
}

/** @param {import("./wire.js").FileData} file */
function fileUrl(file) {
  return new URL(/** @type {string} */ (file.url), location.href).href;
}
