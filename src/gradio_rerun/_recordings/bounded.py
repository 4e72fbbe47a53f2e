"""A dict that forgets old entries."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from .._fork import ModuleLock

_lock = ModuleLock()


class Bounded(OrderedDict[Any, Any]):
    """Forgets the entry that was set first if there are more than `most`. Several threads may set entries."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Any, value: Any) -> None:
        with _lock:
            super().__setitem__(key, value)
            self.move_to_end(key)
            if len(self) > self._most:
                self.popitem(last=False)
