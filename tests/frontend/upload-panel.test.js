import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement, fakeDocument, setLanguage } from "./dom.js";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/" });
fakeDocument();
const { UploadPanel } = await import("../../src/gradio_rerun/frontend/gradio/upload-panel.js");

/** Requests that are on their way. @type {any[]} */
let requests;
/** @type {FakeElement} */
let host;
/** @type {any} */
let panel;
/** @type {any[][]} */
let uploaded;

beforeEach(() => {
  requests = [];
  uploaded = [];
  globalThis.window = /** @type {any} */ ({});
  globalThis.XMLHttpRequest = /** @type {any} */ (
    class {
      upload = {};
      open() {}
      send() {
        requests.push(this);
      }
      abort() {
        /** @type {any} */ (this).onabort();
      }
    }
  );
  host = new FakeElement();
  fakeDocument().append(host);
  panel = new UploadPanel(/** @type {any} */ (host), (files) => uploaded.push(files));
  configure();
});

/** @param {object} [options] */
function configure(options = {}) {
  panel.configure({ root: "http://app.test", interactive: true, prompt: true, file_count: "single", file_types: [], ...options });
}

/** @param {string} name @param {string} [content] */
const file = (name, content = "12345") => new File([content], name);

/** The last request is answered. @param {number} status @param {unknown} response */
async function answer(status, response) {
  const request = requests.at(-1);
  Object.assign(request, { status, response });
  request.onload();
  await new Promise((resolve) => setImmediate(resolve));
}

const alert = () => host.all((each) => each.getAttribute("role") === "alert")[0]?.textContent ?? null;
const input = () => /** @type {any} */ (host.all(({ localName }) => localName === "input")[0]);
const rows = () => host.all(({ className }) => className === "rerun-upload").map(({ textContent }) => textContent);
const prompt = () => host.all(({ className }) => className === "rerun-drop")[0];

test("the drop zone names its file types, and is shown if users may upload", () => {
  for (const [file_count, words] of [["single", "Drop Recording Here"], ["multiple", "Drop Recordings Here"], ["directory", "Drop Folder Here"]]) {
    configure({ file_count });
    assert.ok(prompt().textContent.startsWith(words));
    assert.deepEqual([input().multiple, input().hasAttribute("webkitdirectory")], [file_count === "multiple", file_count === "directory"]);
  }
  configure({ prompt: false, file_types: [".rrd", "image/*"] });
  assert.deepEqual([prompt().hidden, input().accept], [true, ".rrd,image/*"]);
  configure({ interactive: false });
  assert.deepEqual(host.children, []);
});

test("files that were chosen are sent in turn, and handed over together", async () => {
  configure({ file_count: "multiple" });
  input().files = [file("a.rrd"), file("b.rrd")];
  input().dispatchEvent(new Event("change"));
  assert.deepEqual([rows(), requests.length], [["a.rrd", "b.rrd"], 1]);
  requests[0].upload.onprogress({ loaded: 1, total: 4 });
  assert.deepEqual(rows(), ["a.rrd (25 %)", "b.rrd"]);
  await answer(200, ["/tmp/a.rrd"]);
  assert.deepEqual([uploaded, requests.length], [[], 2]);
  await answer(200, ["/tmp/b.rrd"]);
  assert.deepEqual(uploaded.map((files) => files.map(({ path }) => path)), [["/tmp/a.rrd", "/tmp/b.rrd"]]);
  assert.deepEqual(rows(), []);
  assert.equal(input().value, "");
});

test("dropped files are sent, and the drop zone is highlighted", () => {
  prompt().dispatchEvent(new Event("dragover", { cancelable: true }));
  assert.equal(prompt().hasAttribute("data-dragging"), true);
  prompt().dispatchEvent(new Event("dragleave"));
  assert.equal(prompt().hasAttribute("data-dragging"), false);
  prompt().dispatchEvent(new Event("dragover", { cancelable: true }));
  const drop = Object.assign(new Event("drop", { cancelable: true }), { dataTransfer: { files: [file("a.rrd")] } });
  prompt().dispatchEvent(drop);
  assert.deepEqual([prompt().hasAttribute("data-dragging"), drop.defaultPrevented, requests.length], [false, true, 1]);
});

test("a drop without files does nothing", () => {
  prompt().dispatchEvent(Object.assign(new Event("drop"), { dataTransfer: null }));
  assert.deepEqual([requests, alert()], [[], null]);
});

for (const [options, files, words] of /** @type {[object, File[], string][]} */ ([
  [{}, [file("a.rrd"), file("b.rrd")], "Expected one file, got 2."],
  [{ file_types: [".rrd", ".rbl"] }, [file("a.txt")], "a.txt is none of the types that can be uploaded: .rrd, .rbl."],
  [{ limit: 2_500_000 }, [file("a.rrd", "x".repeat(2_500_001))], "a.rrd is too big: the app takes files of up to 2.5 MB."],
  [{ limit: 51_200 }, [file("a.rrd", "x".repeat(57_000))], "a.rrd is too big: the app takes files of up to 0.051 MB."],
])) {
  test(`what is refused is not sent: ${words}`, () => {
    configure(options);
    /** @type {any} */ (globalThis.window).gradio_config = { max_file_size: /** @type {any} */ (options).limit };
    panel.send(files);
    assert.deepEqual([alert(), requests.length], [words, 0]);
    host.button("Close").click();
    assert.equal(alert(), null);
  });
}

test("the drop zone, its buttons and its errors are in the language of the page", async () => {
  setLanguage("fr");
  configure();
  assert.equal(prompt().textContent, "Déposez l'enregistrement ici- ou -Cliquez pour télécharger un fichier");
  panel.send([file("a.rrd"), file("b.rrd")]);
  assert.equal(alert(), "Un seul fichier était attendu, il y en a 2.");
  assert.ok(host.button("Fermer"));
  panel.send([file("a.rrd")]);
  assert.ok(host.button("Annuler"));
  await answer(500, { error: "disk full" });
  assert.equal(alert(), "a.rrd n'a pas pu être téléversé : le serveur a répondu 500 (disk full).");
});

test("with a folder, file types do not apply", () => {
  configure({ file_count: "directory", file_types: [".rrd"] });
  panel.send([file("a.rrd"), file("notes.txt")]);
  assert.deepEqual([alert(), requests.length], [null, 1]);
});

test("a failure is reported, and the previous value stays", async () => {
  panel.send([file("a.rrd")]);
  await answer(500, { error: "disk full" });
  assert.equal(alert(), "a.rrd could not be uploaded: the server answered 500 (disk full).");
  assert.deepEqual(uploaded, []);
});

test("an upload can be cancelled, and another one can follow", async () => {
  panel.send([file("a.rrd")]);
  host.button("Cancel").click();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([alert(), rows(), uploaded], [null, [], []]);
  panel.send([file("b.rrd")]);
  panel.send([file("c.rrd")]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(rows(), ["c.rrd"]);
  await answer(200, ["/tmp/c.rrd"]);
  assert.deepEqual(uploaded.map(([{ path }]) => path), ["/tmp/c.rrd"]);
});
