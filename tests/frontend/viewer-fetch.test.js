import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/", origin: "http://app.test" });
const { createViewerFetch } = await import("../../src/gradio_rerun/frontend/viewer/viewer-fetch.js");
const { serverOf } = await import("../../src/gradio_rerun/frontend/viewer/urls.js");

/** @type {Request[]} */
let sent;
/** @type {(request: Request) => Response | Promise<Response>} */
let answer;

beforeEach(() => {
  sent = [];
  answer = () => new Response("RRF2 and more");
  globalThis.fetch = async (request) => {
    sent.push(/** @type {Request} */ (request));
    return answer(/** @type {Request} */ (request));
  };
  console.info = () => {};
});

/** @param {object} [options] */
function create(options) {
  return createViewerFetch({
    files: "http://app.test/gradio_api/file=",
    allowed_origins: [],
    telemetry: false,
    recordings: new Map(),
    signal: new AbortController().signal,
    ...options,
  });
}

/** A recording at `url`, and what is heard of its download. @param {string} url @param {number | null} [size] */
function watched(url, size = null) {
  /** @type {any[]} */
  const heard = [];
  const download = {
    onProgress: (/** @type {number} */ loaded, /** @type {number | null} */ total) => heard.push([loaded, total]),
    onEnd: (/** @type {boolean} */ isTruncated) => heard.push(isTruncated ? "truncated" : "end"),
    onError: (/** @type {string} */ message) => heard.push(message),
  };
  return { heard, recordings: new Map([[url, { download, size }]]) };
}

test("a download that has begun early is the viewer's, and is reported like any other", async () => {
  const url = "http://app.test/gradio_api/file=/a.rrd";
  const { heard, recordings } = watched(url, 13);
  const takeEarly = async (/** @type {string} */ asked) => (asked === url ? new Response("RRF2 and more") : null);
  const response = await create({ recordings, takeEarly })(url);
  assert.equal(await response.text(), "RRF2 and more");
  assert.deepEqual(heard, [[13, 13], "truncated"]);
  assert.deepEqual(sent, []);
  await create({ recordings, takeEarly: async () => null })(url);
  assert.equal(sent.length, 1);
});

const FILES = "http://app.test/demo/gradio_api/file=";

test("a file of the app gets cookies, and no redirect leads elsewhere", async () => {
  for (const files of ["http://app.test/gradio_api/file=", FILES, "https://elsewhere.test/base/gradio_api/file="]) {
    for (const path of ["/tmp/a%20b.png", "/tmp/a..b/%25/c.png?x=1", "C:/a.png", "/tmp/x/../a.png"]) {
      await create({ files })(files + path);
      const { credentials, redirect } = /** @type {Request} */ (sent.pop());
      assert.deepEqual([credentials, redirect], ["same-origin", "error"]);
    }
  }
});

// What a recording may name as the URL of a picture.
const REFUSED = [
  ...["http://app.test/logout", "http://app.test/", "/logout", "../logout", "http://app.test/demo/logout"],
  ...["http://app.test/demo/gradio_api/logout", "http://app.test/demo/gradio_api/component_server", "http://app.test/demo/gradio_api/file/tmp/a"],
  ...["http://app.test/gradio_api/file=/a.png", "http://app.test/other/gradio_api/file=/a.png", "http://app.test//demo/gradio_api/file=/a.png"],
  ...[`${FILES}/../../../logout`, `${FILES}/%2e%2e/%2E%2E/logout`, `${FILES}/..%2f..%2f..%2flogout`, `${FILES}/..\\..\\logout`, `${FILES}/..%5c..%5clogout`],
  ...[`${FILES}http://app.test/logout`, `${FILES}http%3A//app.test/logout`, `${FILES}https://evil.test/x`, FILES, `${FILES}/%ff`],
];

