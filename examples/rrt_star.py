"""RRT* path planning in 2D, recorded step by step.

A rapidly exploring random tree grows from the start through a small floor plan. Each random sample extends the tree
from the node that gives it the cheapest way home, and then *rewires* the nodes around it that it can serve better, so
that the best path keeps getting shorter. The recording shows the tree as it grows (coloured by the cost to come, and
thicker where more of the tree hangs on a branch), what each step sampled and rewired, and how long the best path is.

Run it with `python examples/rrt_star.py -o rrt_star.rrd`. It needs rerun-sdk (0.24 or later) and numpy only.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rerun as rr
import rerun.blueprint as rrb

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 13.0, 9.0
START = np.array([1.0, 8.0])
GOAL = np.array([11.9, 1.1])

WALL_RADIUS = 0.09
CLEARANCE = 0.08
# Wall centre lines, as polylines. Two ways lead to the goal: a long one through a wide gap at the bottom right, and a
# short one through a narrow door which takes luck to find.
WALLS: list[list[tuple[float, float]]] = [
    [(0.0, 0.0), (WIDTH, 0.0), (WIDTH, HEIGHT), (0.0, HEIGHT), (0.0, 0.0)],
    [(3.2, HEIGHT), (3.2, 6.9)],
    [(3.2, 5.6), (3.2, 2.2), (1.5, 2.2)],
    [(0.0, 4.6), (1.7, 4.6)],
    [(4.6, 0.0), (4.6, 1.3)],
    [(4.6, 3.1), (6.9, 3.1), (6.9, 1.5)],
    [(5.3, 7.6), (7.3, 7.6)],
    [(8.9, 0.0), (8.9, 1.75)],
    [(8.9, 2.25), (8.9, 6.9)],
    [(8.9, 4.6), (11.3, 4.6)],
    [(10.7, 2.7), (WIDTH, 2.7)],
    [(10.6, 7.4), (10.6, 6.4), (11.6, 6.4)],
]
# Round pillars: x, y, radius.
PILLARS = np.array(
    [(5.2, 5.3, 0.62), (7.1, 5.6, 0.45), (4.6, 8.0, 0.3), (1.7, 6.3, 0.4), (7.9, 2.4, 0.3), (10.3, 1.5, 0.35)]
)

STEPS = 180
STEER = 0.75
NEAR_GAIN = 14.0
GOAL_BIAS = 0.03
COST_RANGE = 17.0

WALL_COLOR = (122, 130, 146)
PATH_COLOR = (255, 176, 0)
CASING_COLOR = (34, 28, 18)
REWIRED_COLOR = (255, 62, 84)
REMOVED_COLOR = (150, 130, 135)
SAMPLE_COLOR = (245, 120, 60)
START_COLOR = (20, 176, 116)
GOAL_COLOR = (236, 130, 0)


def _obstacles() -> tuple[Floats, Floats, Floats]:
    """Every obstacle as a thick line segment with round ends: both ends and the radius."""
    pieces = [(*a, *b, WALL_RADIUS) for wall in WALLS for a, b in pairwise(wall)]
    pieces += [(x, y, x, y, radius) for x, y, radius in PILLARS]
    table = np.array(pieces)
    return table[:, 0:2], table[:, 2:4], table[:, 4]


def _turn(a: Floats, b: Floats, c: Floats) -> npt.NDArray[np.bool_]:
    """Whether a, b, c turn anticlockwise."""
    left: npt.NDArray[np.bool_] = (b - a)[..., 0] * (c - a)[..., 1] > (b - a)[..., 1] * (c - a)[..., 0]
    return left


def _distance(point: Floats, a: Floats, b: Floats) -> Floats:
    """Distance from points to the line segments from a to b."""
    along = b - a
    length2 = np.maximum((along**2).sum(axis=-1), 1e-12)
    t = np.clip(((point - a) * along).sum(axis=-1) / length2, 0.0, 1.0)
    distance: Floats = np.linalg.norm(point - a - t[..., None] * along, axis=-1)
    return distance


class Planner:
    """RRT* on the floor plan: `grow` takes one sample; the tree is in `position`, `parent` and `cost`."""

    def __init__(self, capacity: int, seed: int) -> None:
        """Plant the tree at the start, with room for `capacity` more nodes."""
        self.random = np.random.default_rng(seed)
        self.wall_a, self.wall_b, self.wall_radius = _obstacles()
        self.position: Floats = np.zeros((capacity + 1, 2))
        self.parent = np.zeros(capacity + 1, dtype=np.int64)
        self.cost: Floats = np.zeros(capacity + 1)
        self.children: list[list[int]] = [[]]
        self.position[0] = START
        self.size = 1
        self.near_goal: list[int] = []

    def is_free(self, p: Floats, q: Floats) -> npt.NDArray[np.bool_]:
        """Whether the straight lines from p to q (N x 2 each) keep clear of every obstacle."""
        p, q = p[:, None], q[:, None]
        a, b = self.wall_a, self.wall_b
        crossing = (_turn(p, q, a) != _turn(p, q, b)) & (_turn(a, b, p) != _turn(a, b, q))
        gaps = (_distance(p, a, b), _distance(q, a, b), _distance(a, p, q), _distance(b, p, q))
        gap = np.minimum.reduce(np.broadcast_arrays(*gaps)) - self.wall_radius
        free: npt.NDArray[np.bool_] = ~(crossing | (gap < CLEARANCE)).any(axis=1)
        return free

    @property
    def reach(self) -> float:
        """How far around a new node to look for parents and for nodes to rewire: shrinks as the tree grows denser."""
        return float(np.clip(NEAR_GAIN * np.sqrt(np.log(self.size + 1) / (self.size + 1)), STEER, 1.6 * STEER))

    def grow(self) -> list[tuple[int, int]]:
        """Take one sample, and add a node if it can be reached. Returns what was rewired: (node, former parent)."""
        sample = GOAL if self.random.random() < GOAL_BIAS else self.random.uniform((0.0, 0.0), (WIDTH, HEIGHT))
        nodes = self.position[: self.size]
        away = np.linalg.norm(nodes - sample, axis=1)
        nearest = int(away.argmin())
        if away[nearest] < 1e-6:
            return []
        point = nodes[nearest] + (sample - nodes[nearest]) * min(1.0, STEER / away[nearest])

        # Join the tree at the neighbour which makes the point cheapest to reach.
        away = np.linalg.norm(nodes - point, axis=1)
        near = np.flatnonzero(away <= self.reach)
        near = near[self.is_free(np.broadcast_to(point, (len(near), 2)), nodes[near])]
        if len(near) == 0:
            return []
        node = self.size
        through = self.cost[near] + away[near]
        best = int(near[through.argmin()])
        self.position[node], self.parent[node], self.cost[node] = point, best, through.min()
        self.children[best].append(node)
        self.children.append([])
        self.size += 1
        if np.linalg.norm(point - GOAL) <= STEER and self.is_free(point[None], GOAL[None])[0]:
            self.near_goal.append(node)

        # Rewire the neighbours which are cheaper to reach through it.
        better = near[self.cost[node] + away[near] < self.cost[near] - 1e-9]
        rewired = [(int(n), int(self.parent[n])) for n in better]
        for n, former in rewired:
            self.children[former].remove(n)
            self.children[node].append(n)
            self.parent[n] = node
            self._add_cost(n, self.cost[node] + away[n] - self.cost[n])
        return rewired

    def _add_cost(self, node: int, change: float) -> None:
        """Pass a change of cost on to a node and everything that hangs on it."""
        branch = [node]
        for n in branch:
            branch += self.children[n]
        self.cost[branch] += change

    def loads(self) -> Floats:
        """How many nodes hang on each node, itself included."""
        load: Floats = np.ones(self.size)
        for n in np.argsort(-self.cost[: self.size])[:-1]:
            load[self.parent[n]] += load[n]
        return load

    def best_path(self) -> tuple[Floats, float] | None:
        """The shortest path to the goal so far and its length, or None before the first."""
        if not self.near_goal:
            return None
        ends = np.array(self.near_goal)
        lengths = self.cost[ends] + np.linalg.norm(self.position[ends] - GOAL, axis=1)
        node = int(ends[lengths.argmin()])
        path = [GOAL, self.position[node]]
        while node != 0:
            node = int(self.parent[node])
            path.append(self.position[node])
        return np.array(path[::-1]), float(lengths.min())


def _colormap(t: Floats) -> Bytes:
    """Colours for t in 0..1: an even walk of hue in OKLCH (teal, blue, violet, pink), for dark and light grounds."""
    lightness, chroma, hue = 0.74 - 0.10 * t, 0.135 + 0.03 * t, np.radians(175.0 + 185.0 * t)
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    lms = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    to_rgb = [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
    linear = np.clip(np.array(to_rgb) @ lms**3, 0.0, 1.0)
    srgb = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colors: Bytes = np.round(255 * srgb.T).astype(np.uint8)
    return colors


def _blueprint() -> rrb.Blueprint:
    """The map large at the left; the plot and the text at its right."""
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Spatial2DView(
                origin="/map",
                name="RRT*",
                visual_bounds=rrb.VisualBounds2D(x_range=[-0.3, WIDTH + 0.3], y_range=[-0.3, HEIGHT + 0.3]),
            ),
            rrb.Vertical(
                rrb.TimeSeriesView(origin="/path_length", name="Length of the best path"),
                rrb.TextDocumentView(origin="/about", name="About"),
                row_shares=[3, 4],
            ),
            column_shares=[7, 3],
        ),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
        auto_views=False,
    )


def _log_map(recording: rr.RecordingStream) -> None:
    """Log what stays the same: walls, pillars, start and goal, and the style of the plot."""
    recording.log("map/walls", rr.LineStrips2D(WALLS, radii=WALL_RADIUS, colors=WALL_COLOR), static=True)
    recording.log("map/pillars", rr.Points2D(PILLARS[:, :2], radii=PILLARS[:, 2], colors=WALL_COLOR), static=True)
    recording.log(
        "map/ends",
        rr.Points2D(
            [START, GOAL], radii=0.2, colors=[START_COLOR, GOAL_COLOR], labels=["start", "goal"], draw_order=60.0
        ),
        static=True,
    )
    recording.log("path_length", rr.SeriesLines(colors=PATH_COLOR, names="best path", widths=2.5), static=True)


def _about(samples: int, nodes: int, rewirings: int, lengths: list[float]) -> rr.TextDocument:
    """The text of one step."""
    if lengths:
        change = lengths[-1] / lengths[0] - 1
        result = f"Best path **{lengths[-1]:.2f}** ({change:+.0%} since the first, {lengths[0]:.2f})"
    else:
        result = "No path to the goal yet"
    text = f"""{result}

