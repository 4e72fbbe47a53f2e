"""A LeRobot dataset on the Hugging Face Hub: its meta files, and later the files of one episode, in the Hub's own cache on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .._checks import wrong
from .._gradio.calls import may_build_apps
from .._gradio.files import may_serve
from .limits import SIZE_VARIABLE, limits, over
from .remote_files import endpoint, failures

_DATASET = re.compile(r"hf://datasets/([^/@\s]+/[^/@\s]+)(?:@([^\s]+?))?/?", re.IGNORECASE)

_EPISODES_SIZE = 8
"""The files with an episode may have as many times the size of a recording: LeRobot writes the videos of many episodes into one file."""

_LEAST = 100_000
"""Bytes for which a file counts at least: each costs requests."""


@dataclass(frozen=True)
class HubDataset:
    """One commit of a dataset."""

    repository: str
    folder: Path
    """In the Hub's cache. Its name is the commit."""
    token: bool | None
    """False: the files are fetched without the app's token."""

    @property
    def name(self) -> str:
        """The name without the owner."""
        return self.repository.rpartition("/")[2]

    def fetch(self, names: Iterable[str]) -> None:
        """Fetches files that are not there yet. Raises a `RecordingError`."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

        missing = [name for name in names if not (self.folder / name).exists()]
        if self.token is False:
            with failures(self.name):
                urls = [
                    hf_hub_url(
                        self.repository, name, repo_type="dataset", revision=self.folder.name, endpoint=endpoint()
                    )
                    for name in missing
                ]
                _check_size(
                    self.name,
                    (get_hf_file_metadata(url, token=False).size or 0 for url in urls),
                    _EPISODES_SIZE * limits().size,
                )
        for name in missing:
            with failures(name.rpartition("/")[2]):
                hf_hub_download(
                    self.repository,
                    name,
                    repo_type="dataset",
                    revision=self.folder.name,
                    token=self.token,
                    endpoint=endpoint(),
                )

    def may_read(self, path: Path) -> bool:
        """Whether a file is one of this dataset: the files in the folder are links to files beside it."""
        return path.resolve().is_relative_to(self.folder.parents[1].resolve()) or may_serve(path)


def _check_size(name: str, sizes: Iterable[int], most: int) -> None:
    """Raises a `RecordingError` if the files have more than `most` bytes. Reads no more sizes than needed."""
    total = 0
    for size in sizes:
        total += max(size, _LEAST)
        if total > most:
            raise over(name, f"{most:,} bytes of files of the Hub", SIZE_VARIABLE)


def is_hub_url(given: object) -> bool:
    """Whether the value is a URL of the Hub, not a path."""
    return isinstance(given, str) and given.lower().startswith("hf://")


def is_hub_dataset(url: str) -> bool:
    """Whether the URL is that of a dataset on the Hub, not of a file in one."""
    return _DATASET.fullmatch(url) is not None


def hub_dataset(url: str) -> HubDataset:
    """The dataset, with its newest meta files. Raises a `RecordingError` if the Hub refuses them.

    Inside an app's functions, the dataset must be public: a user may have chosen it.
    """
    from huggingface_hub import HfApi, snapshot_download

    found = _DATASET.fullmatch(url)
    if not found:
        raise wrong("the dataset", "a URL such as hf://datasets/lerobot/pusht", url)
    repository, revision = found.groups()
    token = None if may_build_apps() else False
    with failures(repository):
        if token is False:
            # Without this, the library would take a private dataset from its cache, if the app's author has fetched it before.
            api = HfApi(endpoint=endpoint(), token=False)
            revision = api.repo_info(repository, repo_type="dataset", revision=revision).sha
            files = api.list_repo_tree(repository, "meta", recursive=True, revision=revision, repo_type="dataset")
            _check_size(repository, (getattr(each, "size", 0) for each in files), limits().size)
        folder = snapshot_download(
            repository,
            repo_type="dataset",
            revision=revision,
            allow_patterns="meta/*",
            token=token,
            endpoint=endpoint(),
        )
    return HubDataset(repository, Path(folder), token)
