"""Commands for the viewer: return one of these, or a list, from a function whose output is the viewer.

    viewer = Rerun("run.rrd")
    slider.change(lambda frame: commands.set_time("frame", sequence=frame), slider, viewer)

A command waits until the viewer runs and the recording that it refers to is open; then each is carried out once, in order. If a command
fails, the user and the listeners of the event `error` get the reason. `show` takes a value together with commands. The names are those of
`rerun.experimental.ViewerClient` or, where only it has one, of `rerun.notebook.Viewer`.

`gradio_rerun.ViewerClient` sends the same commands from within a function, and waits for their answers.
"""

from ._blueprints import get_blueprint, save_blueprint, set_blueprint
from ._command import Command, Show, show
from ._former import pause, play, screenshot, set_panel_states, set_recording, set_timeline
from ._recordings import close, open, save_recording, send_table, set_active_recording
from ._schemas import (
    get_dataset_assets_schema,
    get_dataset_schema,
    get_recording_schema,
    get_table_schema,
    get_transform_graph,
)
from ._time import set_time
from ._viewer import (
    get_location,
    get_logs,
    get_state,
    highlight_rect,
    list_commands,
    run_command,
    set_location,
    take_screenshot,
    update_panels,
)

__all__ = [
    "Command",
    "Show",
    "close",
    "get_blueprint",
    "get_dataset_assets_schema",
    "get_dataset_schema",
    "get_location",
    "get_logs",
    "get_recording_schema",
    "get_state",
    "get_table_schema",
    "get_transform_graph",
    "highlight_rect",
    "list_commands",
    "open",
    "pause",
    "play",
    "run_command",
    "save_blueprint",
    "save_recording",
    "screenshot",
    "send_table",
    "set_active_recording",
    "set_blueprint",
    "set_location",
    "set_panel_states",
    "set_recording",
    "set_time",
    "set_timeline",
    "show",
    "take_screenshot",
    "update_panels",
]
