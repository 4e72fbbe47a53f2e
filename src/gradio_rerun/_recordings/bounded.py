"""A dict that forgets old entries."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .._fork import ModuleLock

_lock = ModuleLock()


class Bounded(OrderedDict[Any, Any]):
    """Forgets the entries that were set first if there are more than `most`, or their sizes are more than `most_size`. Several threads may set entries."""

    def __init__(self, most: int, most_size: float = math.inf, size_of: Callable[[Any], float] | None = None) -> None:
        super().__init__()
        self._most, self._most_size, self._size_of = most, most_size, size_of or (lambda _: 0)
        self._size: float = 0

    def __setitem__(self, key: Any, value: Any) -> None:
        with _lock:
            self._size = (self._size if self else 0) + self._size_of(value)
            if key in self:
                self._size -= self._size_of(self[key])
            super().__setitem__(key, value)
            self.move_to_end(key)
            while self and (len(self) > self._most or self._size > self._most_size):
                self._size -= self._size_of(self.popitem(last=False)[1])