for (const url of REFUSED) {
  test(`the viewer can request only files of the app: ${url}`, async () => {
    const { recordings } = watched(`${FILES}/a.rrd`);
    for (const init of [{}, { method: "POST", body: "{}" }]) {
      await assert.rejects(create({ files: FILES, recordings })(new URL(url, "http://app.test/demo/"), init), /allows no request to http:\/\/app\.test\//);
    }
    assert.deepEqual(sent, []);
  });
}

test("a file of the app can be read, but not written", async () => {
  await assert.rejects(create({ files: FILES })(`${FILES}/a.png`, { method: "POST", body: "" }), /allows no request/);
  await assert.rejects(create({ files: FILES })(`${FILES}/a.png`, { method: "DELETE" }), /allows no request/);
});

test("the page that embeds an app gets no request", async () => {
  const files = "https://elsewhere.test/gradio_api/file=";
  for (const url of ["/logout", "http://app.test/gradio_api/file=/a.png"]) {
    await assert.rejects(create({ files })(new URL(url, "http://app.test/")), /allows no request to http:\/\/app\.test\//);
  }
});

test("requests to the app's own origin, if it is allowed, have no cookies", async () => {
  await create({ allowed_origins: ["http://app.test"] })("http://app.test/tiles/1/2/3.png");
  assert.equal(sent[0].credentials, "omit");
});

test("a Rerun server at the app's own origin gets its calls, and the app nothing else", async () => {
  const { recordings } = watched("rerun+http://app.test:80/proxy");
  const fetch = create({ files: FILES, recordings });
  await fetch("http://app.test/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages", {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto" },
  });
  await fetch("http://app.test/version"); // by which viewers of 0.31 find out whether it is there
  assert.equal(sent.length, 2);
  await assert.rejects(fetch("http://app.test/logout"), /allows no request/);
  await assert.rejects(fetch("http://app.test/logout", { method: "POST", body: "{}" }), /allows no request/);
});

test("a recording of the app's own origin is read wherever it is", async () => {
  const { recordings } = watched("http://app.test/data/a.rrd");
  await create({ files: FILES, recordings })("http://app.test/data/a.rrd");
  assert.equal(sent[0].credentials, "same-origin");
});

test("no third party gets cookies", async () => {
  await create({ allowed_origins: ["https://tiles.test"] })("https://tiles.test/1/2/3.png", { credentials: "include" });
  assert.equal(sent[0].credentials, "omit");
});

test("a third party is refused", async () => {
  await assert.rejects(create()("https://elsewhere.test/x"), /allows no request to https:\/\/elsewhere\.test/);
  assert.deepEqual(sent, []);
});

test("requests to an allowed origin are sent", async () => {
  await create({ allowed_origins: ["https://tiles.test"] })("https://tiles.test/1/2/3.png");
  assert.equal(sent.length, 1);
});

test("telemetry is dropped silently unless it is on", async () => {
  const response = await create()("https://tel.rerun.io/api/pog", { method: "POST", body: "{}" });
  assert.equal(response.status, 204);
  assert.deepEqual(sent, []);
  await create({ telemetry: true })("https://tel.rerun.io/api/pog", { method: "POST", body: "{}" });
  assert.equal(sent.length, 1);
});

test("requests to the server of an open recording are sent, with all its paths", async () => {
  const { recordings } = watched("rerun+http://robot.test:9876/proxy");
  await create({ recordings })("http://robot.test:9876/rerun.sdk_comms/ReadMessages", { method: "POST" });
  assert.equal(sent.length, 1);
});

test("late requests to the server of a recording that was closed are refused without advice", async () => {
  const { recordings } = watched("rerun+http://robot.test:9876/proxy");
  /** @type {string[]} */
  const said = [];
  console.info = (text) => said.push(text);
  const fetch = create({ recordings });
  await fetch("http://robot.test:9876/rerun.sdk_comms/ReadMessages", { method: "POST" });
  recordings.clear();
  await assert.rejects(fetch("http://robot.test:9876/rerun.sdk_comms/ReadMessages", { method: "POST" }), /allows no request/);
  assert.deepEqual(said, []);
  assert.equal(sent.length, 1);
});

test("the server behind a rerun URL is known", () => {
  assert.equal(serverOf("rerun+http://robot.test:9876/proxy"), "http://robot.test:9876");
  assert.equal(serverOf("rerun+https://robot.test/proxy"), "https://robot.test");
  assert.equal(serverOf("rerun://robot.test/dataset/1"), "https://robot.test");
  assert.equal(serverOf("https://robot.test/a.rrd"), "https://robot.test");
  assert.equal(serverOf("rerun+http://localhost/proxy"), "http://localhost:9876");
  assert.equal(serverOf("rerun+http://127.0.0.1"), "http://127.0.0.1:51234");
  assert.equal(serverOf("http://xn--a/x.rrd"), null);
  assert.equal(serverOf("rerun+http://xn--a:9876/proxy"), null);
});

test("requests to a server behind the app go through the app, with all its paths", async () => {
  const { recordings } = watched("rerun+http://127.0.0.1:9876/proxy");
  for (const told of recordings.values()) Object.assign(told, { ticket: "t" });
  /** @type {any[]} */
  const asked = [];
  const ask = async (/** @type {any} */ call) => {
    asked.push([call.server, call.ticket, call.path]);
    return new Response(null, { headers: { "content-type": "application/grpc-web+proto" } });
  };
  await create({ recordings, ask })("http://127.0.0.1:9876/rerun.cloud.v1alpha1.RerunCloudService/Version", { method: "POST" });
  assert.deepEqual(asked, [["rerun+http://127.0.0.1:9876/proxy", "t", "/rerun.cloud.v1alpha1.RerunCloudService/Version"]]);
  assert.deepEqual(sent, []);
});

/** A header, and the message that ends a recording. */
const WHOLE = `RRF2 is here${"\0".repeat(16)}`;

test("a recording passes unchanged, and its progress is reported", async () => {
  const url = "http://app.test/a.rrd";
  const { heard, recordings } = watched(url, 28);
  answer = () => new Response(WHOLE);
  const response = await create({ recordings })(url);
  assert.equal(await response.text(), WHOLE);
  assert.deepEqual(heard, [[28, 28], "end"]);
});

test("a recording that ends in the middle of a message passes unchanged, and is reported as truncated", async () => {
  const url = "http://app.test/a.rrd";
  const { heard, recordings } = watched(url);
  const response = await create({ recordings })(url);
  assert.equal(await response.text(), "RRF2 and more");
  assert.equal(heard.at(-1), "truncated");
});

test("a recording whose first bytes arrive one by one is recognized", async () => {
  const url = "http://app.test/a.rrd";
  const { heard, recordings } = watched(url);
  answer = () => new Response(new ReadableStream({ start: (controller) => {
    for (const letter of WHOLE) controller.enqueue(new TextEncoder().encode(letter));
    controller.close();
  } }));
  assert.equal(await (await create({ recordings })(url)).text(), WHOLE);
  assert.equal(heard.at(-1), "end");
});

for (const [content, words] of [["<html>", "This is not a Rerun recording."], ["", "The file is empty."], ["RR", "This is not a Rerun recording."], ["RRF1....", "older than 0.23"]]) {
  test(`content ${JSON.stringify(content)} is told to be no recording`, async () => {
    const url = "http://app.test/a.rrd";
    const { heard, recordings } = watched(url);
    answer = () => new Response(content);
    await (await create({ recordings })(url)).text();
    assert.ok(heard.at(-1).includes(words), heard.at(-1));
    assert.ok(!heard.includes("end"));
  });
}

for (const [status, words] of /** @type {[number, string][]} */ ([[401, "requires a login"], [403, "refuses the file"], [404, "no such recording"], [502, "answered 502"]])) {
  test(`status ${status} is told in words`, async () => {
    const url = "http://app.test/a.rrd";
    const { heard, recordings } = watched(url);
    answer = () => new Response("no", { status });
    assert.equal((await create({ recordings })(url)).status, status);
    assert.ok(heard[0].includes(words), heard[0]);
  });
}

test("an interrupted connection is reported with its position", async () => {
  const url = "http://app.test/a.rrd";
  const { heard, recordings } = watched(url);
  let pulls = 0;
  answer = () => new Response(new ReadableStream({ pull: (controller) => {
    if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("RRF2...."));
    else controller.error(new TypeError("network error"));
  } }));
  await assert.rejects((await create({ recordings })(url)).text());
  assert.deepEqual(heard, [[8, null], "The connection was interrupted after 8 bytes."]);
});

test("of a recording that was replaced before its server answers, the viewer gets no data", async () => {
  const url = "http://app.test/gradio_api/file=/a.rrd";
  const { recordings } = watched(url);
  const life = new AbortController();
  Object.assign(/** @type {object} */ (recordings.get(url)), { signal: life.signal });
  answer = async () => {
    life.abort();
    return Object.defineProperty(new Response("RRF2 and more"), "url", { value: url });
  };
  const response = await create({ recordings })(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.deepEqual([response.url, bytes.length, String.fromCharCode(...bytes.subarray(0, 4))], [url, 28, "RRF2"]);
});

test("an aborted download is not reported", async () => {
  const url = "http://app.test/a.rrd";
  const { heard, recordings } = watched(url);
  const run = new AbortController();
  answer = (request) => new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
  const fetching = create({ recordings, signal: run.signal })(url);
  run.abort();
  await assert.rejects(fetching);
  assert.deepEqual(heard, []);
});

test("a closed recording that the viewer opens again by itself is empty, and not fetched", async () => {
  const closed = "http://app.test/gradio_api/file=/tmp/a.rrd";
  const viewerFetch = create({ closed: new Set([closed]) });
  const response = await viewerFetch(closed);
  assert.equal(response.url, closed);
  assert.match(await response.text(), /^RRF2/);
  assert.deepEqual(sent, []);
  await viewerFetch("http://app.test/gradio_api/file=/tmp/b.rrd");
  assert.equal(sent.length, 1);
  const open = create({ closed: new Set([closed]), recordings: watched(closed).recordings }); // it is in the next value, too
  await (await open(closed)).text();
  assert.equal(sent.length, 2);
});
