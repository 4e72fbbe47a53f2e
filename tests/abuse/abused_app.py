"""The app that is abused, and its visitors: one who has an upload and a stream, and one who has nothing to do with these."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from app_process import AppProcess
from recordings import recording_bytes
from visitor import Visitor

import gradio_rerun
from gradio_rerun._viewer.cache import cache_dir


@dataclass
class Abused:
    app: AppProcess
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    stranger: Visitor
    other: Visitor
    names: dict[str, Any] = field(default_factory=dict)
    """What `@name` in the data of a call stands for."""

    @property
    def viewer(self) -> int:
        return int(self.app.about["viewer"])

    def filled(self, data: Any) -> Any:
        """The data with what the names in it stand for."""
        if isinstance(data, str):
            return self.names.get(data, data)
        if isinstance(data, list):
            return [self.filled(each) for each in data]
        if isinstance(data, dict):
            filled = {name: self.filled(each) for name, each in data.items()}
            return self.names["@call"] | filled["@call"] if isinstance(filled.get("@call"), dict) else filled
        return data

    def check(self, answer: httpx.Response, sent: Any) -> None:
        """Raises if the server has failed, or names a file of its own."""
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        self.check_text(answer.text if len(answer.content) < 1_000_000 else "", sent)

    def check_text(self, told: str, sent: Any) -> None:
        known = repr(sent)
        for folder in (*self.app.about["folders"], self.app.folder, Path(gradio_rerun.__file__).parent, cache_dir()):
            for path in re.findall(rf"{re.escape(str(folder))}[^\"'\s]*", told):
                parts = path.split("\\")[0].rstrip(".,;:").split("...")  # errors shorten what they repeat
                assert all(part in known for part in parts) or self._is_made_of(path, known), told

    def _is_made_of(self, path: str, known: str) -> bool:
        """Whether it is the recording that an upload became, whose path the caller has sent."""
        made = Path(path)
        return made.suffix == ".rrd" and any(
            name in known and made.name == f"{Path(name).name}.rrd" for name in map(str, self.names.values())
        )


def give_files(abused: Abused) -> None:
    """Gives both visitors the files that calls name."""
    run = abused.run
    folder = abused.app.folder
    stream = run(abused.other.stream("stream"))
    abused.names |= {
        "@upload": run(abused.stranger.upload("own.txt", b"own")),
        "@recording": run(abused.stranger.upload("own.rrd", recording_bytes("own"))),
        "@other upload": run(abused.other.upload("other.md", b"# Not yours")),
        "@other recording": run(abused.other.upload("other.rrd", recording_bytes("other"))),
        "@other stream": stream.url.partition("file=")[2],
        "@log": f"{folder}/log.txt",
        "@dots": f"{folder}/uploads/../log.txt",
        "@folder": f"{folder}/uploads",
        "@elsewhere": "/etc/passwd",
        "@other session": abused.other.session,
        "@call": abused.stranger.live_call(abused.viewer),
    }
    for name in ("@upload", "@other upload"):  # a conversion takes a second, the first time
        answer = run(abused.stranger.ask(abused.viewer, "open_upload", abused.names[name]))
        assert "file" in answer.json(), answer.text
