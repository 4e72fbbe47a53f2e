"""The command `gradio-rerun`: recordings on a page, without writing an app."""

from __future__ import annotations

import argparse
import errno
import os
import platform
import shlex
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, get_args

import gradio as gr
from gradio.utils import get_upload_folder

from . import Rerun, __version__, export
from ._episode_browser import episode_browser
from ._preparing import preparing_page
from ._recordings.file_types import CONVERTIBLE_SUFFIXES, LEROBOT_INFO
from ._recordings.hub_dataset import is_hub_dataset
from ._recordings.sources import Sources
from ._recordings.urls import SCHEMES, WANTED
from ._recordings.values import to_recordings
from ._viewer.assets import viewer_assets
from ._viewer.cache import cache_dir
from ._viewer.frontend import published_folder
from ._viewer.sdk import knows_episodes, sdk_version
from ._wire import Theme
from .errors import GradioRerunError, UnsupportedValueError

_WANTED = f"Expected a file or a URL ({SCHEMES})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command; exits with code 2 and one line on stderr if an argument is wrong."""
    options = _parser().parse_args(arguments)
    if options.export is None and (options.title or options.poster):
        _fail("--title and --poster need --export.")
    try:
        if options.version:
            print(_versions())
        elif options.prepare:
            assets = viewer_assets()
            published_folder()
            if not assets.wasm.is_relative_to(cache_dir()):
                _fail("Nothing is prepared: the folder above is deleted when this command ends.")
            print(f"The web viewer of rerun-sdk {assets.version} is in {assets.wasm.parent}")
        elif options.export is not None:
            _export(options)
        else:
            _serve(options)
    except GradioRerunError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradio-rerun",
        description="Open Rerun recordings on a Gradio page. Without recordings, an example is shown.",
        epilog="The page opens in the browser, if this machine has one. Ctrl-C ends the command.",
    )
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="FILE|URL",
        help="recordings (.rrd), blueprints (.rbl), files and folders that the SDK converts to recordings "
        f"(LeRobot datasets, {' '.join(CONVERTIBLE_SUFFIXES)}), or URLs ({SCHEMES}). "
        "The folder of a LeRobot dataset alone, or hf://datasets/OWNER/NAME, opens a table of its episodes",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument("--port", type=_port, help="port to listen on (default: the first free one from 7860 on)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in the browser")
    parser.add_argument("--share", action="store_true", help="create a public link through Gradio's servers")
    parser.add_argument(
        "--auth", type=_auth, metavar="USER:PASSWORD", help="require this name and password from visitors"
    )
    parser.add_argument(
        "--theme", choices=get_args(Theme), default="auto", help="theme of the viewer (default: the page's)"
    )
    parser.add_argument(
        "--export",
        metavar="FOLDER",
        help="write a page with the recordings and the viewer into this folder, for any web server, and exit",
    )
    parser.add_argument("--title", help="with --export: title of the page (default: the first recording's name)")
    parser.add_argument(
        "--poster", metavar="IMAGE", help="with --export: a picture that is shown until the reader clicks on it"
    )
    parser.add_argument(
        "--prepare",
        action="store_true",
        help="extract the web viewer from rerun-sdk now, for container images, and exit",
    )
    parser.add_argument("--version", action="store_true", help="print the versions for a bug report, and exit")
    return parser


def _versions() -> str:
    ours = f"gradio_rerun {__version__}, rerun-sdk {sdk_version()}, gradio {gr.__version__}"
    return f"{ours}, Python {platform.python_version()}, {platform.platform()}"


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {text!r}")
    return int(text)


