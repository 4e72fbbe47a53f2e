"""What a component's parameters name: Rerun servers, and files of other servers."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self


class Named:
    """Names that the app's author or a client has given. The app uses them only after `trust` was called.

    A copy is the instance itself. What is unpickled has no names.
    """

    is_trusted = False

    def trust(self) -> None:
        """To be called if the app's author has given the names."""
        self.is_trusted = True

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()
