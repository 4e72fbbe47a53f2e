import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Overlay } from "../../src/gradio_rerun/frontend/viewer/overlay.js";
import { FakeElement, fakeDocument, setLanguage } from "./dom.js";

/** @type {FakeElement} */
let host;
/** @type {Overlay} */
let overlay;
/** Draws the next frame. @type {() => void} */
let draw;

beforeEach(() => {
  fakeDocument();
  /** @type {Map<number, () => void>} */
  const frames = new Map();
  let last = 0;
  globalThis.requestAnimationFrame = (callback) => {
    frames.set(++last, () => callback(0));
    return last;
  };
  globalThis.cancelAnimationFrame = (id) => void frames.delete(id);
  draw = () => {
    const due = [...frames.values()];
    frames.clear();
    for (const frame of due) frame();
  };
  host = new FakeElement();
  overlay = new Overlay(/** @type {any} */ (host));
});

/** @param {string} role */
const byRole = (role) => host.all((each) => each.getAttribute("role") === role)[0];
const progress = () => (byRole("progressbar").hidden ? null : byRole("progressbar").textContent);
const percent = () => byRole("progressbar").getAttribute("aria-valuenow");
/** @param {string} name @returns {any} */
const recording = (name) => ({ url: `http://app.test/${name}`, name });

test("the viewer's own progress is shown until it has started", () => {
  assert.equal(progress(), null);
  overlay.showViewerProgress(2_000_000, 8_000_000);
  assert.deepEqual([progress(), percent()], ["Loading the viewer: 2.0 MB of 8.0 MB (25 %)", "25"]);
  overlay.showViewerProgress(8_000_000, 8_000_000);
  assert.deepEqual([progress(), percent()], ["Starting the viewer: 8.0 MB of 8.0 MB (100 %)", "100"]);
  overlay.hideViewerProgress();
  assert.equal(progress(), null);
});

test("the progress of a recording is shown once a frame", () => {
  overlay.showDownload(recording("a.rrd"), 1_000_000, 12_000_000);
  overlay.showDownload(recording("a.rrd"), 3_000_000, 12_000_000);
  assert.equal(progress(), null);
  draw();
  assert.deepEqual([progress(), percent()], ["a.rrd: 3.0 MB of 12 MB (25 %)", "25"]);
  overlay.hideViewerProgress(); // it is not the viewer's
  assert.notEqual(progress(), null);
  overlay.endDownload("http://app.test/a.rrd");
  assert.equal(progress(), null);
});

test("several recordings are one sum, and its size is unknown if one size is unknown", () => {
  overlay.showDownload(recording("a.rrd"), 1_000_000, 2_000_000);
  overlay.showDownload(recording("b.rrd"), 1_000_000, 6_000_000);
  draw();
  assert.equal(progress(), "2 recordings: 2.0 MB of 8.0 MB (25 %)");
  overlay.showDownload(recording("c.rrd"), 1_000_000, null);
  draw();
  assert.deepEqual([progress(), percent()], ["3 recordings: 3.0 MB", null]);
  overlay.endDownload("http://app.test/c.rrd");
  assert.equal(percent(), "25");
  overlay.endDownloads();
  draw();
  assert.equal(progress(), null);
});

test("more bytes than announced are 100 %", () => {
  overlay.showDownload(recording("a.rrd"), 3_000_000, 2_000_000);
  draw();
  assert.equal(percent(), "100");
});

test("waiting for conversions and servers is reported", () => {
  overlay.showPreparation({ ...recording("a.glb"), upload: "/tmp/a.glb" });
  assert.deepEqual([progress(), percent()], ["Converting a.glb", null]);
  overlay.endDownloads();
  overlay.showWait(recording("live"), "The app answered 502. Trying again.");
  assert.equal(progress(), "live: The app answered 502. Trying again.");
});

