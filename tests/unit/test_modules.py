from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradio_rerun._viewer.modules import in_one

MODULES = {
    "main.js": """
import "./deep/element.js";
import { later, sum, Sum } from "./sums.js";
import { name } from "./name.js";

export const result = { sum: sum(1, 2), of: new Sum(3).value, name, defined: globalThis.defined };
export async function all() {
  const found = [];
  for await (const each of later()) found.push(each);
  return found;
}
""",
    "sums.js": """
import { name } from "./name.js";
const hidden = `${name} is hidden`;
export function sum(a, b) {
  return a + b;
}
export async function* later() {
  yield hidden;
}
export class Sum {
  value = hidden.length;
}
""",
    "name.js": "globalThis.times = (globalThis.times ?? 0) + 1;\nexport const name = `run ${globalThis.times}`;",
    "deep/element.js": 'import { name } from "../name.js";\nconst hidden = name;\nglobalThis.defined = hidden;',
}


def run(folder: Path, script: str) -> str:
    return subprocess.check_output(["node", "--input-type=module", "--eval", script], cwd=folder, text=True).strip()


PRINTED = 'import * as main from "./main.mjs"; console.log(JSON.stringify([main.result, await main.all()]))'


@pytest.mark.parametrize("apart", [(), ("name.js",)])
def test_a_module_in_one_file_with_its_imports_does_the_same(tmp_path: Path, apart: tuple[str, ...]) -> None:
    (tmp_path / "main.mjs").write_text(in_one(MODULES, "main.js", apart).replace('.js";', '.mjs";'))
    if apart:
        (tmp_path / "name.mjs").write_text(MODULES["name.js"])
    expected = '[{"sum":3,"of":15,"name":"run 1","defined":"run 1"},["run 1 is hidden"]]'
    assert run(tmp_path, PRINTED) == expected


def test_a_module_that_stays_apart_is_the_one_that_others_import(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "name.js").write_text(MODULES["name.js"])
    (tmp_path / "main.js").write_text(in_one(MODULES, "main.js", ["name.js"]))
    both = 'import { result } from "./main.js"; import { name } from "./name.js"; console.log(result.name, name, times)'
    assert run(tmp_path, both) == "run 1 run 1 1"


@pytest.mark.parametrize(
    "line",
    [
        'import * as all from "./name.js";',
        'import name from "./name.js";',
        'import { name as other } from "./name.js";',
        'import {\n  name,\n} from "./name.js";',
        'import { name } from "other";',
        'export { name } from "./name.js";',
        'export * from "./name.js";',
        "export default 1;",
        "export let changes = 1;",
        "const here = import.meta.url;",
    ],
)
@pytest.mark.parametrize("module", ["main.js", "sums.js"])
def test_what_would_not_work_in_one_file_is_refused(module: str, line: str) -> None:
    modules = {**MODULES, module: f"{line}\n{MODULES[module]}"}
    with pytest.raises(ValueError, match=rf"^{module} cannot be put into one file with others: "):
        in_one(modules, "main.js")


def test_modules_that_import_each_other_are_refused() -> None:
    modules = {"a.js": 'import { b } from "./b.js";', "b.js": 'import { a } from "./a.js";'}
    with pytest.raises(ValueError, match=r"import each other: a\.js, b\.js, a\.js"):
        in_one(modules, "a.js")
