"""The SDK's own classes of the viewer's events, which gradio_rerun 0.x passed to listeners."""

from __future__ import annotations

import json
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

Payload = TypeVar("Payload")


def event_class(name: str) -> type | None:
    """The SDK's class of this name, None if the installed SDK has none."""
    module = _events()
    found = getattr(module, name, None)
    return found if isinstance(found, type) else None


def sdk_event(data: dict[str, Any]) -> Any | None:
    """The SDK's object for an event of the viewer; None if the SDK cannot make one."""
    read = getattr(_events(), "_viewer_event_from_json_str", None)
    if read is None:
        return None
    try:
        return read(json.dumps(data))
    except Exception:  # the module is private: a newer SDK may expect other data
        return None


def _events() -> ModuleType | None:
    # Remove `rerun.event` when the rerun-sdk floor passes 0.28.
    for name in ("rerun._event", "rerun.event"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


class SdkPayload(Generic[Payload]):
    """The event as the SDK's class of the same name, which gradio_rerun 0.x passed to listeners."""

    def __get__(self, event: Any, _: type) -> Payload:
        if event is None:
            return cast(Payload, self)
        # If the SDK has no such class: the event has the same fields.
        return cast(Payload, sdk_event(event._as_sdk_data()) or event)
