"""The differences between versions of rerun-sdk, and the location of the installed one.

Nothing here imports `rerun`: that loads a library of 120 to 220 MB, and the answers are needed before an app starts.
"""

from __future__ import annotations

import importlib.util
import mmap
import re
import sys
from importlib import machinery, metadata
from pathlib import Path

from ..errors import SdkError, ViewerError

FLOOR = (0, 24)
_CURE = "Run: pip install -U rerun-sdk"


def sdk_version() -> str:
    """The version of the installed rerun-sdk, which is also the version of its viewer, such as "0.41.0".

    Raises SdkError when it is missing or older than 0.24.
    """
    wanted = ".".join(map(str, FLOOR))
    try:
        version = metadata.version("rerun-sdk")
    except metadata.PackageNotFoundError as error:
        raise SdkError(f"rerun-sdk {wanted} or newer is needed, and {sys.prefix} has none. {_CURE}") from error
    if _numbers(version) < FLOOR:
        raise SdkError(f"rerun-sdk {wanted} or newer is needed, and {sys.prefix} has {version}. {_CURE}")
    return version


def _numbers(version: str | None) -> tuple[int, ...]:
    """(0, 41) for "0.41.0"; none if the package is damaged."""
    found = re.match(r"(\d+)\.(\d+)", version or "")
    return tuple(map(int, found.groups())) if found else ()


def packaged_viewer() -> Path | None:
    """The zip with the web viewer that some wheels ship next to `rerun/web.py`, or None when the library embeds it."""
    path = _folder_of("rerun") / "web_viewer.zip"
    return path if path.is_file() else None


def build_file() -> Path:
    """The file of the installed rerun-sdk that changes whenever its viewer does: the zip, or the compiled library."""
    packaged = packaged_viewer()
    return packaged if packaged is not None else _library()


def _library() -> Path:
    folder = _folder_of("rerun_bindings")
    for suffix in machinery.EXTENSION_SUFFIXES:
        library = folder / f"rerun_bindings{suffix}"
        if library.is_file():
            return library
    raise SdkError(
        f"rerun-sdk is damaged: {folder} holds no compiled library for Python {sys.version_info[0]}."
        f"{sys.version_info[1]}. Run: pip install --force-reinstall rerun-sdk"
    )


def viewer_server_command() -> list[str]:
    """The command that serves the installed rerun-sdk's viewer; it prints its port and ends when its stdin does.

    The child gets this process' `sys.path`, so that it finds the rerun-sdk that this process would import.
    """
    if not has_python():
        raise ViewerError(
            f"The web viewer is extracted from rerun-sdk by another Python process, and this process has no Python to start "
            f"(sys.executable is {sys.executable!r}). Run `gradio-rerun --prepare` with the Python that has rerun-sdk, "
            f"and ship the folder it fills: GRADIO_RERUN_CACHE_DIR names it."
        )
    return _script("viewer_server.py")


def warm_up_command() -> list[str] | None:
    """The command that writes a recording for a viewer that starts before there is a value; None if this process has no Python to start."""
    return _script("warm_up.py") if has_python() else None


def has_python() -> bool:
    """Whether this process can start another Python. An app frozen by PyInstaller and the like would start itself again, and again."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def _script(name: str) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name(name)), *(str(entry) for entry in sys.path)]


def knows_robot_descriptions() -> bool:
    """Whether the SDK reads the robot descriptions in an .mcap."""
    with _library().open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as library:
        return library.find(b"robot_description") >= 0


def knows_episodes() -> bool:
    """Whether the SDK reads one episode of a LeRobot dataset. Remove when the rerun-sdk floor passes 0.39."""
    return (_folder_of("rerun") / "experimental" / "_lerobot_reader.py").is_file()


def serves_files() -> bool:
    """Whether the SDK's server reads the parts of a file that clients request, instead of the whole file. Remove when the rerun-sdk floor passes 0.32."""
    return _numbers(sdk_version()) >= (0, 32)


def server_url(item: object) -> str | None:
    """The URL of an object of the SDK that stands for a Rerun server, its catalog, a dataset or a segment; None for other objects."""
    if not type(item).__module__.startswith(("rerun.server", "rerun.catalog", "rerun_bindings")):
        return None
    # Segments, catalogs and servers, in this order; catalogs before 0.31 have no address.
    url = getattr(item, "url", None) or getattr(item, "address", None)
    if url is None:
        # A dataset has the URLs of its segments: …/dataset/ID?segment_id=…; those are "partitions" before 0.27.
        # Remove `partition_url` when the rerun-sdk floor passes 0.27.
        url_of = getattr(item, "segment_url", None) or getattr(item, "partition_url", None)
        return re.sub(r"/dataset/([^/?#]+).*", r"/entry/\1", url_of("any")) if url_of else None
    return str(url() if callable(url) else url)


_OF_CHUNKS = (
    *("ChunkStore", "LazyStore", "LazyChunkStream"),
    *("RrdReader", "McapReader", "Mp4Reader", "ParquetReader", "Hdf5Reader"),
)


def chunk_class(item: object) -> str | None:
    """The class of the SDK, such as "ChunkStore", that `item` is of if it holds chunks or reads them from a file; None for other objects.

    All have `write_rrd`, or `stream()`, whose result has it.
    """
    for each in type(item).__mro__:
        # All are in rerun.experimental from 0.32 on; most are in rerun.chunk later.
        if each.__module__.startswith(("rerun.chunk", "rerun.experimental")) and each.__name__ in _OF_CHUNKS:
            return each.__name__
    return None


def _folder_of(package: str) -> Path:
    # Up to 0.33 at least, the wheel keeps `rerun` in site-packages/rerun_sdk/, named by a .pth file; find_spec follows
    # both layouts. Remove this remark when the rerun-sdk floor passes 0.39.
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # a module without __spec__ was put in sys.modules
        spec = None
    if spec is None:
        raise SdkError(
            f"rerun-sdk is installed, but Python finds no package {package!r} (folders searched: {sys.path}). "
            f"Run: pip install --force-reinstall rerun-sdk"
        )
    if not spec.submodule_search_locations or spec.origin is None:
        found = spec.origin or list(spec.submodule_search_locations or [])
        raise SdkError(
            f"{package!r} should be rerun-sdk's package, and Python finds {found} first. Rename or remove that."
        )
    return Path(spec.origin).parent
