import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement } from "./dom.js";

const { Keys } = await import("../../src/gradio_rerun/frontend/gradio/keys.js");

/** @type {FakeElement} */
let viewer;
/** @type {InstanceType<typeof Keys>} */
let keys;
/** @type {any[]} */
let told;
let hasFocus = true;

beforeEach((context) => {
  /** @type {any} */ (context).mock.timers.enable({ apis: ["setInterval"] });
  viewer = new FakeElement("rerun-viewer");
  [told, hasFocus] = [[], true];
  keys = new Keys(/** @type {any} */ (viewer), (input) => told.push(input));
  keys.configure({ keys: ["w", "a", "Space", "ArrowUp", "Shift"] });
});

/** @param {"keydown" | "keyup" | "blur"} type @param {string} key @param {object} [more] @returns {boolean} whether it was left to the viewer and the browser */
function send(type, key, more = {}) {
  const event = new Event(type, { cancelable: true });
  const code = key.length === 1 ? `Key${key.toUpperCase()}` : key;
  Object.defineProperty(event, "target", { value: { localName: "canvas", matches: () => hasFocus } });
  viewer.dispatchEvent(Object.assign(event, { key, code, ...more }));
  return !event.defaultPrevented;
}

const lines = () => told.splice(0).map(({ key, pressed, repeat, held }) => `${key} ${repeat ? "repeat" : pressed ? "down" : "up"} [${held}]`);

test("a key is reported when it is pressed and when it is released, and all keys that are held with it", () => {
  assert.deepEqual([send("keydown", "w"), send("keydown", "a"), send("keyup", "w"), send("keyup", "a")], [false, false, false, false]);
  assert.deepEqual(lines(), ["w down [w]", "a down [w,a]", "w up [a]", "a up []"]);
});

test("while keys are held, the newest is repeated, however the browser repeats", (context) => {
  send("keydown", "w");
  for (let i = 0; i < 5; i++) assert.equal(send("keydown", "w", { repeat: true }), false);
  send("keydown", "a");
  send("keyup", "a");
  lines();
  /** @type {any} */ (context).mock.timers.tick(300);
  assert.deepEqual(lines(), ["w repeat [w]", "w repeat [w]", "w repeat [w]"]);
  send("keyup", "w");
  /** @type {any} */ (context).mock.timers.tick(300);
  assert.deepEqual(lines(), ["w up []"]);
});

test("all keys are released when the viewer loses the focus, leaves the page, or is for other keys", (context) => {
  const ways = {
    focus: () => send("blur", ""),
    page: () => {
      hasFocus = false;
      /** @type {any} */ (context).mock.timers.tick(100);
    },
    keys: () => keys.configure({ keys: ["w", "a"] }),
    meta: () => send("keydown", "Meta"),
  };
  for (const lose of Object.values(ways)) {
    hasFocus = true;
    send("keydown", "w");
    send("keydown", "a");
    lines();
    lose();
    assert.deepEqual(lines(), ["w up [a]", "a up []"]);
    assert.equal(send("keyup", "w"), true);
    assert.deepEqual(lines(), []);
  }
});

test("other keys, shortcuts and text are left to the viewer and the browser", () => {
  assert.equal(send("keydown", "x"), true);
  for (const name of ["ctrlKey", "altKey", "metaKey"]) assert.equal(send("keydown", "w", { [name]: true }), true);
  assert.equal(send("keydown", "w", { repeat: true }), false); // was held when the viewer got the focus
  const typed = Object.assign(new Event("keydown", { cancelable: true }), { key: "w", code: "KeyW" });
  Object.defineProperty(typed, "target", { value: { localName: "input" } });
  viewer.dispatchEvent(typed);
  assert.equal(typed.defaultPrevented, false);
  assert.deepEqual(lines(), []);
});

test("a key has the app's name, whatever the case, and its place on a keyboard of other letters", () => {
  for (const [key, code] of [["W", "KeyW"], [" ", "Space"], ["ц", "KeyW"], ["ArrowUp", "ArrowUp"]]) {
    send("keydown", key, { code });
    send("keyup", key, { code });
  }
  send("keydown", "z", { code: "KeyW" }); // on a French keyboard, "z" is where others have "w"
  assert.deepEqual(lines().filter((each) => each.includes("down")), ["w down [w]", "Space down [Space]", "w down [w]", "ArrowUp down [ArrowUp]"]);
});

test("a key that two places of a keyboard have is released with the last of them", () => {
  for (const code of ["ShiftLeft", "ShiftRight"]) send("keydown", "Shift", { code });
  for (const code of ["ShiftLeft", "ShiftRight"]) send("keyup", "Shift", { code });
  assert.deepEqual(lines(), ["Shift down [Shift]", "Shift up []"]);
});
