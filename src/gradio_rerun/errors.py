"""Every error this package raises.

    GradioRerunError            shown by Gradio as a message on the page
    ├── ParameterError          a parameter has an invalid value (also a ValueError)
    ├── ExportError             a page cannot be written into a folder (also a ValueError)
    ├── PlacementError          the component cannot be shown in this place
    ├── CommandError            a command has an invalid argument, or is used in the wrong place (also a ValueError)
    ├── RecordingError          a value cannot be shown
    │   ├── UnsupportedValueError   its type cannot be shown (also a TypeError)
    │   ├── RecordingNotFoundError  the file does not exist (also a FileNotFoundError)
    │   ├── NotARecordingError      it is not a Rerun recording (also a ValueError)
    │   └── StreamTooLongError      a stream would get longer than `max_stream_size`
    ├── EventDataError          a client has sent invalid data of an event (also a ValueError)
    ├── AnswerError             the viewer in a visitor's page did not answer, or could not carry out a command
    ├── TimelineError           a time was converted to a type that its timeline does not have (also a ValueError)
    ├── SdkError                rerun-sdk is missing or too old
    └── ViewerError             the web viewer cannot be extracted from the installed rerun-sdk

The text of an error says what was given, what was expected, and what to do.
"""

from __future__ import annotations

import html
import re
import sys
import tempfile
from pathlib import Path

from gradio.exceptions import Error

_USERS = re.compile(r"(?<=://)[^/\s]*@")
"""The user names and passwords in URLs, which only the app may know."""

_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Characters that change the direction of the text behind them."""


class GradioRerunError(Error):
    """Base of all errors of this package; Gradio shows its message on the page."""

    def __init__(self, message: str) -> None:
        message = _USERS.sub("…@", message)
        # Gradio's frontend treats `message` as HTML, and the name of an uploaded file can be anything.
        super().__init__(html.escape(_TURNS.sub("", message), quote=False), print_exception=False)
        self.args = (message,)

    def __str__(self) -> str:
        return str(self.args[0])


class ParameterError(GradioRerunError, ValueError):
    """A parameter has an invalid value."""


class ExportError(GradioRerunError, ValueError):
    """A page cannot be written into a folder."""


class PlacementError(GradioRerunError):
    """The component cannot be shown in this place, such as a message of `gr.Chatbot`."""


class CommandError(GradioRerunError, ValueError):
    """A command has an invalid argument, or is used in the wrong place."""


class RecordingError(GradioRerunError):
    """A value cannot be shown in the viewer."""

    _unwritten: str = ""
    """The system's reason, if data could not be written."""


def not_kept(what: str, folder: Path, reason: object) -> RecordingError:
    """The error for data that cannot be written to Gradio's cache. Only the log names `folder`."""
    log(f"{what} cannot be kept in Gradio's cache, {str(folder)!r}: {reason}")
    words = getattr(reason, "strerror", None) or str(reason)
    error = RecordingError(
        f"{what} cannot be kept in Gradio's cache: {words}. Make room there, or name another "
        "folder by the environment variable GRADIO_TEMP_DIR, and start the app again."
    )
    error._unwritten = words
    return error


def not_temporary(what: str, error: OSError) -> RecordingError:
    """The error for data that cannot be written to the system's temporary folder. Only the log names the folder."""
    log(f"{what} cannot be written to {tempfile.tempdir!r}: {error}")
    return RecordingError(
        f"{what} cannot be written to the system's temporary folder: {error.strerror}. Make room there, and return it again."
    )


def log(message: str) -> None:
    """Writes details that users must not see, such as paths, to the app's log, as one line."""
    # Names and recordings can contain newlines, and sequences that control the terminal.
    line = UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], _USERS.sub("…@", message[:_LONGEST_LINE]))
    print(f"gradio_rerun: {line}", file=sys.stderr, flush=True)


_LONGEST_LINE = 4000
"""Characters of a message in the log: users may have typed a path or a URL in it."""

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends, changes of the direction of the text, and lone surrogates."""


class UnsupportedValueError(RecordingError, TypeError):
    """The type of a value cannot be shown."""


class RecordingNotFoundError(RecordingError, FileNotFoundError):
    """A value names a file that does not exist."""


class NotARecordingError(RecordingError, ValueError):
    """A value is not a Rerun recording."""


class StreamTooLongError(RecordingError):
    """A stream would get longer than the component's `max_stream_size`."""


class EventDataError(GradioRerunError, ValueError):
    """A client has sent invalid data of an event."""


class AnswerError(GradioRerunError):
    """The viewer in a visitor's page did not answer in time, or could not carry out a command."""


class TimelineError(GradioRerunError, ValueError):
    """A time was converted to a type that its timeline does not have."""


class SdkError(GradioRerunError):
    """The rerun-sdk package is missing or too old."""


class ViewerError(GradioRerunError):
    """The web viewer cannot be extracted from the installed rerun-sdk."""
