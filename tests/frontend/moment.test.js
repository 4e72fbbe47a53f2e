import assert from "node:assert/strict";
import { test } from "node:test";

import { likeness, linkTo, nameInLinks, readMoments, selectedPath } from "../../src/gradio_rerun/frontend/gradio/moment.js";
import { random } from "./random.js";

const RUN = { application_id: "an app", recording_id: "run/1 &=#%" };
const MOMENT = { recording: RUN, place: { timeline: "frame.no", time: -9_223_372_036_854_775_808n }, selection: "/wörld/a\\ b[#3]", layout: "aZ09-_" };

/** @param {string} href @param {string} [name] */
const momentIn = (href, name = "rerun") => readMoments(new URL(href).search).get(name) ?? null;

test("the recording of a large file is the same one, whatever dataset its server has made of it", () => {
  const [before, now] = ["18EC7329DF26EF437016d98bbbf66423", "18EC7336430D2CF37a1d4c84fb18478b"];
  const of = (/** @type {string} */ application_id, /** @type {string} */ recording_id) =>
    likeness({ ...MOMENT, recording: { application_id: before, recording_id: "run" } }, { application_id, recording_id });
  assert.deepEqual([of(now, "run"), of(now, "other"), of("app", "run")], ["same", "other", "other"]);
});

test("a link gives back each moment, exactly, whatever the names are", () => {
  const other = { recording: null, place: { timeline: "log_time", time: 1_700_000_000_123_456_789n }, selection: null, layout: null };
  const moments = new Map([["rerun", MOMENT], ["rerun2", other], ["rerun-left.time", MOMENT]]);
  assert.deepEqual(readMoments(new URL(linkTo("https://app.test/a/b", moments)).search), moments);
});

test("a link is the page's own address, with its parameters, and without the visitor's own key", () => {
  const page = "https://app.test/apps/one/?__theme=dark&view=api&deep_link=abc&__sign=secret&rerun.time=5&rerun.selection=%2Fa&rerun2.time=7#part";
  const { origin, pathname, hash, searchParams } = new URL(linkTo(page, new Map([["rerun", { ...MOMENT, selection: null, layout: null }]])));
  assert.deepEqual([origin, pathname, hash], ["https://app.test", "/apps/one/", "#part"]);
  const { application_id, recording_id } = RUN;
  const own = { "rerun.application_id": application_id, "rerun.recording_id": recording_id, "rerun.timeline": "frame.no", "rerun.time": "-9223372036854775808" };
  assert.deepEqual(Object.fromEntries(searchParams), { __theme: "dark", view: "api", deep_link: "abc", "rerun2.time": "7", ...own });
});

test("the viewers have different names", () => {
  const names = [["", 0], ["", 1], ["2", 0], ["left", 1]].map(([elemId, place]) => nameInLinks(String(elemId), Number(place)));
  assert.deepEqual(names, ["rerun", "rerun2", "rerun-2", "rerun-left"]);
});

test("an app may write a part of a moment", () => {
  assert.deepEqual(momentIn("https://app.test/?rerun.timeline=frame&rerun.time=7"), { recording: null, place: { timeline: "frame", time: 7n }, selection: null, layout: null });
  assert.deepEqual(momentIn("https://app.test/?rerun.recording_id=run"), { recording: { application_id: "", recording_id: "run" }, place: null, selection: null, layout: null });
});

/** @type {[string, string][]} */
const UNREADABLE = [
  ["no moment", ""],
  ["a time without a timeline", "rerun.time=5"],
  ["a timeline without a time", "rerun.timeline=frame"],
  ...["", "1.5", "1e3", "0x10", " 5", "5n", "--5", "9223372036854775808", "9".repeat(400)].map((time) => /** @type {[string, string]} */ ([`the time ${time.slice(0, 30)}`, `rerun.timeline=frame&rerun.time=${time}`])),
  ["a name of megabytes", `rerun.recording_id=${"a".repeat(2e6)}`],
  ...["https://evil.test/a.rrd", "recording://a", "a", "", "/a%0Ab", "/%00"].map((path) => /** @type {[string, string]} */ ([`the selection ${path}`, `rerun.selection=${path}`])),
  ...["", "a b", "a=", "<b>", "a".repeat(4001)].map((text) => /** @type {[string, string]} */ ([`the layout ${text.slice(0, 30)}`, `rerun.layout=${text}`])),
  ["a field that is none", "rerun.url=https://evil.test/&rerun.constructor=a&rerun.__proto__=a"],
  ["an escape that is none", "rerun.time=%&rerun.timeline=%ff%"],
];

for (const [what, query] of UNREADABLE) {
  test(`what cannot be read is left out: ${what}`, () => assert.deepEqual(readMoments(`?${query}`), new Map()));
}

test("of a repeated parameter the first counts, and of thousands of viewers the first ones", () => {
  assert.equal(momentIn("https://app.test/?rerun.recording_id=a&rerun.recording_id=b")?.recording?.recording_id, "a");
  const many = Array.from({ length: 9_000 }, (_, index) => `rerun${index}.recording_id=run`).join("&");
  assert.equal(readMoments(many).size, 50);
});

test("any query is read without an error, and the result can be written", () => {
  const number = random(7);
  const parts = ["rerun", ".", "time", "timeline", "=", "&", "%", "2", "-", "/", "selection", "recording_id", "\0", "é", "\ud800", "+"];
  for (let round = 0; round < 3_000; round++) {
    const query = Array.from({ length: 12 }, () => parts[number(parts.length)]).join("");
    const moments = readMoments(query);
    assert.deepEqual(readMoments(new URL(linkTo("https://app.test/", moments)).search), moments);
  }
});

test("a recording is that of the link, another of its application, or another one", () => {
  const of = (/** @type {any} */ recording) => likeness({ ...MOMENT, recording }, { application_id: "app", recording_id: "run" });
  assert.equal(of({ application_id: "app", recording_id: "run" }), "same");
  assert.equal(of({ application_id: "", recording_id: "run" }), "same");
  assert.equal(of(null), "same");
  assert.equal(of({ application_id: "app", recording_id: "other" }), "akin");
  assert.equal(of({ application_id: "other", recording_id: "run" }), "other");
  assert.equal(of({ application_id: "", recording_id: "other" }), "other");
});

test("a selected entity has a path", () => {
  assert.equal(selectedPath([{ type: "entity", entity_path: "/a/b" }, { type: "entity", entity_path: "/c" }]), "/a/b");
  assert.equal(selectedPath([{ type: "entity", entity_path: "/a/b", instance_id: 0 }]), "/a/b[#0]");
  for (const items of [[], undefined, "no list", [{}], [{ type: "view", view_id: "1" }], [{ type: "entity" }], [{ type: "entity", entity_path: "a" }]]) assert.equal(selectedPath(items), null);
});
