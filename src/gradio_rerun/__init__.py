"""The Rerun viewer as a Gradio component, always in the version of your rerun-sdk."""

from . import answers, commands, errors, events, lerobot
from ._export import export
from .agents import mcp_tools
from .client import ViewerClient
from .component import Rerun
from .links import link
from .live_state import LiveState

__version__ = "1.0.0.dev0"

__all__ = [
    "LiveState",
    "Rerun",
    "ViewerClient",
    "__version__",
    "answers",
    "commands",
    "errors",
    "events",
    "export",
    "lerobot",
    "link",
    "mcp_tools",
]
