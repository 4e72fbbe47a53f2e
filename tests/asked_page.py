"""A page that answers the requests of functions, played by a test."""

from __future__ import annotations

import base64
from typing import Any

from gradio_rerun import Rerun
from gradio_rerun._component import questions
from gradio_rerun._viewer import viewer_control


class Page:
    """The page of a session with one viewer."""

    def __init__(self, session: str, viewer: Rerun) -> None:
        self.session, self.component = session, viewer._id

    async def next(self, known: Any = ()) -> list[Any]:
        return await questions.next_questions(self.session, self.component, list(known))

    def answer(self, question: Any, **data: Any) -> bool:
        return questions.answer(self.session, self.component, question, data)


def protocol(kind: str, **fields: Any) -> str:
    """A response of the viewer."""
    message = viewer_control._message("Response")(**{kind: fields})
    getattr(message, kind).SetInParent()
    return base64.b64encode(message.SerializeToString()).decode()


def protocol_state(**fields: Any) -> str:
    """The state of the viewer."""
    return base64.b64encode(viewer_control._message("State")(**fields).SerializeToString()).decode()
