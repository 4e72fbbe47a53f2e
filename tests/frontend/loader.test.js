import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/demo/" });
Object.defineProperty(globalThis, "navigator", { value: { gpu: {} }, configurable: true });
const { loadViewer, missingInBrowser } = await import("../../src/gradio_rerun/frontend/viewer/loader.js");

/** An empty module. */
const WASM = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0]);
const GLUE = "let wasm_bindgen = { fetched: (arg0) => arg0.fetch(1), opened: (arg0) => getObject(arg0).open(2) };";

/** What the server has, by path; a response, or what makes one. @type {Record<string, () => Response | Promise<Response>>} */
let server;
/** @type {{path: string, method: string, cache?: string, body?: any}[]} */
let asked;
/** @type {number} */
let checks;
/** What a check of the files does on the server. @type {() => void | Promise<void>} */
let onCheck;
/** A viewer of its own for each test, as a page keeps what it has. */
let version = 0;

/** @param {Uint8Array | string} content */
const gzipped = (content) => () => new Response(gzipSync(content));

beforeEach(() => {
  version++;
  [asked, checks, onCheck] = [[], 0, () => {}];
  server = { [`/glue-${version}.js.gz`]: gzipped(GLUE), [`/viewer-${version}.wasm.gz`]: gzipped(WASM) };
  globalThis.fetch = async (given, { method = "GET", cache, body } = {}) => {
    const { origin, pathname } = new URL(String(given));
    assert.equal(origin, "http://app.test");
    asked.push({ path: pathname, method, cache, ...(body ? { body: JSON.parse(String(body)) } : {}) });
    const answer = server[pathname.replace("/demo/gradio_api/file=", "")];
    if (!answer) throw new TypeError("network error");
    return answer();
  };
  delete (/** @type {any} */ (globalThis).caches);
});

/** @param {object} [options] */
function load(options = {}) {
  const file = (/** @type {string} */ name) => ({ location: `/${name}`, orig_name: name });
  const viewer = { version: "0.41.0", glue: file(`glue-${version}.js.gz`), wasm: file(`viewer-${version}.wasm.gz`), wasm_size: WASM.length, warm_up: null };
  return loadViewer(
    { viewer, bridge: { path: "/bridge.js", url: "http://app.test/demo/gradio_api/file=/bridge.js" } },
    {
      checkFiles: async () => {
        checks++;
        await onCheck();
      },
      ...options,
    },
  );
}

const WASM_PATH = () => `/viewer-${version}.wasm.gz`;
const damaged = () => new Response(gzipSync(WASM).subarray(0, 12));

test("the viewer is fetched and compiled once, for all that want it", async () => {
  const [one, other] = await Promise.all([load(), load()]);
  assert.equal(one, other);
  assert.equal(await load(), one);
  assert.ok(one.module instanceof WebAssembly.Module);
  assert.equal(asked.length, 2);
  assert.ok(asked.every(({ cache }) => cache === "default"));
  assert.equal(checks, 0);
});

test("the glue runs with what it is given instead of the browser's", async () => {
  const { createBindings } = await load();
  const given = { fetch: (/** @type {number} */ x) => ["fetch", x], open: (/** @type {number} */ x) => ["open", x] };
  const { fetched, opened } = createBindings(/** @type {any} */ (given));
  assert.deepEqual([fetched({}), opened({})], [["fetch", 1], ["open", 2]]);
});

test("all that wait get the progress, from its current value", async () => {
  const [first, second] = /** @type {[number, number | null][][]} */ ([[], []]);
  await Promise.all([load({ onProgress: (/** @type {[number, number]} */ ...now) => first.push(now) }), load({ onProgress: (/** @type {[number, number]} */ ...now) => second.push(now) })]);
  assert.deepEqual(first, [[WASM.length, WASM.length]]);
  assert.deepEqual(second, first);
  const late = /** @type {[number, number | null][]} */ ([]);
  await load({ onProgress: (/** @type {[number, number]} */ ...now) => late.push(now) });
  assert.deepEqual(late, first);
});

test("files that the browser has already decompressed, as for some web servers, are used unchanged", async () => {
  const headers = { "content-encoding": "gzip" };
  server[`/glue-${version}.js.gz`] = () => new Response(GLUE, { headers });
  server[WASM_PATH()] = () => new Response(WASM, { headers });
  assert.ok((await load()).module instanceof WebAssembly.Module);
});

