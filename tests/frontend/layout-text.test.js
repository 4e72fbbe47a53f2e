import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { test } from "node:test";

import { isPacked, pack, unpack, withoutTime, withTimeOf } from "../../src/gradio_rerun/frontend/gradio/layout-text.js";
import { random } from "./random.js";

const LAYOUT = '{"/view/ä":{"text":"a \\"12345678901234567890\\" \\\\","numbers":[18446744073709551615,-9223372036854775808,1.5e+300,0.5]},"/time_panel":{"t":1}}';

/** @param {string | Uint8Array} content */
const packedText = (content) => deflateRawSync(content).toString("base64url");

test("a layout is the same after its way through a URL, integers of 64 bits included", async () => {
  const text = /** @type {string} */ (await pack(LAYOUT));
  assert.ok(isPacked(text));
  assert.equal(await unpack(text), LAYOUT);
  assert.equal(encodeURIComponent(text), text);
});

test("the state of the time is left out, and that of the viewer is put in", () => {
  assert.equal(withoutTime(LAYOUT), LAYOUT.replace(',"/time_panel":{"t":1}', ""));
  assert.equal(withTimeOf(withoutTime(LAYOUT), LAYOUT), LAYOUT);
  assert.equal(withTimeOf("{}", '{"a":1}'), "{}");
  assert.equal(withTimeOf("{}", null), "{}");
});

test("the state of the time panel is kept, but not what it shows", () => {
  const layout = (/** @type {object} */ time) => JSON.stringify({ "/time_panel": time });
  const kept = layout({ TimePanelBlueprint: { state: "Collapsed" } });
  assert.equal(withoutTime(layout({ a: 1, TimePanelBlueprint: { timeline: "frame", state: "Collapsed" } })), kept);
  assert.equal(withTimeOf(kept, '{"/time_panel":{"a":2,"TimePanelBlueprint":{"timeline":"step","state":"Expanded"}}}'),
    layout({ a: 2, TimePanelBlueprint: { timeline: "step", state: "Collapsed" } }));
  assert.equal(withTimeOf(kept, '{"/time_panel":{"a":2}}'), layout({ a: 2, TimePanelBlueprint: { state: "Collapsed" } }));
  assert.equal(withTimeOf(kept, "{}"), kept);
  for (const wrong of [null, 1, { TimePanelBlueprint: null }, { TimePanelBlueprint: { state: 1 } }]) {
    assert.equal(withoutTime(JSON.stringify({ "/time_panel": wrong })), "{}");
    assert.equal(withTimeOf(JSON.stringify({ "/time_panel": wrong }), '{"/time_panel":{"a":2}}'), '{"/time_panel":{"a":2}}');
  }
});

test("a layout that is too long becomes null", async () => {
  const number = random(1);
  const noise = JSON.stringify({ a: Array.from({ length: 2000 }, () => number(1e9)) });
  assert.equal(await pack(noise), null);
  assert.equal(await pack(JSON.stringify({ a: "x".repeat(100_000) })).then((text) => text && unpack(text)), JSON.stringify({ a: "x".repeat(100_000) }));
});

for (const [what, text] of /** @type {[string, string][]} */ ([
  ["nothing", ""],
  ["no base64", "a.b"],
  ["what is not compressed", "AAAA"],
  ["half of it", packedText(LAYOUT).slice(0, 40)],
  ["no JSON", packedText("no JSON")],
  ["no object", packedText("[1]")],
  ["null", packedText("null")],
  ["no UTF-8", packedText(Uint8Array.of(0x22, 0xff, 0x22))],
  ["megabytes", packedText(JSON.stringify({ a: "x".repeat(2_000_000) }))],
  ["a long text", "A".repeat(4001)],
])) {
  test(`what is no layout is null: ${what}`, async () => assert.equal(await unpack(text), null));
}

test("a link whose layout is no JSON is read in no time", async () => {
  for (const json of ['\\"'.repeat(99_000), `{"a":"${'\\"'.repeat(99_000)}`]) {
    const begun = performance.now();
    assert.equal(await unpack(packedText(json)), null);
    assert.ok(performance.now() - begun < 2_000);
  }
});
