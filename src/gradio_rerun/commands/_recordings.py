"""Commands for what is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import answers
from .._checks import described, is_collection
from .._recordings.tables import table_bytes
from .._recordings.urls import IN_RECORDING, check_characters, checked_url
from .._viewer.viewer_control import Plan, field_path, request
from ..errors import CommandError
from ._command import OF_ANOTHER_RECORDING, Command, causes, flag, made, name_of, recording_id_of


def open(urls: str | Sequence[str], navigate: bool = True) -> Command[answers.OpenResult]:
    """Opens URLs of recordings, blueprints or Rerun servers. Open recordings stay open, and the value of the component stays as it is.

    In an empty viewer, the URLs become the value.

    Args:
        urls: A URL, or several. `recording://world/arm` selects an entity of the recording on screen, which needs rerun-sdk 0.41.
        navigate: Whether what it opens is shown. If False, the recording on screen stays there.
    """
    if not (given := _as_list(urls)):
        raise CommandError(
            f"Expected open to get a URL such as 'https://example.com/run.rrd', got {described(urls)}. "
            "Return a path as the value of the component."
        )
    checked = tuple(_entity(each) if each.startswith(IN_RECORDING) else checked_url(each) for each in given)
    shows = flag("navigate", navigate)
    text = repr(urls) + ("" if shows is not False else ", navigate=False")
    arguments = (("urls", checked), ("navigate", shows is not False))
    events = {"selection_change" if each.startswith(IN_RECORDING) else "recording_open" for each in checked}
    return Command("open", arguments, text, Plan(causes=causes(None, *sorted(events))))


def _entity(url: str) -> str:
    check_characters(url)
    return url


def _as_list(urls: Any) -> list[str]:
    """One or several URLs as a list; empty for anything else."""
    given = [urls] if isinstance(urls, str) else list(urls) if is_collection(urls) else []
    return given if all(isinstance(each, str) and "://" in each for each in given) else []


def close(urls: str | Sequence[str] | None = None, *, store_ids: Sequence[str] | None = None) -> Command[list[str]]:
    """Closes recordings. If the one on screen is closed, another is shown. The value of the component stays as it is.

    A viewer before rerun-sdk 0.41 can close its only recording, not one of several.

    Args:
        urls: "current": the recording on screen, as None; "all": all of them; or the URLs that were opened by `open`.
        store_ids: The recordings, by their store ids, which the viewer reports, or by their recording ids.
    """
    if store_ids is not None:
        if urls is not None or not is_collection(store_ids) or len(store_ids) == 0:
            raise CommandError(
                f"Expected close to get urls, or store_ids as a list such as ['run'], got {described(store_ids if urls is None else urls)}."
            )
        return _close(None, [str(recording_id_of("store_ids", each)) for each in store_ids], store_ids=tuple(store_ids))
    if urls is None or (isinstance(urls, str) and urls in ("current", "all")):
        return _close("all" if urls == "all" else "current", [], urls=urls)
    if isinstance(urls, str) and urls and "://" not in urls:
        # The former form: close(recording_id).
        return _close(None, [str(recording_id_of("recording_id", urls))], store_ids=(urls,))
    if not (given := _as_list(urls)):
        raise CommandError(f"Expected close to get 'current', 'all' or URLs, got {described(urls)}.")
    closing = Plan(request("close"), field_path("close", "urls", "urls"), causes(None, *OF_ANOTHER_RECORDING))
    return made("close", closing, "urls", urls=tuple(checked_url(each) for each in given))


def _close(whole: str | None, recording_ids: list[str], **shown: Any) -> Command[list[str]]:
    closing = request("close", **({} if whole is None else {whole: True}))
    plan = Plan(closing, field_path("close", "store_ids", "store_ids"), causes(None, *OF_ANOTHER_RECORDING))
    return made(
        "close", plan, "urls", hidden={"all": whole == "all", "recording_ids": tuple(recording_ids) or None}, **shown
    )


def set_active_recording(recording_id: str) -> Command[None]:
    """Shows another open recording, by its recording id or its store id."""
    name = recording_id_of("recording_id", name_of("recording_id", recording_id))
    plan = Plan(request("set_location"), field_path("set_location", "location"), causes(name, *OF_ANOTHER_RECORDING))
    return made("set_active_recording", plan, "recording_id", recording_id=name)


def send_table(name: str, table: Any) -> Command[None]:
    """Shows a table.

    Args:
        name: Its name in the viewer. Another table of this name takes its place.
        table: A `pyarrow.RecordBatch`, a list of these, a `pyarrow.Table`, or a data frame of pandas, Polars or DataFusion.
    """
    content = table_bytes(name_of("name", name), table)
    return Command("send_table", (("name", name), ("table", content)), f"{name!r}, <table>", Plan(outlasts=True))


def save_recording() -> Command[str]:
    """Saves the data that the viewer holds of the recording on screen. The event `recording_saved` has the path of the file."""
    return Command("save_recording")
