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
    camera, number = {"dtype": "image", "shape": [90, 160, 3]}, {"dtype": "float32", "shape": [1]}
    info = {"codebase_version": "v2.1", "fps": 10, "chunks_size": 1000, "total_episodes": 8, "total_frames": 320}
    info |= {"total_tasks": 2, "total_chunks": 1, "total_videos": 0, "splits": {}}
    info["features"] = {"image": camera, "observation.state": number}
    info["data_path"] = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    tasks = [{"task_index": each, "task": f"push it to the {side}"} for each, side in enumerate(("left", "right"))]
    episodes = [{"episode_index": each, "tasks": [tasks[each % 2]["task"]], "length": 40} for each in range(8)]
    (folder / "meta").mkdir()
    (folder / "data/chunk-000").mkdir(parents=True)
    for name, lines in (("info.json", [info]), ("episodes.jsonl", episodes), ("tasks.jsonl", tasks)):
        (folder / "meta" / name).write_text("\n".join(map(json.dumps, lines)))
    for episode in range(8):
        rows = []
        for at in range(40):
            state = 80 - (-1) ** episode * max(0, at - episode)
            picture = Image.new("RGB", (160, 90), (45, 50, 60))
            picture.paste((230, 150, 50), (state - 10, 35, state + 10, 55))
            picture.save(folder / "frame.png")
            image = {"bytes": (folder / "frame.png").read_bytes(), "path": None}
            rows.append({"image": image, "observation.state": [state], "frame_index": at, "timestamp": at / 10})
        pq.write_table(pa.Table.from_pylist(rows), folder / f"data/chunk-000/episode_{episode:06d}.parquet")
    return folder


EPISODES = lerobot.episodes(write_dataset(Path(tempfile.mkdtemp())))


def choose(event: gr.SelectData) -> int:
    """The number of the episode in the row that was clicked."""
    return event.row_value[0]


with gr.Blocks(title="LeRobot") as demo:
    number = gr.Number(0, label="Episode", precision=0, minimum=0, maximum=len(EPISODES) - 1)
    viewer = Rerun(EPISODES[0], panel_states={"blueprint": "hidden", "selection": "hidden"}, height=480)
    rows = [[each.index, each.length, *each.tasks] for each in EPISODES]
    table = gr.Dataframe(rows, headers=["episode", "frames", "task"], show_search="search", interactive=False)
    table.select(choose, None, number)
    number.change(lambda at: EPISODES[at], number, viewer)
    viewer.load(lambda at: EPISODES[min(at + 1, len(EPISODES) - 1)].prepare(), number, None)

if __name__ == "__main__":
    demo.launch()