test("files that a web server compresses once more for the transfer are decompressed", async () => {
  const headers = { "content-encoding": "br" };
  server[`/glue-${version}.js.gz`] = () => new Response(gzipSync(GLUE), { headers });
  server[WASM_PATH()] = () => new Response(gzipSync(WASM), { headers });
  assert.ok((await load()).module instanceof WebAssembly.Module);
});

test("a page in place of a file, which a web server sends for a missing file, is named as damaged", async () => {
  for (const path of [`/glue-${version}.js.gz`, WASM_PATH()]) {
    server[path] = () => new Response("<!doctype html>", { headers: { "content-encoding": "gzip" } });
  }
  await assert.rejects(load(), /was interrupted, or is damaged/);
});

test("damaged files are restored by the server, and fetched without the browser's cache", async () => {
  server[WASM_PATH()] = damaged;
  onCheck = () => {
    server[WASM_PATH()] = gzipped(WASM);
  };
  assert.ok((await load()).module);
  assert.equal(checks, 1);
  assert.deepEqual(asked.map(({ cache }) => cache), ["default", "default", "reload", "reload"]);
});

for (const [what, answer, words] of /** @type {[string, () => Response | Promise<Response>, RegExp][]} */ ([
  ["damaged", damaged, /^Error: The viewer could not be fetched: viewer-\d+\.wasm\.gz was interrupted, or is damaged \(.+\)\.$/],
  ["no wasm", gzipped("<html>"), /is damaged/],
  ["an error", () => new Response("", { status: 503 }), /^Error: The viewer could not be fetched: the server answered 503 for viewer-\d+\.wasm\.gz\.$/],
  ["not to be reached", () => Promise.reject(new TypeError("network error")), /^Error: The viewer could not be fetched: the server cannot be reached\.$/],
])) {
  test(`a file that is ${what} after one more try is an error, and the next one that wants it tries again`, async () => {
    server[WASM_PATH()] = answer;
    await assert.rejects(load(), words);
    assert.equal(checks, 1);
    server[WASM_PATH()] = gzipped(WASM);
    assert.ok((await load()).module);
  });
}

test("if the server cannot check its files, the error is that of the first try", async () => {
  server[WASM_PATH()] = () => new Response("", { status: 404 });
  onCheck = () => Promise.reject(new Error("no check"));
  await assert.rejects(load(), /answered 404/);
  assert.equal(asked.length, 2);
});

test("an expired login is reported, and not tried again", async () => {
  server[WASM_PATH()] = () => new Response("", { status: 401 });
  await assert.rejects(load(), /you are not logged in any more\. Please reload the page\.$/);
  assert.equal(checks, 0);
});

test("the wasm comes from the component, in a form that the browser decompresses", async () => {
  /** @type {string[]} */
  const names = [];
  const requestCode = async (/** @type {string} */ name) => {
    names.push(name);
    return new Response(WASM, { headers: { "content-type": "application/wasm" } });
  };
  assert.ok((await load({ requestCode })).module);
  assert.deepEqual(names, [`viewer-${version}.wasm.gz`]);
  assert.equal(asked.filter(({ path }) => path.endsWith(".wasm.gz")).length, 0);
});

for (const [what, answer] of /** @type {[string, () => Response][]} */ ([
  ["answers something else", () => new Response("{}", { headers: { "content-type": "application/json" } })],
  ["fails", () => new Response(WASM, { status: 500, headers: { "content-type": "application/wasm" } })],
  ["cannot be reached", () => assert.fail("no network")],
])) {
  test(`where the component ${what}, the file is fetched`, async () => {
    assert.ok((await load({ requestCode: async () => answer() })).module);
    assert.equal(asked.filter(({ path }) => path.endsWith(".wasm.gz")).length, 1);
    assert.equal(checks, 0);
  });
}

/** As much of Cache Storage as is needed. */
class FakeCache {
  /** @type {Map<string, Uint8Array>} */
  kept = new Map();

  /** @param {URL} key */
  async match(key) {
    const bytes = this.kept.get(key.href);
    return bytes && new Response(Uint8Array.from(bytes), { headers: { "content-type": "application/wasm" } });
  }

  async keys() {
    return [...this.kept.keys()].map((url) => new Request(url));
  }