**{samples}** samples, **{nodes}** nodes, **{rewirings}** rewirings

---

RRT\\* grows a tree of collision-free paths from the start. A new node (orange) joins where it is cheapest to reach.
Nodes in the ring around it that are cheaper to reach through it are then **rewired** (red), so the best path (amber;
thin: the first one) only ever gets shorter.

Colour: cost to come. Width: how much of the tree hangs on a branch.
"""
    return rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN)


def _lines(strips: Any, color: tuple[int, int, int], radius: float, order: float) -> rr.LineStrips2D:
    """Lines of one colour, their radius in points of the screen."""
    return rr.LineStrips2D(strips, colors=color, radii=rr.Radius.ui_points(radius), draw_order=order)


def _log_tree(recording: rr.RecordingStream, planner: Planner) -> None:
    """Log the whole tree: coloured by the cost to come, as wide as what hangs on it."""
    nodes = np.arange(1, planner.size)
    # In few shades and widths, which hardly change from step to step and so compress well.
    shade = np.round(48 * np.minimum(planner.cost[nodes] / COST_RANGE, 1.0)) / 48
    width = np.round(2 * np.log2(planner.loads()[nodes])) / 2
    recording.log(
        "map/tree",
        rr.LineStrips2D(
            np.stack([planner.position[planner.parent[nodes]], planner.position[nodes]], axis=1),
            colors=_colormap(shade),
            radii=rr.Radius.ui_points(0.5 + 0.32 * width),
            draw_order=20.0,
        ),
    )


def _log_growth(recording: rr.RecordingStream, planner: Planner, first: int, rewired: dict[int, int]) -> None:
    """Log what one step added, from node `first` on, and what it rewired (node: former parent)."""
    former = np.array(list(rewired.items()), dtype=np.int64).reshape(-1, 2)
    moved = np.stack([former[:, 0], planner.parent[former[:, 0]]], axis=1)
    recording.log("map/rewired/from", _lines(planner.position[former], REMOVED_COLOR, 0.7, 30.0))
    recording.log("map/rewired/to", _lines(planner.position[moved], REWIRED_COLOR, 1.6, 31.0))
    if first < planner.size:
        added = planner.position[first : planner.size]
        sizes = np.where(np.arange(len(added)) == len(added) - 1, 5.0, 3.0)
        angle = np.linspace(0.0, 2 * np.pi, 65)
        ring = added[-1] + planner.reach * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        radii = rr.Radius.ui_points(sizes)
        recording.log("map/samples", rr.Points2D(added, colors=SAMPLE_COLOR, radii=radii, draw_order=50.0))
        recording.log("map/samples/reach", _lines([ring], SAMPLE_COLOR, 0.7, 49.0))


def _log_best(recording: rr.RecordingStream, planner: Planner, lengths: list[float]) -> None:
    """Log the best path's length, and the path itself if it is better than before; adds to `lengths`."""
    best = planner.best_path()
    if best is None:
        return
    path, length = best
    if not lengths:
        recording.log("map/first_path", _lines([path], PATH_COLOR, 0.8, 35.0))
    if not lengths or length < lengths[-1] - 1e-9:
        recording.log("map/best_path/casing", _lines([path], CASING_COLOR, 5.0, 40.0))
        recording.log("map/best_path", _lines([path], PATH_COLOR, 3.0, 41.0))
    lengths.append(length)
    recording.log("path_length", rr.Scalars(length))


