/**
 * Mutation testing of the frontend: changes one thing at a time in a module, and lists the changes that the module's tests do not notice.
 *
 *     node tests/mutation/frontend.mjs [--sample 60] [module ...]
 */

import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import ts from "typescript";

import { random } from "../frontend/random.js";

const ROOT = resolve(import.meta.dirname, "../..");
const SOURCES = "src/gradio_rerun/frontend";
const TESTS = "tests/frontend";

/** The files in tests/frontend (`*.test.js`) that test a module. @type {Record<string, string[]>} */
const TESTED_BY = {
  ahead: ["ahead"],
  appearance: ["rerun-viewer"],
  base64: ["viewer-control", "layout-text"],
  bridge: ["bridge"],
  clipboard: ["moment-link"],
  "component-server": ["component-server"],
  commands: ["commands", "commands-of-values"],
  "deep-link": ["moment-link"],
  delay: ["stream-reader", "tunnel"],
  elements: ["toolbar", "overlay", "time-controls"],
  errors: ["commands"],
  "frame-watch": ["rerun-viewer"],
  "grpc-web": ["grpc-web", "tunnel"],
  "kept-time": ["kept-time", "viewer"],
  links: ["links"],
  "live-state": ["live-state"],
  loader: ["loader"],
  moment: ["moment"],
  "moment-link": ["moment-link"],
  notice: ["notice", "moment-link"],
  "open-recording": ["open-recording", "open-recordings"],
  "open-recordings": ["open-recordings"],
  "on-screen": ["on-screen"],
  "complaints": ["open-recordings"],
  "bounded-set": ["open-recordings", "shown"],
  overlay: ["overlay"],
  "own-commands": ["commands", "rerun-viewer"],
  setters: ["viewer-control"],
  "paused-place": ["rerun-viewer"],
  picture: ["viewer"],
  place: ["place"],
  protobuf: ["protobuf", "viewer-state", "viewer-control"],
  questions: ["questions"],
  "rerun-viewer": ["rerun-viewer"],
  rrd: ["rrd", "stream-reader", "viewer-fetch"],
  "running-viewer": ["rerun-viewer"],
  save: ["save"],
  show: ["moment-link"],
  shown: ["shown"],
  "store-id": ["store-id"],
  "stream-reader": ["stream-reader"],
  succession: ["succession"],
  "time-controls": ["time-controls"],
  toolbar: ["toolbar"],
  tunnel: ["tunnel"],
  upload: ["upload"],
  "upload-panel": ["upload-panel"],
  viewer: ["viewer"],
  "viewer-control": ["viewer-control"],
  "viewer-failure": ["viewer"],
  "viewer-globals": ["viewer"],
  "viewer-events": ["viewer-events"],
  "viewer-fetch": ["viewer-fetch"],
  "viewer-open": ["viewer-open"],
  "viewer-state": ["viewer-state"],
  wire: ["wire"],
};

/** ms after which a test that does not end has noticed the change. */
const TIMEOUT = 30_000;

const SWAPPED = new Map(
  [["===", "!=="], ["<", "<="], [">", ">="], ["&&", "||"], ["+", "-"], ["*", "/"], ["+=", "-="], ["<<", ">>"], ["&", "|"]].flatMap(
    ([one, other]) => /** @type {[string, string][]} */ ([[one, other], [other, one]]),
  ),
);
SWAPPED.set("??", "&&").set("??=", "=").set("||=", "=").set(">>>", "<<").set("%", "*");

/** @typedef {{start: number, end: number, text: string}} Change */

