import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { callComponent } from "../../src/gradio_rerun/frontend/gradio/component-server.js";

/** @type {any[][]} */
let requests;

beforeEach(() => {
  requests = [];
  globalThis.fetch = /** @type {any} */ (async (/** @type {any[]} */ ...given) => requests.push(given));
});

test("a function of a component is called in its session, at the URL of the app", async () => {
  const { signal } = new AbortController();
  await callComponent("http://app.test/demo", { id: 7, session: "s" }, "ask_server", { a: 1 }, { signal });
  const [[url, options]] = requests;
  assert.equal(url, "http://app.test/demo/gradio_api/component_server");
  assert.deepEqual(JSON.parse(options.body), { data: { a: 1 }, component_id: 7, fn_name: "ask_server", session_hash: "s" });
  assert.deepEqual([options.method, options.credentials, options.signal], ["POST", "same-origin", signal]);
});

test("the URL of the app is that of any file that it serves, and a query shows in the traffic", async () => {
  await callComponent("http://app.test/demo/gradio_api/file=/a/gradio/bridge.js", { id: 7, session: "" }, "viewer_code", "a.wasm.gz", { query: "a.wasm.gz" });
  assert.equal(requests[0][0], "http://app.test/demo/gradio_api/component_server?a.wasm.gz");
});
