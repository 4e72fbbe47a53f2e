"""A viewer in a message of gr.Chatbot is an error that says where to put it: the chat's page looks for a component with the name of the class, and finds none.

gr.Chatbot calls `unrender` for a component in a message. Gradio 6.10 copies the message first, 6.31 does not.

Gradio 6.10 to 6.31. Remove this file when a gr.Chatbot can show the viewer of tests/unit/test_placement.py::test_a_message_of_a_chat_is_refused_with_what_to_do.
"""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING

from ..errors import PlacementError

if TYPE_CHECKING:
    from gradio.blocks import Block
    from typing_extensions import Self
else:
    Block = object


class BesideChats(Block):
    """The part of a component that cannot be in a chat."""

    def unrender(self) -> Self:
        """For Gradio: removes the component from the app, to show it elsewhere. Raises a `PlacementError` if that is a chat."""
        if sys._getframe(1).f_globals.get("__name__") == "gradio.components.chatbot":
            raise PlacementError(
                "A message of gr.Chatbot cannot hold a Rerun viewer. Put the viewer beside the chat, and return the recording as its value: "
                "gr.ChatInterface(..., additional_outputs=[viewer])."
            )
        super().unrender()
        return self

    def __deepcopy__(self, _: object) -> Self:
        """Without a copy of its value: a `rerun.RecordingStream` cannot be copied."""
        return copy.copy(self)