/** What can be changed in a source. @param {string} source @returns {Change[]} */
function changesIn(source) {
  const file = ts.createSourceFile("module.js", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  /** @type {Change[]} */
  const changes = [];
  /** @param {ts.Node} node @param {string} text */
  const replace = (node, text) => void changes.push({ start: node.getStart(file), end: node.getEnd(), text });
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const other = SWAPPED.get(node.operatorToken.getText(file));
      if (other) replace(node.operatorToken, other);
    } else if (ts.isNumericLiteral(node)) replace(node, `(${node.getText(file)} + 1)`);
    else if (ts.isBigIntLiteral(node)) replace(node, `(${node.getText(file)} + 1n)`);
    else if (ts.isStringLiteral(node) && !ts.isPropertyAssignment(node.parent)) replace(node, node.text ? '""' : '"changed"');
    else if (ts.isNoSubstitutionTemplateLiteral(node)) replace(node, '""');
    else if (ts.isRegularExpressionLiteral(node)) replace(node, "/(?!)/");
    else if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, "false");
    else if (node.kind === ts.SyntaxKind.FalseKeyword) replace(node, "true");
    else if (ts.isPrefixUnaryExpression(node) && /^[!-]/.test(node.getText(file))) replace(node, `(${node.operand.getText(file)})`);
    else if (ts.isConditionalExpression(node)) replace(node.condition, `!(${node.condition.getText(file)})`);
    else if (ts.isIfStatement(node) || ts.isWhileStatement(node)) replace(node.expression, `!(${node.expression.getText(file)})`);
    else if (ts.isExpressionStatement(node)) replace(node, ";");
    else if (node.kind === ts.SyntaxKind.QuestionDotToken) {
      const next = source[node.getEnd()];
      replace(node, next === "(" || next === "[" ? "" : ".");
    } else if (ts.isReturnStatement(node) && node.expression) replace(node.expression, "undefined");
    else if (ts.isContinueStatement(node)) replace(node, ";");
    ts.forEachChild(node, visit);
  };
  visit(file);
  return changes;
}

/** Whether the tests in a copy of the repository fail. @param {string} copy @param {string[]} tests */
async function fail(copy, tests) {
  for (const test of tests) {
    const passes = await new Promise((done) => {
      execFile(process.execPath, [join(TESTS, `${test}.test.js`)], { cwd: copy, timeout: TIMEOUT, killSignal: "SIGKILL", maxBuffer: 2 ** 26 }, (error) => done(!error));
    });
    if (!passes) return true;
  }
  return false;
}

/** @param {string} module @param {number} sample @param {string[]} copies of the repository */
async function mutate(module, sample, copies) {
  const names = await readdir(join(ROOT, SOURCES), { recursive: true });
  const path = join(SOURCES, /** @type {string} */ (names.find((name) => basename(name) === `${module}.js`)));
  const source = await readFile(join(ROOT, path), "utf8");
  const tests = TESTED_BY[module];
  if (await fail(copies[0], tests)) throw new Error(`The tests of ${module} fail without a change.`);
  const changes = changesIn(source);
  const below = random(1);
  while (changes.length > sample) changes.splice(below(changes.length), 1);
  const { length } = changes;
  /** @type {Change[]} */
  const survivors = [];
  await Promise.all(
    copies.map(async (copy) => {
      for (let change; (change = changes.shift()); ) {
        await writeFile(join(copy, path), source.slice(0, change.start) + change.text + source.slice(change.end));
        if (!(await fail(copy, tests))) survivors.push(change);
      }
      await writeFile(join(copy, path), source);
    }),
  );
  console.log(`${module}: ${length - survivors.length} of ${length} killed (${Math.round((100 * (length - survivors.length)) / length)} %)`);
  for (const { start, end, text } of survivors.sort((one, other) => one.start - other.start)) {
    const line = source.slice(0, start).split("\n").length;
    console.log(`  ${path}:${line}: ${source.slice(start, end).replace(/\s+/g, " ")} → ${text.replace(/\s+/g, " ")}`);
  }
}

const { values, positionals } = parseArgs({ options: { sample: { type: "string", default: "60" } }, allowPositionals: true });
const folder = await mkdtemp(join(tmpdir(), "mutation-"));
try {
  const copies = Array.from({ length: availableParallelism() }, (_, index) => join(folder, String(index)));
  for (const copy of copies) for (const part of ["package.json", SOURCES, TESTS]) await cp(join(ROOT, part), join(copy, part), { recursive: true });
  for (const module of positionals.length > 0 ? positionals : Object.keys(TESTED_BY)) await mutate(module, Number(values.sample), copies);
} finally {
  await rm(folder, { recursive: true });
}