def _auth(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise argparse.ArgumentTypeError("expected USER:PASSWORD")
    return user, password


def _export(options: argparse.Namespace) -> None:
    for each in options.recordings:
        _check(each)
    with tempfile.TemporaryDirectory(prefix="gradio_rerun-") as temporary:
        recordings = options.recordings or [_log_example(Path(temporary))]
        snippet = export(recordings, options.export, title=options.title, theme=options.theme, poster=options.poster)
    print(
        f"The page is in {options.export}. To look at it: python -m http.server --directory {shlex.quote(options.export)}"
    )
    print(f"Put the folder on any web server. This embeds the page in another page of the same server:\n\n{snippet}")


def _serve(options: argparse.Namespace) -> None:
    for each in options.recordings:
        _check_exists(each)
    with tempfile.TemporaryDirectory(prefix="gradio_rerun-") as folder, ExitStack() as preparing:
        host = options.host.strip("[]")
        port = _listen(preparing, host, options.port)
        # From other machines, the page has another address.
        seen = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        print(f"Open http://{_in_url(seen)}:{port} in your browser. Ctrl-C ends gradio-rerun.", flush=True)
        dataset = _dataset(options.recordings)
        page = episode_browser(dataset, options.theme) if dataset else _viewer(options, Path(folder))
        preparing.close()
        try:
            page.launch(
                server_name=_in_url(host),
                server_port=port,
                share=options.share,
                auth=options.auth,
                inbrowser=not options.no_browser and _has_browser(),
                quiet=not options.share,
                allowed_paths=_folders_of(dataset) if isinstance(dataset, Path) else [],
            )
        except OSError as error:
            _fail(_in_use(host, port, error))


def _dataset(recordings: Sequence[str]) -> Path | str | None:
    """The folder or URL of a LeRobot dataset, if it is the only argument, and the SDK reads one episode at a time."""
    if len(recordings) != 1 or not knows_episodes():
        return None
    if is_hub_dataset(recordings[0]):
        return recordings[0].rstrip("/")
    folder = os.path.expanduser(recordings[0])  # noqa: PTH111  # see `_check`
    return Path(folder).resolve() if os.path.isfile(os.path.join(folder, LEROBOT_INFO)) else None  # noqa: PTH113, PTH118


def _folders_of(dataset: Path) -> list[str]:
    """The folder of a dataset. If it is in the Hub's cache, also the folder of the files to which it has links: others could lead to any file of this machine."""
    blobs = dataset.parents[1] / "blobs" if dataset.parent.name == "snapshots" else None
    return [str(each) for each in (dataset, blobs) if each is not None and not each.is_symlink()]


def _viewer(options: argparse.Namespace, folder: Path) -> gr.Blocks:
    """The app with all recordings, or with the example, which is written into `folder`."""
    for each in options.recordings:
        _check(each)
    recordings = options.recordings or [_log_example(folder)]
    with gr.Blocks(title="Rerun", fill_height=True) as page:
        Rerun(recordings, height="calc(100vh - 120px)", theme=options.theme, show_label=False)
    return page


def _check(recording: str) -> None:
    """Reports an error in an argument before the viewer is extracted."""
    _check_exists(recording)
    try:
        to_recordings(recording, Path(get_upload_folder()), sources=Sources.of_author(recording))
    except UnsupportedValueError as error:
        _fail(str(error).replace(WANTED, _WANTED))


def _check_exists(recording: str) -> None:
    # Path raises errors for a user without a home, and for a name that is too long.
    if "://" not in recording and not os.path.exists(os.path.expanduser(recording)):  # noqa: PTH110, PTH111
        _fail(f"{_WANTED}; got {recording!r}: there is no such file.")


def _in_url(host: str) -> str:
    """The address as a URL and Gradio have it: an IPv6 address has brackets there."""
    return f"[{host}]" if ":" in host else host


def _listen(preparing: ExitStack, host: str, port: int | None) -> int:
    """Shows that the viewer is being prepared; returns the port, the first free one from 7860 on if None."""
    for each in [port] if port else range(7860, 7960):
        try:
            preparing.enter_context(preparing_page(host, each))
        except OSError as error:
            failure = error
            if error.errno != errno.EADDRINUSE:
                break
        else:
            return each
    _fail(_in_use(host, port, failure))


def _in_use(host: str, port: int | None, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"Cannot listen on {host}{f':{port}' if port else ''}: {error}. Pass another address with --host, or another port with --port."
    return (
        f"Port {port} is in use. Pass another one with --port."
        if port
        else "The ports 7860 to 7959 are in use. Pass another one with --port."
    )


def _has_browser() -> bool:
    """Whether there is a browser with a window: not in CI, in a container, or over SSH, where `webbrowser` may find one for terminals."""
    has_display = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_display or os.environ.get("CI"):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _log_example(folder: Path) -> Path:
    from . import _example  # imports rerun, which existing files do not need

    return _example.write(folder / "example.rrd")


def _fail(message: str) -> NoReturn:
    print(f"gradio-rerun: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(2)
