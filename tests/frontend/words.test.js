import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES, language, plain, translate, WORDS } from "../../src/gradio_rerun/frontend/words.js";
import { fakeDocument, setLanguage } from "./dom.js";

const FRONTEND = new URL("../../src/gradio_rerun/frontend/", import.meta.url);
const sources = readdirSync(FRONTEND, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".js") && path !== "words.js")
  .map((path) => readFileSync(new URL(path, FRONTEND), "utf8"))
  .join("\n");

/** @param {string} text */
const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

test("each text has each language, with the same placeholders", () => {
  for (const [english, all] of Object.entries(WORDS)) {
    assert.equal(all.length, LANGUAGES.length, english);
    for (const [index, text] of all.entries()) {
      assert.notEqual(text.trim(), "", `${english} (${LANGUAGES[index]})`);
      assert.deepEqual(placeholders(text), placeholders(english), `${english} (${LANGUAGES[index]})`);
    }
  }
});

test("each text that is shown in the language of the page is in the table, and the table has no others", () => {
  const shown = [...sources.matchAll(/(?:translate|button|UploadError)\("([^"]*)"/g)].map(([, text]) => text);
  assert.ok(shown.length > 10);
  for (const text of shown) assert.ok(text in WORDS, text);
  for (const text of Object.keys(WORDS)) assert.ok(sources.includes(`"${text}"`), text);
});

test("the language is the one that Gradio has written into the page, if the table has it", () => {
  fakeDocument();
  /** @type {[string, string][]} */
  const cases = [["de", "de"], ["de-AT", "de"], ["pt", "pt"], ["pt-BR", "pt-BR"], ["zh-CN", "zh-CN"], ["zh-TW", "zh-TW"], ["nl", "en"], ["en", "en"], ["", "en"]];
  for (const [lang, expected] of cases) {
    setLanguage(lang);
    assert.equal(language(), expected, lang);
  }
});

test("a placeholder is filled once, whatever it is filled with", () => {
  fakeDocument();
  assert.equal(translate("Loading {name}", { name: "{name}$&.rrd" }), "Loading {name}$&.rrd");
  setLanguage("es");
  assert.equal(translate("Loading {name}", { name: "a.rrd" }), "Cargando: a.rrd");
  assert.equal(translate("no text of the table"), "no text of the table");
});

test("a text that anyone may have written has a limited length, and does not turn around the text behind it", () => {
  fakeDocument();
  assert.equal(translate("Loading {name}", { name: "a\u202eb\u2066\u202a.rrd" }), "Loading ab.rrd");
  assert.equal(plain("x".repeat(1_000_000)), `${"x".repeat(2_000)}…`);
  assert.equal(plain("אב.rrd"), "אב.rrd");
});
