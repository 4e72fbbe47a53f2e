"""A LeRobot dataset, one episode at a time, with a table of its episodes: `python demo/gallery/lerobot_episodes.py`."""

import json
import tempfile
from pathlib import Path

import gradio as gr
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from gradio_rerun import Rerun, lerobot


def write_dataset(folder: Path) -> Path:
    """Stands for a real one: a camera sees a block that is pushed to the left or to the right."""
    image, number = {"dtype": "image", "shape": [90, 160, 3]}, {"dtype": "float32", "shape": [1]}
    info = {"codebase_version": "v2.1", "fps": 10, "chunks_size": 1000, "total_episodes": 8, "total_chunks": 1}
    info |= {"data_path": "data/{episode_index:06d}.parquet", "features": {"image": image, "observation.state": number}}
    tasks = [{"task_index": each, "task": f"push it to the {side}"} for each, side in enumerate(("left", "right"))]
    episodes = [{"episode_index": i, "tasks": [tasks[i % 2]["task"]], "length": 40, "success": i < 6} for i in range(8)]
    (folder / "meta").mkdir()
    (folder / "data").mkdir()
    for name, lines in (("info.json", [info]), ("episodes.jsonl", episodes), ("tasks.jsonl", tasks)):
        (folder / "meta" / name).write_text("\n".join(map(json.dumps, lines)))
    for episode in range(8):
        rows = []
        for at in range(40):
            picture, state = Image.new("RGB", (160, 90), (45, 50, 60)), 80 - (-1) ** episode * max(0, at - episode)
            picture.paste((230, 150, 50), (state - 10, 35, state + 10, 55))
            picture.save(folder / "frame.png")
            image = {"bytes": (folder / "frame.png").read_bytes(), "path": None}
            rows.append({"image": image, "observation.state": [state], "frame_index": at, "timestamp": at / 10})
        pq.write_table(pa.Table.from_pylist(rows), folder / f"data/{episode:06d}.parquet")
    return folder


EPISODES = lerobot.episodes(write_dataset(Path(tempfile.mkdtemp())))

with gr.Blocks(title="LeRobot") as demo:
    number = gr.Number(0, label="Episode", precision=0, minimum=0, maximum=len(EPISODES) - 1)
    with gr.Row():
        previous, following = gr.Button("Previous", min_width=60), gr.Button("Next", min_width=60)
    viewer = Rerun(EPISODES[0], panel_states={"blueprint": "hidden", "selection": "hidden"}, height=480)
    rows = [[each.index, each.length, *each.tasks, "yes" if each.success else "no"] for each in EPISODES]
    table = gr.Dataframe(rows, headers=["index", "frames", "task", "success"], show_search="search", interactive=False)
    previous.click(lambda at: (at - 1) % len(EPISODES), number, number)
    following.click(lambda at: (at + 1) % len(EPISODES), number, number)
    number.change(lambda at: EPISODES[at], number, viewer)
    viewer.load(lambda at: EPISODES[(at + 1) % len(EPISODES)].prepare(), number, None)

    @table.select(outputs=number)
    def choose(event: gr.SelectData) -> int:
        """The index of the episode in the row that was clicked."""
        return event.row_value[0]


if __name__ == "__main__":
    demo.launch()
