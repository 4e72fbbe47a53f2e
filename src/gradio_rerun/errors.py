"""Every error this package raises.

    GradioRerunError            shown by Gradio as a message on the page
    ├── ParameterError          a parameter of `Rerun` has a value it cannot have (also a ValueError)
    ├── PlacementError          the component is where it cannot be shown
    ├── CommandError            a command was made of what it cannot be made of (also a ValueError)
    ├── RecordingError          a value cannot be shown
    │   ├── UnsupportedValueError   it is of a type that is no recording (also a TypeError)
    │   ├── RecordingNotFoundError  there is no such file (also a FileNotFoundError)
    │   ├── NotARecordingError      it is there, and holds no Rerun recording (also a ValueError)
    │   └── StreamTooLongError      a stream would get longer than `max_stream_size`
    ├── EventDataError          what a client sends as an event of the viewer is none (also a ValueError)
    ├── TimelineError           a time was converted as one of another kind of timeline (also a ValueError)
    ├── SdkError                rerun-sdk is missing or too old
    └── ViewerError             the web viewer of the installed rerun-sdk cannot be had

The text of an error says what was given, what was wanted, and what to do.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

from gradio.exceptions import Error


class GradioRerunError(Error):
    """Base of all errors of this package; Gradio shows its message on the page."""

    def __init__(self, message: str) -> None:
        # Gradio's page takes `message` for HTML, and it may name a file as a user has named it.
        super().__init__(html.escape(message, quote=False), print_exception=False)
        self.args = (message,)

    def __str__(self) -> str:
        return str(self.args[0])


class ParameterError(GradioRerunError, ValueError):
    """A parameter of `Rerun` has a value it cannot have."""


class PlacementError(GradioRerunError):
    """The component is where it cannot be shown, such as in a message of `gr.Chatbot`."""


class CommandError(GradioRerunError, ValueError):
    """A command was made of what it cannot be made of, or stands where it cannot."""


class RecordingError(GradioRerunError):
    """A value cannot be shown in the viewer."""


def not_kept(what: str, folder: Path, reason: object) -> RecordingError:
    """The error for data that cannot be written to Gradio's cache. Only the log names `folder`."""
    log(f"{what} cannot be kept in Gradio's cache, {str(folder)!r}: {reason}")
    return RecordingError(
        f"{what} cannot be kept in Gradio's cache: {getattr(reason, 'strerror', None) or reason}. Make room there, or name another "
        "folder by the environment variable GRADIO_TEMP_DIR, and start the app again."
    )


def log(message: str) -> None:
    """Writes details that users must not see, such as paths, to the app's log."""
    print(f"gradio_rerun: {message}", file=sys.stderr, flush=True)


class UnsupportedValueError(RecordingError, TypeError):
    """A value is of a type that is no recording."""


class RecordingNotFoundError(RecordingError, FileNotFoundError):
    """A value names a file that is not there."""


class NotARecordingError(RecordingError, ValueError):
    """A value is there but holds no Rerun recording."""


class StreamTooLongError(RecordingError):
    """A stream would get longer than the component's `max_stream_size`."""


class EventDataError(GradioRerunError, ValueError):
    """What a client sends as an event of the viewer is none."""


class TimelineError(GradioRerunError, ValueError):
    """A time was converted as one of another kind of timeline."""


class SdkError(GradioRerunError):
    """The rerun-sdk package is missing or too old."""


class ViewerError(GradioRerunError):
    """The web viewer of the installed rerun-sdk cannot be had."""
