"""Processes in which the installed rerun-sdk works: their time limit, their environment, what they write, and how they end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import IO
from weakref import WeakSet

from .._fork import after_fork

DISK_FULL = re.compile("No space left on device|File too large|Disk quota exceeded")

_SECRET = re.compile(
    "TOKEN|SECRET|PASS|PWD|KEY|CREDENTIAL|AUTH|COOKIE|DSN|JWT|BEARER|WEBHOOK|SIGNATURE|SALT|CONN(ECTION)?_?STR|_(URL|URI|PAT|SAS|PW)$",
    re.IGNORECASE,
)
"""In the name of an environment variable."""
_PASSWORD = re.compile(
    r"://[^/\s]*@|(key|token|secret|passw\w*|pwd|sig(nature)?)(=|\"\s*:)|-----BEGIN |^(eyJ|hf_|gh[a-z]_|github_pat_|sk-|xox[a-z]-|AKIA)",
    re.IGNORECASE,
)
"""In its value: a URL with a user name, a connection string, JSON or a key, or how tokens of well-known services start."""

_MOST_SAID = 1_000_000
"""Upper bound on the characters that are kept of a log."""

_LAST_LINES = 12
_LONGEST_LINE = 100_000


class SdkProcess(subprocess.Popen[bytes]):
    """A process that is killed at its time limit, and with it the programs that it has started. Its stderr is read and kept."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def __init__(
        self,
        command: list[str],
        seconds: float,
        variables: Mapping[str, str] | None = None,
        descriptors: Collection[int] = (),
    ) -> None:
        """Starts the process. Raises an `OSError` if it cannot be started.

        `seconds`: the time limit. `variables`: further environment variables. The process also gets those of the app, without tokens, passwords
        and keys. `descriptors`: the open files that the process gets.
        """
        pipe = subprocess.PIPE
        # A new session, so that `kill` also ends a program that the process has started, such as ffmpeg.
        super().__init__(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=_environment(variables or {}),
            start_new_session=True,
            pass_fds=descriptors,
        )
        self._said: list[str] = []
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        """The last lines that it has written to stderr, without empty ones."""
        self.is_late = False
        self.disk_full = ""
        """What it has written about a full disk."""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._limit = threading.Timer(seconds, self._end_late)
        self._limit.daemon = True
        _running.add(self)
        self._listener.start()
        self._limit.start()

    @property
    def said(self) -> str:
        """The beginning of what it has written to stderr."""
        return "".join(self._said)

    def lift_limit(self) -> None:
        self._limit.cancel()

    def kill(self) -> None:
        """Kills the process and the programs that it has started."""
        # After `wait`, the id may belong to another process.
        if hasattr(os, "killpg") and self.returncode is None:
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        super().kill()

    def finish(self) -> int:
        """Waits until the process has ended. Returns its exit code."""
        self._listener.join()
        self.kill()  # what it has started is left if it has crashed
        return self.wait()

    def end(self) -> None:
        """Kills the process, and closes what leads to it."""
        self._limit.cancel()
        self.kill()
        self.wait()
        self._listener.join(timeout=5)  # on Windows, a program that it has started may still have stderr
        for stream in (self.stdin, self.stdout):
            with suppress(OSError):
                stream.close()

    def _end_late(self) -> None:
        self.is_late = True
        self.kill()

    def _listen(self) -> None:
        length = 0
        with self.stderr as lines:
            while line := lines.readline(_LONGEST_LINE):
                text = line.decode(errors="replace")
                if (length := length + len(text)) < _MOST_SAID:
                    self._said.append(text)
                if stripped := text.strip():
                    self.last_lines.append(stripped)
                if full := DISK_FULL.search(text):  # after this error, the SDK may hang
                    self.disk_full = full[0]
                    self.kill()


_running: WeakSet[SdkProcess] = WeakSet()


@after_fork
def _after_fork() -> None:
    """The processes end when their stdin is closed. They belong to the parent process, so the child process closes its copies of their stdin."""
    for process in list(_running):
        process.stdin.close()
        process.returncode = 0  # not a child of this process
    _running.clear()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    # RERUN=off would log nothing. With PYTHONSAFEPATH, a script cannot import the modules beside it.
    left_out = ("RERUN", "PYTHONSAFEPATH")
    kept = {name: value for name, value in os.environ.items() if name not in left_out and not _is_secret(name, value)}
    return {**kept, **variables}


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET.search(name) or _PASSWORD.search(value))
