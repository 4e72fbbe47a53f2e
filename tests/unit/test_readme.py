from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from recordings import write_recording

from gradio_rerun import Rerun
from gradio_rerun.events import SelectionChange, TimeUpdate

README = (Path(__file__).parents[2] / "README.md").read_text()
ENTITY = {"type": "entity", "entity_path": "/points", "position": [1.0, 2.0, 3.0]}
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.splitlines()[-3])
def test_each_program_builds_and_its_function_gives_what_the_viewer_takes(
    code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    launched: list[gr.Blocks] = []
    monkeypatch.setattr(gr.Blocks, "launch", lambda self: launched.append(self))
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(launched) == 1
    if "simulate" in names:
        result = names["simulate"](3)
        assert Rerun().postprocess(list(result) if inspect.isgenerator(result) else result)
    elif "tell_time" in names:
        data = {"application_id": "app", "recording_id": "run", "time": "7", "timeline": "step", "items": [ENTITY]}
        assert names["tell_time"](TimeUpdate(None, data)) == "7 on step"
        assert names["tell_selection"](SelectionChange(None, data)) == "/points at (1.0, 2.0, 3.0)"
    elif "scrub" in names:
        assert Rerun().postprocess(names["scrub"](3))
    else:
        recording = write_recording(tmp_path / "run.rrd", "run", frames=1)
        assert launched[0].fn(str(recording)) in (str(recording), f"{recording.stat().st_size} bytes")


def test_every_parameter_and_event_is_described() -> None:
    table = README[README.index("### Parameters") :]
    for name in list(inspect.signature(Rerun.__init__).parameters)[1:]:
        assert f"`{name}`" in table, name
    events = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table[table.index("### Events") :], flags=re.MULTILINE)
    described = re.findall(r"\w+", "".join(events))
    assert described[:5] == ["change", "upload", "clear", "load", "error"]
    assert described[5:] == Rerun.EVENTS[5:]