  /** @param {URL | Request} key */
  async delete(key) {
    return this.kept.delete(key instanceof Request ? key.url : key.href);
  }

  /** @param {URL} key @param {Response} response */
  async put(key, response) {
    this.kept.set(key.href, new Uint8Array(await response.arrayBuffer()));
  }
}

/** Returns when `is` does. @param {() => boolean} is */
async function until(is) {
  const end = performance.now() + 10_000;
  while (!is()) {
    assert.ok(performance.now() < end, `not within 10 s: ${is}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("the compiled files are kept for the next visit, and other versions are removed", async () => {
  const cache = new FakeCache();
  cache.kept.set("http://app.test/gradio_rerun/viewer-old.wasm", WASM);
  globalThis.caches = /** @type {any} */ ({ open: async () => cache });
  await load();
  const key = `http://app.test/gradio_rerun/viewer-${version}.wasm`;
  await until(() => cache.kept.has(key));
  assert.deepEqual([...cache.kept], [[key, WASM]]);
});

test("on the next visit, the wasm comes from the browser's cache", async () => {
  const cache = new FakeCache();
  globalThis.caches = /** @type {any} */ ({ open: async () => cache });
  cache.kept.set(`http://app.test/gradio_rerun/viewer-${version}.wasm`, WASM);
  assert.ok((await load()).module);
  assert.deepEqual(asked.map(({ path }) => path), [`/demo/gradio_api/file=/glue-${version}.js.gz`]);
});

test("a damaged file in the browser's cache is fetched again", async () => {
  const cache = new FakeCache();
  globalThis.caches = /** @type {any} */ ({ open: async () => cache });
  const key = `http://app.test/gradio_rerun/viewer-${version}.wasm`;
  cache.kept.set(key, WASM.subarray(0, 5));
  assert.ok((await load()).module);
  await until(() => cache.kept.get(key)?.length === WASM.length);
  assert.equal(checks, 0);
});

test("a browser that keeps nothing, or has no room, shows the viewer all the same", async () => {
  globalThis.caches = /** @type {any} */ ({ open: () => Promise.reject(new Error("SecurityError")) });
  assert.ok((await load()).module);
  version++;
  Object.assign(server, { [`/glue-${version}.js.gz`]: gzipped(GLUE), [`/viewer-${version}.wasm.gz`]: gzipped(WASM) });
  const full = Object.assign(new FakeCache(), { put: () => Promise.reject(new Error("QuotaExceededError")) });
  globalThis.caches = /** @type {any} */ ({ open: async () => full });
  assert.ok((await load()).module);
});

test("a feature that the browser lacks is named", () => {
  assert.equal(missingInBrowser(), null);
  const has = { gpu: /** @type {any} */ (navigator).gpu, validate: WebAssembly.validate, DecompressionStream, WebAssembly };
  WebAssembly.validate = () => false;
  assert.match(missingInBrowser() ?? "", /no WebAssembly SIMD/);
  WebAssembly.validate = has.validate;
  globalThis.DecompressionStream = /** @type {any} */ (undefined);
  assert.match(missingInBrowser() ?? "", /too old/);
  globalThis.DecompressionStream = has.DecompressionStream;
  delete (/** @type {any} */ (navigator).gpu);
  let lost = 0;
  const context = { getExtension: (/** @type {string} */ name) => (name === "WEBGL_lose_context" ? { loseContext: () => lost++ } : null) };
  globalThis.document = /** @type {any} */ ({ createElement: () => ({ getContext: () => context }) });
  assert.equal(missingInBrowser(), null);
  assert.equal(lost, 1);
  globalThis.document = /** @type {any} */ ({ createElement: () => ({ getContext: () => null }) });
  assert.match(missingInBrowser() ?? "", /neither WebGL2 nor WebGPU/);
  globalThis.WebAssembly = /** @type {any} */ (undefined);
  assert.match(missingInBrowser() ?? "", /no WebAssembly,/);
  globalThis.WebAssembly = has.WebAssembly;
});

test("a browser that cannot run the viewer fetches nothing", async () => {
  const { validate } = WebAssembly;
  WebAssembly.validate = () => false;
  await assert.rejects(load(), /SIMD/);
  WebAssembly.validate = validate;
  assert.equal(asked.length, 0);
});
