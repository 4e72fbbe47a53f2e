import js from "@eslint/js";
import globals from "globals";

const SRC = ["src/gradio_rerun/frontend/**/*.js"];
const TESTS = ["tests/frontend/**/*.js"];

export default [
  { files: [...SRC, ...TESTS], ...js.configs.recommended },
  { files: SRC, languageOptions: { globals: globals.browser } },
  { files: TESTS, languageOptions: { globals: globals.node } },
];
