import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/demo/", origin: "http://app.test" });
const { toRecordings } = await import("../../src/gradio_rerun/frontend/wire.js");

test("an empty string, which Gradio sends for None, means that there are no recordings", () => {
  for (const value of [null, undefined, "", []]) assert.deepEqual(toRecordings(value, "/demo"), []);
});

test("a file keeps its own name and size", () => {
  const file = { path: "/tmp/gradio/x/a%20b.rrd", url: "http://app.test/demo/gradio_api/file=/tmp/gradio/x/a%20b.rrd", size: 7, orig_name: "a b.rrd" };
  assert.deepEqual(toRecordings([file], "/demo"), [{ url: file.url, name: "a b.rrd", size: 7, item: file }]);
});

test("a file that Gradio gave no URL is found below the root of the app", () => {
  const [recording] = toRecordings([{ path: "/tmp/gradio/x/a.rrd", url: null }], "/demo");
  assert.equal(recording.url, "http://app.test/demo/gradio_api/file=/tmp/gradio/x/a.rrd");
  assert.equal(recording.name, "a.rrd");
});

test("a URL stays as it is, and is named after its last part", () => {
  const url = "https://host.test/some/run.rrd?token=1";
  assert.deepEqual(toRecordings([url], ""), [{ url, name: "run.rrd", size: null, item: url }]);
});

test("a URL that ends in a slash is named after what stands before it", () => {
  assert.equal(toRecordings(["https://host.test/runs/seven/"], "")[0].name, "seven");
});

test("what a Rerun server shows is named after the segment, or the server", () => {
  assert.equal(toRecordings(["rerun+http://host.test:9876/proxy"], "")[0].name, "host.test:9876");
  assert.equal(toRecordings(["rerun://host.test/dataset/1?segment_id=run#when=a@1"], "")[0].name, "run");
});

test("the URL of a Rerun server that is behind the app comes with its ticket", () => {
  const item = { server: "rerun+http://127.0.0.1:9876/proxy", ticket: "t" };
  assert.deepEqual(toRecordings([item], ""), [{ url: item.server, name: "127.0.0.1:9876", size: null, ticket: "t", item }]);
});

test("a URL is written as the viewer will ask for it", () => {
  assert.equal(toRecordings(["HTTPS://Host.test:443/a b.rrd"], "")[0].url, "https://host.test/a%20b.rrd");
});

test("a path of the app's server, as a JavaScript function of the app may return it, is a URL", () => {
  for (const path of ["/gradio_api/file=/tmp/run.rrd", "http:/gradio_api/file=/tmp/run.rrd"])
    assert.deepEqual(toRecordings([path], ""), [{ url: "http://app.test/gradio_api/file=/tmp/run.rrd", name: "run.rrd", size: null, item: path }]);
  assert.equal(toRecordings("run.rrd", "")[0].url, "http://app.test/demo/run.rrd");
  assert.equal(toRecordings("//", "")[0].url, "//");
});

test("a URL that browsers do not read is still a recording, whose failure the viewer reports", () => {
  for (const url of ["http://xn--a/x.rrd", "https://\u200d.test/x.rrd", "rerun+http://xn--a:9876/proxy", "rerun://xn--a/dataset/1"])
    assert.equal(toRecordings([url], "")[0].url, url);
});

test("odd letters in a path do not end it", () => {
  const [recording] = toRecordings([{ path: "/tmp/100%/a#b?.rrd", url: null }], "");
  assert.equal(recording.url, "http://app.test/gradio_api/file=/tmp/100%25/a%23b%3F.rrd");
});

test("a bare value is a list of one", () => {
  assert.equal(toRecordings("https://host.test/run.rrd", "").length, 1);
});

test("a stream says how far it can be read, and brings its end where that came along", () => {
  const file = { path: "/tmp/run.rrd", url: "http://app.test/run.rrd", orig_name: "run.rrd", size: 30 };
  const recording = { url: file.url, name: "run.rrd", size: 30, marks: [30] };
  const stream = { ...file, mime_type: "application/vnd.rerun.stream" };
  assert.deepEqual(toRecordings([stream], ""), [{ ...recording, item: stream }]);
  const withEnd = { ...file, mime_type: "application/vnd.rerun.stream;end=AQI=" };
  assert.deepEqual(toRecordings([withEnd], ""), [{ ...recording, end: "AQI=", item: withEnd }]);
  const cleared = { ...file, mime_type: "application/vnd.rerun.stream;cleared=1700000000123;end=AQI=" };
  assert.deepEqual(toRecordings([cleared], ""), [{ ...recording, cleared: 1700000000123, end: "AQI=", item: cleared }]);
  assert.deepEqual(toRecordings([{ ...file, size: null, mime_type: "application/vnd.rerun.stream" }], "")[0].marks, [0]);
});

test("what is no recording by its name is converted first", () => {
  const file = { url: null, size: 5 };
  assert.equal(toRecordings([{ ...file, path: "/tmp/a.glb" }], "")[0].upload, "/tmp/a.glb");
  for (const path of ["/tmp/a.rrd", "/tmp/A.RBL"]) assert.equal("upload" in toRecordings([{ ...file, path }], "")[0], false);
});

test("a recording above the limit is large, a stream and a blueprint are not", () => {
  const file = { path: "/tmp/a.rrd", url: null, size: 11 };
  const large = (/** @type {object} */ changes, /** @type {number | null} */ above) => toRecordings([{ ...file, ...changes }], "", above)[0].large;
  assert.equal(large({}, 10), "/tmp/a.rrd");
  assert.deepEqual([large({}, 11), large({}, null), large({ size: null }, 10)], [undefined, undefined, undefined]);
  assert.deepEqual([large({ path: "/tmp/a.rbl" }, 10), large({ mime_type: "application/vnd.rerun.stream" }, 10)], [undefined, undefined]);
});

test("an update that Gradio keeps as the value, in a deep link, is its value", () => {
  assert.equal(toRecordings({ __type__: "update", value: ["https://host.test/run.rrd"] }, "").length, 1);
});
