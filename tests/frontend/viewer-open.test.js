import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.location = /** @type {any} */ ({ href: "http://app.test/demo/" });
/** @type {unknown[][]} */
let opened;
/** What the console says. @type {string[]} */
let said;
globalThis.window = /** @type {any} */ ({ open: (/** @type {unknown[]} */ ...given) => opened.push(given) });
const { openLink } = await import("../../src/gradio_rerun/frontend/viewer/viewer-open.js");

beforeEach(() => {
  [opened, said] = [[], []];
  console.info = (words) => said.push(words);
});

test("a link to a page opens in a tab without access to this one", () => {
  for (const [link, url] of [["https://host.test/a?b#c", "https://host.test/a?b#c"], ["other", "http://app.test/demo/other"], ["mailto:a@b.test", "mailto:a@b.test"]]) {
    opened = [];
    assert.equal(openLink(link), null);
    assert.deepEqual(opened, [[url, "_blank", "noopener,noreferrer"]]);
  }
});

test("a URL that would run code in this page, or is not a link, is not opened", () => {
  for (const link of ["javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>", "blob:http://app.test/1", "file:///etc/passwd", "vbscript:x", "http://[", "about:blank"]) {
    assert.equal(openLink(link), null);
    assert.deepEqual(opened, []);
    assert.ok(said.pop()?.includes(`refused to open ${link}`));
  }
});