test("names and reasons of any length are short, and do not turn around the text behind them", () => {
  overlay.showWait(recording("a\u202eb"), "x".repeat(1_000_000));
  assert.match(progress() ?? "", /^ab: x{1900,2000}…$/);
  overlay.showError({ title: "A recording could not be opened", message: `\u2066${"x".repeat(1_000_000)}`, action: "Retry", covers: true }, () => {});
  assert.match(byRole("alert").textContent, /openedx{1900,2000}…Retry$/);
});

test("an error has a title, a reason and a button, and can be closed if a recording is behind it", () => {
  let retried = 0;
  const what = { title: "A recording could not be opened", message: "a.rrd: <b>gone</b>", action: "Retry" };
  overlay.showError({ ...what, covers: true }, () => retried++);
  assert.equal(byRole("alert").hidden, false);
  assert.ok(byRole("alert").textContent.startsWith("A recording could not be openeda.rrd: <b>gone</b>"));
  assert.equal(host.button("Close"), undefined);
  host.button("Retry").click();
  assert.equal(retried, 1);
  overlay.showError({ ...what, covers: false }, () => {});
  assert.equal(host.all(({ localName }) => localName === "strong").length, 1);
  host.button("Close").click();
  assert.deepEqual([byRole("alert").hidden, byRole("alert").textContent], [true, ""]);
});

test("all texts and numbers are in the language of the page", () => {
  setLanguage("de");
  overlay.showViewerProgress(2_000_000, 8_000_000);
  assert.equal(progress(), "Viewer wird geladen: 2,0 MB von 8,0 MB (25 %)");
  overlay.showDownload(recording("a.rrd"), 3_000_000, 1_200_000_000);
  draw();
  assert.equal(progress(), "a.rrd: 3,0 MB von 1200 MB (0 %)");
  overlay.showPreparation({ ...recording("b.glb"), upload: "/tmp/b.glb" });
  assert.equal(progress(), "2 Aufzeichnungen: 3,0 MB");
  overlay.showError({ title: "{count} recordings could not be opened", count: 2, message: "a.rrd: The file is empty.", action: "Retry", covers: false }, () => {});
  assert.equal(byRole("alert").textContent, "2 Aufzeichnungen konnten nicht geöffnet werdena.rrd: The file is empty.WiederholenSchließen");
});

test("the shown texts change with the language of the page, and the element reports the change", () => {
  let changes = 0;
  host.addEventListener("language-change", () => changes++);
  overlay.showError({ title: "The viewer stopped", message: "why", action: "Restart", covers: true }, () => {});
  setLanguage("ja");
  assert.equal(byRole("alert").textContent, "ビューアーが停止しましたwhy再起動");
  setLanguage("ja");
  assert.equal(changes, 1);
  overlay.hideError();
  setLanguage("en");
  assert.deepEqual([byRole("alert").hidden, changes], [true, 2]);
  overlay.dispose();
  setLanguage("fr");
  assert.equal(changes, 2);
});

test("a state is announced when it lasts, in the language of the page", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const status = () => {
    context.mock.timers.tick(1000);
    return byRole("status").textContent;
  };
  overlay.announce("idle", []);
  assert.equal(status(), "");
  overlay.announce("loading", [recording("a.rrd")]);
  overlay.announce("ready", [recording("a.rrd")]);
  assert.equal(status(), "Loaded a.rrd");
  setLanguage("fr");
  overlay.announce("loading", [recording("a.rrd"), recording("b.rrd")]);
  assert.equal(status(), "Chargement : 2 enregistrements");
  overlay.announce("error", []);
  assert.equal(status(), "");
  const region = byRole("status");
  overlay.announce("idle", []);
  overlay.dispose();
  context.mock.timers.tick(1000);
  assert.equal(region.textContent, "");
});

test("the overlay leaves no element behind", () => {
  overlay.showDownload(recording("a.rrd"), 1, 2);
  overlay.dispose();
  draw();
  assert.equal(host.children.length, 0);
});
