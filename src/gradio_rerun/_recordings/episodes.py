"""One episode of a LeRobot dataset, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from gradio.context import LocalContext
from gradio.utils import get_upload_folder

from .._gradio.files import may_serve
from .conversions import converted_episode
from .hub_dataset import HubDataset
from .lerobot_files import files_of


@runtime_checkable
class LeRobotDataset(Protocol):
    """A `LeRobotDataset` of the package `lerobot`, or its `meta`."""

    @property
    def root(self) -> Path:
        """The folder of the dataset."""

    @property
    def repo_id(self) -> str:
        """The name of the dataset on the Hugging Face Hub."""


@dataclass(frozen=True)
class Episode:
    """One episode of a LeRobot dataset (v2 or v3), which `Rerun` takes as a value. `episodes` and `episode` return it."""

    folder: Path
    """The folder of the dataset, with `meta/info.json`."""
    index: int
    """The index of the episode in the dataset."""
    length: int | None = None
    """The number of frames, if the dataset says it."""
    seconds: float | None = None
    """The duration, if the dataset says its length and its frames per second."""
    tasks: tuple[str, ...] = ()
    """The tasks of the robot."""
    success: bool | None = None
    """Whether the robot succeeded; None if the dataset does not say it."""
    _hub: HubDataset | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Writes the recording of the episode now, so that it opens at once later. Takes about a second, or nothing if it was written before.

        Raises:
            RecordingError: The episode cannot be shown.
        """
        path = self._recording(Path(get_upload_folder()))
        if app := LocalContext.blocks.get(None):
            app.upload_file_set.add(str(path))  # for `delete_cache`

    def _recording(self, cache: Path) -> Path:
        """The recording of the episode, a file in `cache`."""
        if self._hub is None:
            return converted_episode(self.folder, self.index, cache, may_serve)
        self._hub.fetch(files_of(self.folder, self.index))
        return converted_episode(self.folder, self.index, cache, self._hub.may_read, name=self._hub.name)
