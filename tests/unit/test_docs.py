"""README.md and docs/: every program runs, and all public names are described."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import runpy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import h5py
import numpy as np
import pytest
from lerobot_datasets import lerobot_v2
from recordings import write_recording

import gradio_rerun
from gradio_rerun import Rerun, cli, commands, errors, events
from gradio_rerun.events import SelectionChange, TimeUpdate

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
BLOCKS = [
    pytest.param(code, id=f"{name}-{number}")
    for name, text in PAGES.items()
    if name != "SKILL"  # it repeats programs of other pages
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL), start=1)
]
ENTITY = {"type": "entity", "entity_path": "/points", "position": [1.0, 2.0, 3.0]}
EVENT = {"application_id": "app", "recording_id": "run", "time": "7", "timeline": "step", "items": [ENTITY]}


@pytest.mark.parametrize("name", ["benchmarks.md", "benchmarks.json", "compatibility.md"])
def test_generated_files_contain_no_path_of_the_machine(name: str) -> None:
    assert (
        re.findall(
            r"(?<![\w/.:)])/(?:root|home|Users|tmp|var|work|opt|usr)\b\S{,80}", (ROOT / "docs" / name).read_text()
        )
        == []
    )


def write_datasets(folder: Path) -> None:
    with h5py.File(folder / "episode.hdf5", "w") as file:
        file.update({"observations/qpos": np.zeros((3, 6), np.float32), "action": np.zeros((3, 6), np.float32)})
    for path in ("runs/warehouse.rrd", "episodes/run_1.rrd"):
        write_recording(folder / path, Path(path).stem, frames=1)
    lerobot_v2(folder / "datasets" / "pick", episodes=2, cameras=())


def check_episodes(names: dict[str, Any], viewers: list[Rerun]) -> None:
    if "server" in names:
        (segment,) = names["dataset"].segment_ids()
        assert viewers[0].postprocess(names["dataset"].segment_url(segment))
        names["server"].shutdown()
    if "lerobot" in names:
        names["episodes"][1].prepare()
        assert viewers[0].postprocess(names["episodes"][1])


def test_a_part_of_a_recipe_on_another_page_is_as_in_the_recipe() -> None:
    (follow,) = re.findall(r"```py\n(.*?)```", PAGES["events"], flags=re.DOTALL)
    assert follow in PAGES["recipes"]


@pytest.mark.parametrize("code", BLOCKS)
def test_each_program_builds_and_its_functions_return_valid_values(
    code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    launched: list[gr.Blocks] = []
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **_: launched.append(self))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)
    recording = write_recording(tmp_path / "run.rrd", "run", frames=1)
    write_datasets(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(launched) == code.count(".launch(")
    viewers = [block for demo in launched for block in demo.blocks.values() if isinstance(block, Rerun)]
    streaming = any(viewer.streaming for viewer in viewers)
    for name in ("simulate", "show", "newest", "scrub"):
        if name in names:
            function = names[name]
            result = function(*[3] * len(inspect.signature(function).parameters))
            for value in result if inspect.isgenerator(result) else [result]:
                assert Rerun(streaming=streaming).postprocess(value)
    if "serve_grpc" in code:
        assert viewers[0].value[0]["ticket"]  # the page connects to the server through the app
        names["recording"].disconnect()
    check_episodes(names, viewers)
    if "mark" in names:
        assert Rerun(streaming=True).postprocess(names["mark"](SelectionChange(None, EVENT)))
    if "tell_time" in names:
        assert names["tell_time"](TimeUpdate(None, EVENT)) == "7 on step"
        assert names["tell_selection"](SelectionChange(None, EVENT)) == "/points at (1.0, 2.0, 3.0)"
    for demo in launched:
        if isinstance(demo, gr.Interface) and "simulate" not in names:
            assert demo.fn(str(recording)) in (str(recording), f"{recording.stat().st_size} bytes")


@pytest.mark.parametrize("page", ["gallery", "changelog", "security", "contributing"])
def test_a_page_contains_the_files_that_it_includes(page: str) -> None:
    included = {
        "changelog": ["CHANGELOG.md"],
        "security": ["SECURITY.md"],
        "contributing": ["CONTRIBUTING.md"],
        "gallery": [f"demo/gallery/{path.name}" for path in sorted((ROOT / "demo" / "gallery").glob("*.py"))],
    }[page]
    shown = runpy.run_path(str(ROOT / "docs" / "for_agents.py"))["on_page_markdown"](PAGES[page])
    assert "--8" not in shown
    for name in included:
        last = (ROOT / name).read_text().rstrip().splitlines()[-1]
        assert last in shown.splitlines(), name


def test_the_files_for_coding_agents_are_made_from_the_pages_as_they_are() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "for_agents.py"))
    for name, text in (("SKILL.md", made["skill"]()), ("llms.txt", made["llms"]())):
        assert (ROOT / "docs" / name).read_text() == text, f"{name} is out of date: python docs/for_agents.py"


@pytest.mark.parametrize(
    "target",
    [
        "parameters.md#panels",
        "parameters.md#buttons",
        "recipes.md#calling-the-app-from-python",
        "recipes.md#cached-examples",
        "spaces.md",
        "recipes.md#a-growing-plot-with-a-sliding-window",
        "deploying.md#nginx",
        "datasets.md#one-episode-of-a-dataset",
    ],
)
def test_the_start_page_links_to_what_readers_look_for(target: str) -> None:
    assert f"]({target})" in PAGES["index"]


def test_every_public_name_is_in_the_api_reference() -> None:
    for name in gradio_rerun.__all__:
        assert name == "__version__" or f"::: gradio_rerun.{name}\n" in PAGES["api"], name


def test_every_parameter_is_described() -> None:
    described = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGES["parameters"], flags=re.MULTILINE)
    parameters = list(inspect.signature(Rerun.__init__).parameters)[1:]
    assert sorted(re.findall(r"\w+", "".join(described))) == sorted(parameters)


def test_every_event_is_described_with_its_class_and_fields() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGES["events"], flags=re.MULTILINE)
    described = re.findall(r"\w+", "".join(rows))
    assert described[:5] == ["change", "upload", "clear", "load", "error"]
    assert described[5:] == Rerun.EVENTS[5:]
    classes = [each for each in (getattr(events, name) for name in events.__all__) if inspect.isclass(each)]
    for each in classes:
        assert re.search(rf"`[\w.]*\b{each.__name__}`", PAGES["events"]), each.__name__
        for field in inspect.get_annotations(each):
            if field not in ("type", "kind", "raw", "view_id", "container_id", "container_name"):
                assert f"`{field}`" in PAGES["events"], f"{each.__name__}.{field}"


def test_every_command_is_described() -> None:
    for name in set(commands.__all__) - {"Command", "Show"}:
        assert re.search(rf"`(commands\.)?{name}\(", PAGES["commands"]), name


def test_every_option_of_the_command_line_is_described() -> None:
    options = {option for action in cli._parser()._actions for option in action.option_strings if option != "-h"}
    assert set(re.findall(r"^\| `(--[\w-]+)", PAGES["command-line"], flags=re.MULTILINE)) == options
    positional = [action for action in cli._parser()._actions if not action.option_strings]
    assert [action.nargs for action in positional] == [argparse.ZERO_OR_MORE]  # the recordings of the example


def test_every_class_of_errors_is_described() -> None:
    for name, each in vars(errors).items():
        if inspect.isclass(each) and issubclass(each, errors.GradioRerunError) and each is not errors.GradioRerunError:
            assert name == "RecordingError" or f"`{name}`" in PAGES["troubleshooting"], name


def test_the_files_and_tests_that_contributing_names_for_an_addition_exist() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text().split("\n## How to add\n")[1].split("\n## ")[0]
    sources = [path for folder in ("src", "tests", "docs") for path in (ROOT / folder).rglob("*.*")]
    for name in re.findall(r"`([\w./-]+\.(?:py|js|proto|md))\b", section):
        assert any(path.as_posix().endswith(f"/{name}") for path in sources), name
    for line in section.splitlines():
        for name in re.findall(r"\btest_\w+\b(?!\.py)", line):
            files = [path for path in sources if path.name in re.findall(r"\btest_\w+\.py\b", line)]
            assert any(f"def {name}(" in path.read_text() for path in files), name


def test_contributing_says_where_each_file_of_the_source_is() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text().split("\n## Where things are\n")[1]
    described_as_one = ("_gradio", "commands", "events")
    source = ROOT / "src" / "gradio_rerun"
    for path in (*source.rglob("*.py"), *source.rglob("*.js")):
        if path.parent.name not in described_as_one and not path.name.startswith("__"):
            assert re.search(rf"`(?:\w+/)?{re.escape(path.name)}`", section), path


# In templates of error messages, "…" stands for the variable parts.


def template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(template, node.values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rstrip":
        return template(node.func.value)
    return "…"


def texts_of_python() -> Iterator[str]:
    for path in sorted((ROOT / "src" / "gradio_rerun").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                error = getattr(errors, node.func.id, None)
                text = template(node.args[0])
                if inspect.isclass(error) and issubclass(error, errors.GradioRerunError) and text != "…":
                    yield text


def texts_of_the_page() -> Iterator[str]:
    """Yields the strings in the frontend that are sentences, and the titles of the overlay."""
    for path in sorted((ROOT / "src" / "gradio_rerun" / "frontend").rglob("*.js")):
        if path.name == "words.js":
            continue  # the translations
        code = re.sub(r"/\*.*?\*/|(^|\s)//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        for quoted, template_ in re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', code):
            text = re.sub(r"\$?\{[^{}]*\}", "…", quoted or template_)
            if re.match(
                r"[A-Z…].* .*\.$|The viewer (stopped|could not )|.*(could not be opened|incomplete)$", text, re.DOTALL
            ):
                yield text


# Messages that the code joins from several strings.
OF_MORE_THAN_ONE_PIECE = (
    "rerun-sdk … did not return its web viewer: …",
    "rerun-sdk … could not serve its web viewer: …",
    "… could not be uploaded: the server answered …",
    "The upload failed: …",
    "The viewer could not carry out …: …",
    "The viewer did not start: …",
)
SAID = sorted({*texts_of_python(), *texts_of_the_page()})
FIRST_CELLS = re.findall(
    r"^\| (`.*?`) \||^((?:On the page|The titles|These stand|What the viewer).*)",
    PAGES["troubleshooting"],
    re.MULTILINE,
)
DESCRIBED = re.findall(r"`([^`\n]*)`", "\n".join("".join(cells) for cells in FIRST_CELLS))


def describes(described: str, text: str) -> bool:
    pattern = ".*".join(map(re.escape, described.split("…")))
    return re.fullmatch(pattern, text.replace("`", "'"), re.DOTALL) is not None


@pytest.mark.parametrize("text", SAID)
def test_every_error_message_is_described(text: str) -> None:
    assert any(describes(each, text) for each in DESCRIBED), text


@pytest.mark.parametrize("described", sorted({each for each in DESCRIBED if " " in each}))
def test_every_described_message_exists(described: str) -> None:
    assert any(describes(described, text) for text in (*SAID, *OF_MORE_THAN_ONE_PIECE)), described
