"""Blueprints as the bytes of .rbl files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData
from gradio.utils import is_in_or_equal

from .._checks import as_path
from ..errors import CommandError, NotARecordingError, RecordingError
from .cached_files import temporary_folder
from .orphans import end_orphans
from .tables import MOST_BYTES
from .values import check_source, to_recordings


def read_blueprint(path: Path) -> bytes:
    """The content of the .rbl file, if the file could be a value of the component: the path may come from a user. Raises a `CommandError`."""
    if path.suffix.lower() != ".rbl":
        raise CommandError(f"Expected the path of a blueprint (.rbl), got {path.name!r:.200}.")
    check_source(path)
    size = 0
    with suppress(OSError, ValueError):  # reported below
        size = as_path("the path", path).stat().st_size
    if size > MOST_BYTES:
        raise CommandError(
            f"Expected a blueprint of {MOST_BYTES // 10**6} MB at most, got {path.name!r:.200} with {size // 10**6} MB."
        )
    with temporary_folder("The blueprint") as folder:
        try:
            (copied,) = to_recordings(path, folder)
        except NotARecordingError as error:
            raise CommandError(
                f"Expected the path of a blueprint (.rbl), got {path.name!r:.200}, which is not one."
            ) from error
        if not isinstance(copied, FileData) or not is_in_or_equal(copied.path, folder):
            raise RecordingError(
                f"The blueprint {path.name!r:.200} cannot be sent: this version of Gradio does not say which files it may serve. "
                "Update gradio_rerun."
            )
        return Path(copied.path).read_bytes()


def blueprint_bytes(blueprint: Any, application_id: str) -> bytes:
    """The .rbl file of a `rerun.blueprint.Blueprint`, a view or a container for the recordings of an application."""
    from rerun.blueprint import Blueprint  # loads rerun, which other commands do not need

    end_orphans()  # `save` makes a recording of the SDK
    if not isinstance(blueprint, Blueprint):
        blueprint = Blueprint(blueprint)
    with temporary_folder("The blueprint") as folder:
        path = folder / "blueprint.rbl"
        blueprint.save(application_id, str(path))
        return path.read_bytes()
