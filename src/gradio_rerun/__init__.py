"""The Rerun viewer as a Gradio component, always in the version of your rerun-sdk."""

from . import commands, errors, events
from .component import Rerun
from .links import link

__version__ = "1.0.0.dev0"

__all__ = ["Rerun", "__version__", "commands", "errors", "events", "link"]
