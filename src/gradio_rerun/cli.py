"""The command `gradio-rerun`: recordings on a page, without writing an app."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import gradio as gr

from . import Rerun, __version__
from .errors import GradioRerunError
from .sdk import sdk_version
from .settings import FRONTEND
from .viewer_assets import published_folder, viewer_assets


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command; exits with code 2 and one line on stderr when something is wrong with what was asked for."""
    options = _parser().parse_args(arguments)
    try:
        if options.version:
            print(_versions())
        elif options.prepare:
            assets = viewer_assets()
            published_folder(FRONTEND)
            print(f"The web viewer of rerun-sdk {assets.version} is in {assets.wasm.parent}")
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
    )
    parser.add_argument(
        "recordings", nargs="*", metavar="FILE|URL", help="recordings (.rrd), blueprints (.rbl), or URLs of such"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument("--port", type=_port, help="port to listen on (default: the first free one from 7860 on)")
    parser.add_argument("--share", action="store_true", help="make a public link through Gradio's servers")
    parser.add_argument("--auth", type=_auth, metavar="USER:PASSWORD", help="ask visitors for this name and password")
    parser.add_argument(
        "--theme", choices=("auto", "light", "dark"), default="auto", help="theme of the viewer (default: the page's)"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="take the web viewer out of rerun-sdk now, for container images, and end"
    )
    parser.add_argument("--version", action="store_true", help="print what a bug report should name, and end")
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


def _serve(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="gradio_rerun-") as folder:
        recordings = options.recordings or [_log_example(Path(folder))]
        with gr.Blocks(title="Rerun", fill_height=True) as page:
            Rerun(recordings, height="calc(100vh - 120px)", theme=options.theme, show_label=False)
        try:
            page.launch(server_name=options.host, server_port=options.port, share=options.share, auth=options.auth)
        except OSError as error:
            _fail(f"cannot listen on {options.host}:{options.port or 7860}: {error}")


def _log_example(folder: Path) -> Path:
    from . import rrt_star  # loads rerun, which is not needed to show what is there

    return rrt_star.write(folder / "rrt_star.rrd")


def _fail(message: str) -> NoReturn:
    print(f"gradio-rerun: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(2)
