"""What can be selected in the viewer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal


class _Item:
    type: ClassVar[str]

    @property
    def kind(self) -> str:
        """The name that `type` had in gradio_rerun 0.23."""
        return self.type


@dataclass(frozen=True)
class EntityItem(_Item):
    """An entity of the recording, or an instance of it."""

    type: ClassVar[Literal["entity"]] = "entity"

    entity_path: str
    instance_id: int | None = None
    """Which of the points, boxes, …; None: all of the entity."""
    view_name: str | None = None
    """The name of the view that it was selected in; None if it was selected elsewhere."""
    position: tuple[float | None, ...] | None = None
    """Where it was clicked, as x, y, z in the units of the view's space: pixels in a 2D view, whose z is None.

    None if it was not selected in a 2D or 3D view.
    """


@dataclass(frozen=True)
class ViewItem(_Item):
    """A view of the blueprint."""

    type: ClassVar[Literal["view"]] = "view"

    view_id: str
    view_name: str


@dataclass(frozen=True)
class ContainerItem(_Item):
    """A container of the blueprint."""

    type: ClassVar[Literal["container"]] = "container"

    container_id: str
    container_name: str


@dataclass(frozen=True)
class UnknownItem:
    """Something that a newer viewer can select, and this package does not know yet."""

    kind: str
    """The viewer's name of its kind."""
    raw: Any = field(hash=False)
    """The viewer's data about it."""

    if TYPE_CHECKING:  # so that type checkers infer EntityItem from `item.type == "entity"`
        type: ClassVar[Literal["unknown"]]
    else:

        @property
        def type(self) -> str:
            """The same as `kind`."""
            return self.kind


_DIMENSIONS = 3

SelectionItem = EntityItem | ViewItem | ContainerItem | UnknownItem


def selection_item(raw: Any) -> SelectionItem:
    data = raw if isinstance(raw, dict) else {}
    for known in (EntityItem, ViewItem, ContainerItem):
        if data.get("type") == known.type:
            found = {each.name: data[each.name] for each in fields(known) if each.name in data}
            if isinstance(position := found.get("position"), list):
                found["position"] = tuple(position[: _DIMENSIONS + 1])  # one more is refused below
            if not all(_is_of_item(name, value) for name, value in found.items()):
                break
            try:
                return known(**found)
            except TypeError:  # a newer viewer leaves out a field
                break
    kind = data.get("type")
    return UnknownItem(kind=kind if isinstance(kind, str) else "", raw=raw)


def _is_of_item(name: str, value: Any) -> bool:
    if name == "instance_id":
        return value is None or type(value) is int
    if name == "position":
        return value is None or (
            isinstance(value, tuple)
            and len(value) <= _DIMENSIONS
            and all(each is None or (type(each) in (int, float) and abs(each) < math.inf) for each in value)
        )
    return isinstance(value, str) or (value is None and name == "view_name")