def log_rrt_star(recording: rr.RecordingStream, *, iterations: int = 1800, seed: int = 7) -> None:
    """Plan a path with RRT* and log it into the recording, on the timeline "step"."""
    recording.send_blueprint(_blueprint())
    planner = Planner(iterations, seed)
    lengths: list[float] = []
    samples = rewirings = 0

    recording.set_time("step", sequence=0)
    _log_map(recording)
    recording.log("about", _about(0, 1, 0, lengths))
    # Slow at first, to watch single samples, and then ever more samples in each step.
    schedule = iterations * np.linspace(0.0, 1.0, min(STEPS, iterations) + 1) ** 1.4
    for step, until in enumerate(np.ceil(schedule[1:]), start=1):
        first = planner.size
        rewired: dict[int, int] = {}
        while samples < until:
            for node, former in planner.grow():
                rewired.setdefault(node, former)
                rewirings += 1
            samples += 1

        recording.set_time("step", sequence=step)
        _log_tree(recording, planner)
        _log_growth(recording, planner, first, rewired)
        _log_best(recording, planner, lengths)
        recording.log("about", _about(samples, planner.size, rewirings, lengths))


def write(path: str | Path) -> Path:
    """Write the example recording to a file, and return its path."""
    path = Path(path)
    # Large batches: consecutive steps of the tree are much alike, and compress well together.
    batching = rr.ChunkBatcherConfig(flush_tick=10.0)
    recording = rr.RecordingStream("rrt_star_example", batcher_config=batching)
    recording.save(path)
    log_rrt_star(recording)
    recording.flush()
    recording.disconnect()
    return path


def main() -> None:
    """Write the recording where the command line says."""
    parser = argparse.ArgumentParser(description="Record an RRT* path planner as it grows its tree.")
    parser.add_argument("-o", "--output", type=Path, default=Path("rrt_star.rrd"), help="the recording to write")
    print(write(parser.parse_args().output))


if __name__ == "__main__":
    main()
