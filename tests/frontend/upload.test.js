import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { isAccepted, upload, UploadError } from "../../src/gradio_rerun/frontend/gradio/upload.js";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/demo/" });

/** As much of XMLHttpRequest as an upload needs. */
class FakeRequest {
  /** @type {FakeRequest} */
  static last;
  /** @type {Record<string, any>} */
  upload = {};
  status = 0;
  /** @type {unknown} */
  response = null;
  /** @type {FormData | null} */
  sent = null;
  /** @type {string[]} */
  opened = [];
  onload = () => {};
  onerror = () => {};
  onabort = () => {};

  constructor() {
    FakeRequest.last = this;
  }

  /** @param {string[]} given */
  open(...given) {
    this.opened = given;
  }

  /** @param {FormData} form */
  send(form) {
    this.sent = form;
  }

  abort() {
    if (this.sent) this.onabort();
  }

  /** @param {number} status @param {unknown} response */
  answer(status, response) {
    [this.status, this.response] = [status, response];
    this.onload();
  }
}

/** @type {AbortController} */
let life;
/** @type {[number, number][]} */
let progress;

beforeEach(() => {
  globalThis.XMLHttpRequest = /** @type {any} */ (FakeRequest);
  [life, progress] = [new AbortController(), []];
});

const send = () => upload("http://app.test/demo", new File(["12345"], "a b.rrd"), { onProgress: (...now) => progress.push(now), signal: life.signal });

test("a file is sent to Gradio's upload route, and becomes a value that Gradio accepts", async () => {
  const sending = send();
  const { last } = FakeRequest;
  assert.equal(last.opened[0], "POST");
  assert.match(last.opened[1], /^http:\/\/app\.test\/demo\/gradio_api\/upload\?upload_id=\w+$/);
  assert.equal(/** @type {any} */ (last).responseType, "json");
  const file = /** @type {File} */ (last.sent?.get("files"));
  assert.deepEqual([file.name, await file.text()], ["a b.rrd", "12345"]);
  last.upload.onprogress({ loaded: 2, total: 5 });
  assert.deepEqual(progress, [[2, 5]]);
  last.answer(200, ["/tmp/gradio/a b.rrd"]);
  assert.deepEqual(await sending, {
    path: "/tmp/gradio/a b.rrd",
    url: "http://app.test/demo/gradio_api/file=/tmp/gradio/a%20b.rrd",
    orig_name: "a b.rrd",
    size: 5,
  });
});

for (const [status, response, words] of /** @type {[number, unknown, string][]} */ ([
  [401, { detail: "Not authenticated" }, "a b.rrd could not be uploaded: you are not logged in any more. Please reload the page."],
  [413, null, "a b.rrd is too big: the app limits the size of files."],
  [413, { detail: "5 MB at most" }, "a b.rrd is too big: 5 MB at most."],
  [500, { error: "disk full" }, "a b.rrd could not be uploaded: the server answered 500 (disk full)."],
  [502, null, "a b.rrd could not be uploaded: the server answered 502."],
  [200, "<html>", "a b.rrd could not be uploaded: the server answered 200."],
  [200, [], "a b.rrd could not be uploaded: the server answered 200."],
])) {
  test(`answer ${status} ${JSON.stringify(response)} is reported in words`, async () => {
    const sending = send();
    FakeRequest.last.answer(status, response);
    await assert.rejects(sending, (error) => error instanceof UploadError && error.message === words);
  });
}

test("a connection that is lost is reported", async () => {
  const sending = send();
  FakeRequest.last.onerror();
  await assert.rejects(sending, (error) => error instanceof UploadError && error.message === "a b.rrd could not be uploaded: the connection to the server was lost.");
});

test("an upload that is cancelled ends, with the reason", async () => {
  const sending = send();
  life.abort("enough");
  await assert.rejects(sending, (reason) => reason === "enough");
});

test("an upload that is cancelled before it begins is not sent", async () => {
  life.abort("enough");
  await assert.rejects(send(), (reason) => reason === "enough");
  assert.equal(FakeRequest.last.sent, null);
});

test("a file is accepted as the browser's dialog would", () => {
  const rrd = { name: "A.RRD", type: "" };
  const png = { name: "a.png", type: "image/png" };
  /** @type {[{name: string, type: string}, string[], boolean][]} */
  const cases = [
    [rrd, [], true],
    [rrd, [".rrd"], true],
    [rrd, [".RRD"], true],
    [rrd, [".rbl"], false],
    [rrd, [".rbl", ".rrd"], true],
    [rrd, ["image/*"], false],
    [png, ["image/*"], true],
    [png, ["image/png"], true],
    [png, ["image/jpeg"], false],
    [{ name: "a.pnm", type: "image/pnm" }, ["image/png"], false],
    [png, ["video/*"], false],
    [{ name: "imagepng", type: "imagery/png" }, ["image/*"], false],
    [{ name: "archive.rrd.zip", type: "" }, [".rrd"], false],
    [{ name: "image", type: "" }, ["image/png"], false],
  ];
  for (const [file, types, accepted] of cases) assert.equal(isAccepted(file, types), accepted, JSON.stringify([file, types]));
});
