"""A synthetic RGB-D scan of a living room, recorded frame by frame.

A camera flies through a furnished room along a smooth path. Each frame holds a colour image, a depth image in
millimetres (in steps of disparity, as a stereo camera measures it) and the pose of the camera. The depth is projected
back into the room, and the points that fall where there were none before make up the growing, coloured point cloud.
The images are ray-traced with numpy: boxes and ellipsoids, a lamp and the sun through a window, with soft shadows.

Run it with `python examples/rgbd.py -o rgbd.rrd`. It needs rerun-sdk (0.24 or later) and numpy only.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rerun as rr
import rerun.blueprint as rrb

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Triple = tuple[float, float, float]

FRAMES = 84
FRAMES_PER_SECOND = 8.0
WIDTH, HEIGHT, FOCAL = 320, 240, 262.0
DEPTH_STEP = 2  # One depth pixel for so many colour pixels.
DISPARITY_STEP = 0.0007  # In 1/metre: about 1.7 cm at 5 m, and less than a millimetre at 1 m.
VOXEL = 0.036
POINT_RADIUS = 0.023

# x to the right, y to the back wall, z up, in metres. The walls at the left and behind the camera stay out of sight.
ROOM: Triple = (6.0, 4.6, 2.8)
LAMP: Triple = (3.1, 2.0, 2.7)
SUN: Triple = (0.74, 0.28, -0.61)
WINDOW_Y, WINDOW_Z = (0.5, 2.6), (0.7, 2.1)
# Where the camera is, and what it looks at.
PATH: list[tuple[Triple, Triple]] = [
    ((0.70, 0.45, 1.50), (2.2, 4.4, 0.75)),
    ((1.35, 0.80, 1.50), (2.8, 4.5, 0.80)),
    ((2.05, 0.95, 1.50), (4.4, 4.5, 0.85)),
    ((2.70, 0.95, 1.50), (5.4, 3.9, 0.80)),
    ((3.25, 0.75, 1.55), (5.9, 2.4, 0.75)),
    ((3.60, 0.80, 1.70), (5.7, 2.6, 0.60)),
    ((3.45, 1.15, 1.85), (4.7, 4.5, 0.85)),
    ((2.95, 1.40, 2.00), (3.0, 4.0, 0.40)),
    ((2.35, 1.35, 2.10), (2.7, 3.3, 0.10)),
    ((1.75, 1.00, 2.10), (2.9, 3.1, 0.20)),
    ((1.20, 0.45, 2.00), (3.3, 3.4, 0.45)),
]

PLAIN, RUG, WALLS, PICTURE, FABRIC, GLOWING, SCREEN = range(7)
PATH_COLOR = (255, 140, 26)


def _vector(values: Any) -> Floats:
    """Single precision, which is plenty for a picture."""
    return np.asarray(values, dtype=np.float32)


@dataclass
class Solid:
    """A box or an ellipsoid, parallel to the axes."""

    center: Floats
    half: Floats
    color: Triple
    material: int = PLAIN
    bevel: float = 0.015
    is_box: bool = True
    casts: bool = True


def box(low: Triple, high: Triple, color: Triple, material: int = PLAIN, **more: Any) -> Solid:
    """The box between two corners."""
    a, b = _vector(low), _vector(high)
    return Solid((a + b) / 2, (b - a) / 2, color, material, **more)


def ball(center: Triple, radii: Triple | float, color: Triple, material: int = PLAIN, **more: Any) -> Solid:
    """The ellipsoid (or ball) around a centre."""
    half = np.broadcast_to(_vector(radii), 3)
    return Solid(_vector(center), half, color, material, is_box=False, **more)


def _seats() -> list[Solid]:
    """The sofa with its pillows, the table, the pouf."""
    mustard, seam, oak = (0.83, 0.55, 0.13), (0.74, 0.47, 0.10), (0.62, 0.40, 0.22)
    solids = [
        box((1.15, 3.55, 0.08), (3.55, 4.45, 0.30), seam, FABRIC, bevel=0.04),
        box((1.35, 4.15, 0.30), (3.35, 4.48, 0.86), mustard, FABRIC, bevel=0.09),
        box((1.12, 3.52, 0.10), (1.38, 4.48, 0.62), mustard, FABRIC, bevel=0.09),
        box((3.32, 3.52, 0.10), (3.58, 4.48, 0.62), mustard, FABRIC, bevel=0.09),
        box((1.39, 3.50, 0.30), (2.345, 4.18, 0.47), mustard, FABRIC, bevel=0.08),
        box((2.355, 3.50, 0.30), (3.31, 4.18, 0.47), mustard, FABRIC, bevel=0.08),
        ball((1.68, 4.00, 0.65), (0.24, 0.13, 0.21), (0.10, 0.40, 0.47), FABRIC),
        ball((2.04, 4.04, 0.62), (0.20, 0.12, 0.18), (0.87, 0.80, 0.68), FABRIC),
        ball((3.06, 4.00, 0.65), (0.24, 0.13, 0.21), (0.72, 0.22, 0.16), FABRIC),
        box((1.75, 2.15, 0.36), (3.05, 2.85, 0.41), oak),
        ball((2.15, 2.50, 0.47), (0.19, 0.19, 0.085), (0.16, 0.45, 0.52)),
        ball((2.09, 2.47, 0.55), 0.055, (0.85, 0.45, 0.07)),
        ball((2.20, 2.46, 0.55), 0.055, (0.80, 0.16, 0.10)),
        ball((2.16, 2.56, 0.56), 0.055, (0.45, 0.65, 0.15)),
        box((2.55, 2.35, 0.41), (2.85, 2.57, 0.44), (0.75, 0.22, 0.18)),
        box((2.58, 2.37, 0.44), (2.83, 2.56, 0.465), (0.88, 0.84, 0.74)),
        ball((4.20, 2.55, 0.22), (0.36, 0.36, 0.23), (0.70, 0.26, 0.20), FABRIC),
    ]
    return solids + [box((x, y, 0), (x + 0.06, y + 0.06, 0.36), oak) for x in (1.8, 2.94) for y in (2.2, 2.74)]


def _shelf(random: np.random.Generator) -> list[Solid]:
    """A shelf full of books."""
    walnut = (0.40, 0.25, 0.15)
    colors = [(0.72, 0.20, 0.16), (0.12, 0.38, 0.46), (0.88, 0.62, 0.18), (0.85, 0.80, 0.70), (0.27, 0.44, 0.27)]
    left, right, boards = 4.05, 5.30, np.linspace(0.06, 2.06, 6)
    solids = [box((x, 4.22, 0), (x + 0.04, 4.6, 2.1), walnut) for x in (left, right)]
    solids += [box((left, 4.22, z), (right + 0.04, 4.6, z + 0.035), walnut) for z in boards]
    solids.append(box((left, 4.57, 0), (right, 4.6, 2.1), (0.30, 0.19, 0.12)))
    for z in boards[:-1]:
        x = left + 0.06
        while x < right - 0.10:
            width, height, depth = random.uniform((0.035, 0.23, 0.20), (0.085, 0.34, 0.28))
            color = colors[random.integers(len(colors))]
            solids.append(box((x, 4.56 - depth, z + 0.035), (x + width, 4.56, z + 0.035 + height), color, casts=False))
            x += width + 0.004 + (random.random() < 0.12) * random.uniform(0.05, 0.2)
    return solids


def _corners(random: np.random.Generator) -> list[Solid]:
    """The desk with its chair, the plant, the floor lamp, and what hangs on the walls."""
    white, dark, black = (0.86, 0.84, 0.80), (0.20, 0.20, 0.22), (0.05, 0.05, 0.06)
    solids = [
        box((5.25, 1.45, 0.72), (6.0, 3.05, 0.76), (0.70, 0.47, 0.27)),
        box((5.35, 2.55, 0.05), (5.95, 3.00, 0.72), white),
        box((5.335, 2.58, 0.40), (5.35, 2.97, 0.69), (0.78, 0.76, 0.71)),
        box((5.335, 2.58, 0.08), (5.35, 2.97, 0.38), (0.78, 0.76, 0.71)),
        box((5.30, 1.50, 0), (5.36, 1.56, 0.72), dark),
        box((5.90, 1.50, 0), (5.96, 1.56, 0.72), dark),
        box((5.74, 1.75, 0.90), (5.78, 2.55, 1.36), black, SCREEN),
        box((5.74, 2.10, 0.76), (5.80, 2.20, 0.95), dark),
        box((5.64, 2.00, 0.76), (5.86, 2.30, 0.775), dark),
        box((5.38, 1.90, 0.76), (5.54, 2.38, 0.78), white),
        ball((5.50, 1.66, 0.81), (0.05, 0.05, 0.06), (0.75, 0.22, 0.16)),
        box((4.70, 1.85, 0.43), (5.20, 2.35, 0.50), (0.13, 0.40, 0.46), FABRIC, bevel=0.05),
        box((4.66, 1.87, 0.62), (4.74, 2.33, 1.02), (0.13, 0.40, 0.46), FABRIC, bevel=0.05),
        box((4.68, 2.05, 0.45), (4.72, 2.15, 0.70), dark),
        box((4.92, 2.07, 0.06), (4.98, 2.13, 0.44), dark),
        ball((4.95, 2.10, 0.05), (0.28, 0.28, 0.045), dark),
        box((0.83, 4.02, 0.02), (0.87, 4.06, 1.55), dark),
        ball((0.85, 4.04, 0.02), (0.18, 0.18, 0.03), dark),
        ball((0.85, 4.04, 1.65), (0.25, 0.25, 0.20), (1.0, 0.80, 0.48), GLOWING, casts=False),
        ball((5.65, 3.95, 0.20), (0.20, 0.20, 0.22), (0.84, 0.78, 0.68)),
        box((5.63, 3.93, 0.3), (5.67, 3.97, 0.9), (0.35, 0.24, 0.14)),
        box((1.55, 4.56, 1.25), (2.65, 4.6, 2.05), (0.90, 0.88, 0.82), PICTURE),
        box((2.80, 4.56, 1.68), (3.20, 4.6, 2.10), (0.90, 0.88, 0.82), PICTURE),
        box((2.80, 4.56, 1.20), (3.20, 4.6, 1.58), (0.90, 0.88, 0.82), PICTURE),
        box((5.96, 3.05, 1.20), (6.0, 3.75, 2.05), (0.90, 0.88, 0.82), PICTURE),
    ]
    for height in np.linspace(0.62, 1.55, 17):
        angle, reach = random.uniform(0, 2 * np.pi), 0.24 * np.sin(3.0 * (height - 0.5)) + 0.04
        x, y = 5.65 + reach * np.cos(angle), 3.95 + reach * np.sin(angle)
        radii = tuple(random.uniform((0.11, 0.11, 0.06), (0.17, 0.17, 0.11)))
        color = (0.10 + 0.08 * random.random(), 0.34 + 0.16 * random.random(), 0.13)
        solids.append(ball((min(x, 5.8), min(y, 4.4), float(height)), radii, color))
    return solids


def furnish() -> list[Solid]:
    """Everything in the room; the room itself comes first."""
    random = np.random.default_rng(11)
    room = box((0, 0, 0), ROOM, (0.84, 0.74, 0.58), WALLS, casts=False)
    skirting = [
        box((0, ROOM[1] - 0.025, 0), (ROOM[0], ROOM[1], 0.11), (0.88, 0.86, 0.81), casts=False),
        box((ROOM[0] - 0.025, 0, 0), (ROOM[0], ROOM[1], 0.11), (0.88, 0.86, 0.81), casts=False),
    ]
    rug = box((0.95, 1.35, 0), (3.85, 3.35, 0.02), (0.62, 0.17, 0.14), RUG)
    return [room, rug, *skirting, *_seats(), *_shelf(random), *_corners(random)]


def _hit(solid: Solid, origin: Floats, inverse: Floats, rays: Floats) -> Floats:
    """How far along the rays (3 x ...) a solid is met from outside, or infinity."""
    shape = (3,) + (1,) * (rays.ndim - 1)
    center, half = solid.center.reshape(shape), solid.half.reshape(shape)
    if solid.is_box:
        middle, spread = (center - origin) * inverse, half * np.abs(inverse)
        near, far = (middle - spread).max(axis=0), (middle + spread).min(axis=0)
        met = near < far
    else:
        p, d = (origin - center) / half, rays / half
        a, b, c = (d * d).sum(axis=0), (p * d).sum(axis=0), (p * p).sum(axis=0) - 1.0
        root = b * b - a * c
        met = root > 0.0
        near = (-b - np.sqrt(np.maximum(root, 0.0))) / a
    distance: Floats = np.where(met & (near > 1e-4), near, np.inf)
    return distance


def _inverse(rays: Floats) -> Floats:
    """One over the rays, with something finite where they are zero."""
    inverse: Floats = 1.0 / np.where(np.abs(rays) < 1e-9, np.float32(1e-9), rays)
    return inverse


class Shadow:
    """A shadow map: how far the light gets, for rays laid out on a square; looked up with soft edges."""

    def __init__(
        self, solids: list[Solid], layout: Callable[[Floats, Floats], tuple[Floats, Floats]], softness: float
    ) -> None:
        """Trace the map; `layout` tells the origins and directions of the rays for places in -1..1."""
        self.size, self.softness = 448, softness
        line = np.linspace(-1.0, 1.0, self.size, dtype=np.float32)
        origin, rays = layout(*np.meshgrid(line, line, indexing="ij"))
        inverse = _inverse(rays)
        self.reach = np.full((self.size, self.size), np.inf, dtype=np.float32)
        for solid in solids:
            if solid.casts:
                np.minimum(self.reach, _hit(solid, origin, inverse, rays), out=self.reach)

    def lit(self, u: Floats, v: Floats, distance: Floats) -> Floats:
        """How much light arrives at a distance along the rays at u, v: 0..1."""
        light: Floats = np.zeros_like(distance)
        taps = 9
        spiral = np.arange(taps) * 2.39996, np.sqrt((np.arange(taps) + 0.5) / taps)
        for angle, radius in zip(*spiral, strict=True):
            i = (u + self.softness * radius * np.cos(angle) + 1.0) * (self.size - 1) / 2 + 0.5
            j = (v + self.softness * radius * np.sin(angle) + 1.0) * (self.size - 1) / 2 + 0.5
            i, j = (np.clip(k, 0, self.size - 1).astype(np.int32) for k in (i, j))
            light += self.reach[i, j] > distance - 0.03
        return light / taps


class Renderer:
    """Ray-traces the room."""

    def __init__(self, solids: list[Solid]) -> None:
        """Prepare the shadow maps and the pixels' rays."""
        self.solids = solids
        self.center = _vector([s.center for s in solids])
        self.half = _vector([s.half for s in solids])
        self.color = _vector([s.color for s in solids])
        self.material = np.array([s.material for s in solids])
        self.bevel = _vector([s.bevel for s in solids])
        self.is_box = np.array([s.is_box for s in solids])

        self.sun = _vector(SUN) / np.linalg.norm(_vector(SUN))
        self.sun_side = _vector(np.cross(self.sun, (0, 0, 1)))
        self.sun_side /= np.linalg.norm(self.sun_side)
        self.sun_up = _vector(np.cross(self.sun_side, self.sun))
        self.sun_center = _vector((3.0, 2.3, 1.0))
        self.lamp_shadow = Shadow(solids, self._lamp_layout, softness=0.035)
        self.sun_shadow = Shadow(solids, self._sun_layout, softness=0.012)

        x, y = np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32)
        x, y = np.meshgrid((x + 0.5 - WIDTH / 2) / FOCAL, (y + 0.5 - HEIGHT / 2) / FOCAL)
        self.pixels = np.stack([x, y, np.ones_like(x)])

    def _lamp_layout(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Rays downwards from the lamp, in a paraboloid projection."""
        down = (1.0 - u * u - v * v) / 2
        return _vector(LAMP).reshape(3, 1, 1), np.stack([u, v, -down])

    def _sun_layout(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Parallel rays of the sun over the whole room."""
        middle = self.sun_center - 10.0 * self.sun
        origin = [m + 4.2 * (u * a + v * b) for m, a, b in zip(middle, self.sun_side, self.sun_up, strict=True)]
        return np.stack(origin), self.sun.reshape(3, 1, 1)

    def render(self, position: Floats, axes: Floats) -> tuple[Bytes, Floats]:
        """The image and the depth (in metres) seen from a position; `axes` are right, down and forward in columns."""
        rays = np.tensordot(axes, self.pixels, axes=1).astype(np.float32)
        inverse = _inverse(rays)
        origin = position.reshape(3, 1, 1)
        room = self.solids[0]
        wall = (room.center.reshape(3, 1, 1) - origin) * inverse + room.half.reshape(3, 1, 1) * np.abs(inverse)
        depth = wall.min(axis=0)
        seen = np.zeros((HEIGHT, WIDTH), dtype=np.int64)
        for k, part in enumerate(self._parts(position, axes)):
            if k == 0 or part is None:
                continue
            rows, columns = part
            t = _hit(self.solids[k], origin, inverse[:, rows, columns], rays[:, rows, columns])
            nearer = t < depth[part]
            depth[part][nearer] = t[nearer]
            seen[part][nearer] = k
        points = (origin + rays * depth).reshape(3, -1)
        color = self._shade(points, rays.reshape(3, -1), seen.ravel())
        image = np.round(255 * color.T).astype(np.uint8)
        return image.reshape(HEIGHT, WIDTH, 3), depth

    def _parts(self, position: Floats, axes: Floats) -> list[tuple[slice, slice] | None]:
        """The parts of the image, as rows and columns, that the solids can be in."""
        signs = _vector([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        corners = (self.center - position)[:, None] + signs * self.half[:, None]
        x, y, z = np.moveaxis(corners @ axes, -1, 0)
        front = np.maximum(z, 0.05)
        columns, rows = x / front * FOCAL + WIDTH / 2, y / front * FOCAL + HEIGHT / 2
        ends = np.stack([rows.min(axis=1), rows.max(axis=1), columns.min(axis=1), columns.max(axis=1)])
        ends += _vector([[-1], [2], [-1], [2]])
        ends[:, z.min(axis=1) < 0.05] = [[0], [HEIGHT], [0], [WIDTH]]
        ends = np.clip(ends, 0, [[HEIGHT], [HEIGHT], [WIDTH], [WIDTH]]).astype(int)
        visible = (z.max(axis=1) > 0.05) & (ends[0] < ends[1]) & (ends[2] < ends[3])
        return [(slice(e[0], e[1]), slice(e[2], e[3])) if v else None for e, v in zip(ends.T, visible, strict=True)]

    def _normals(self, points: Floats, seen: Ints) -> Floats:
        """The normals of the surfaces seen; the edges of boxes are rounded off."""
        away = points - self.center[seen].T
        half, bevel = self.half[seen].T, self.bevel[seen]
        edge = np.clip(1.0 - (half - np.abs(away)) / bevel, 0.0, 1.0)
        edge = np.where(seen == 0, -(edge > 0.95).astype(np.float32), edge * edge)
        normals = np.where(self.is_box[seen], np.sign(away) * edge, away / half**2)
        result: Floats = normals / np.maximum(np.linalg.norm(normals, axis=0), 1e-6)
        return result

    def _albedo(self, points: Floats, normals: Floats, seen: Ints) -> Floats:
        """The colours of the surfaces seen."""
        color: Floats = self.color[seen].T.copy()
        material = self.material[seen]

        at = np.flatnonzero(seen == 0)
        x, y, z = points[:, at]
        floor, back = normals[2, at] > 0.5, normals[1, at] < -0.5
        stripes = 1.0 + 0.05 * np.sign(np.sin(x * 2 * np.pi / 0.24))
        color[:, at] = np.where(back, _vector([[0.30], [0.47], [0.49]]) * stripes, color[:, at])
        row = np.floor(y / 0.16)
        board = np.floor((x + 0.37 * row * row) / 1.1)
        tone = np.sin(row * 12.9898 + board * 78.233) * 43758.5453
        tone = 0.86 + 0.22 * (tone - np.floor(tone))
        tone *= 1.0 + 0.05 * np.sin(95 * y + 2.2 * np.sin(3.1 * x + row * 2.3) + board)
        seam = (np.abs(y / 0.16 - row - 0.5) > 0.47) | (np.abs((x + 0.37 * row * row) / 1.1 - board - 0.5) > 0.494)
        wood = _vector([[0.60], [0.40], [0.23]]) * np.where(seam, 0.62 * tone, tone)
        color[:, at] = np.where(floor, wood, color[:, at])

        at = np.flatnonzero(material == RUG)
        across, along = (points[:2, at] - self.center[1, :2, None]) / self.half[1, :2, None]
        border = np.maximum(np.abs(across) * 1.45 - 0.45, np.abs(along))
        diamond = np.abs((across * 4.35) % 1 - 0.5) + np.abs((along * 3.0) % 1 - 0.5)
        cream, navy = _vector([[0.85], [0.77], [0.62]]), _vector([[0.10], [0.17], [0.28]])
        pattern = np.where((diamond < 0.32) & (diamond > 0.2), cream, np.where(diamond < 0.11, navy, color[:, at]))
        pattern = np.where((border > 0.80) & (border < 0.92), navy, np.where(border > 0.77, cream, pattern))
        color[:, at] = np.where(border > 0.96, color[:, at], pattern)

        at = np.flatnonzero(material == FABRIC)
        x, y, z = points[:, at]
        color[:, at] *= 1.0 + 0.05 * np.sin(260 * (x + 0.6 * y)) * np.sin(260 * (z - 0.4 * y))

        at = np.flatnonzero((material == PICTURE) | (material == SCREEN))
        self._paint(color, points, at, seen[at])
        return color

    def _paint(self, color: Floats, points: Floats, at: Ints, seen: Ints) -> None:
        """Paint the pictures on the walls, and what is on the screen."""
        away = (points[:, at] - self.center[seen].T) / self.half[seen].T
        on_back = self.half[seen, 1] < 0.03
        x, z = np.where(on_back, away[0], -away[1]), away[2]
        tilt = seen * 2.4
        hills = np.stack([0.25 * np.sin(2.6 * x + tilt), 0.22 * np.sin(4.0 * x + 1.0 + tilt) - 0.35])
        art = np.where(z > hills[0], _vector([[0.90], [0.70], [0.45]]), _vector([[0.18], [0.42], [0.46]]))
        art = np.where(z > hills[1], art, _vector([[0.08], [0.20], [0.28]]))
        sun = np.hypot((x - 0.3 * np.sin(tilt)) * 1.2, z - 0.5) < 0.26
        art = np.where(sun & (z > hills[0]), _vector([[0.80], [0.25], [0.15]]), art)
        code = (np.sin(np.floor(z * 9) * 7.3) * 0.5 + 0.2 > x) & (np.abs(z * 9 % 1 - 0.5) < 0.22) & (x > -0.85)
        text = np.where(code, _vector([[0.35], [0.85], [0.75]]), _vector([[0.03], [0.06], [0.10]]))
        edge = np.maximum(np.abs(x), np.abs(z))
        frame = np.where(edge > 0.93, 0.12, color[:, at])
        is_screen = self.material[seen] == SCREEN
        picture = np.where(edge < 0.76, art, frame)
        color[:, at] = np.where(is_screen, np.where((edge < 0.94) & (away[0] < -0.9), text, color[:, at]), picture)

    def _shade(self, points: Floats, rays: Floats, seen: Ints) -> Floats:
        """Light the surfaces seen: colours in 0..1."""
        normals = self._normals(points, seen)
        albedo = self._albedo(points, normals, seen) ** 2.2

        # Sky light, dimmer in the corners of the room.
        gap = _vector(ROOM).reshape(3, 1) - points
        corners = np.stack([gap[0], gap[1], points[2]])
        corners = np.where(np.abs(normals) > 0.7, np.inf, corners)
        ambient = (1.0 - 0.42 * np.exp(-corners / 0.22)).prod(axis=0) * (0.30 + 0.10 * normals[2] - 0.06 * normals[0])

        to_lamp = _vector(LAMP).reshape(3, 1) - points
        distance = np.linalg.norm(to_lamp, axis=0)
        to_lamp /= distance
        # The rays of the lamp's shadow map are longer at its rim.
        stretch = 1.0 + to_lamp[2]
        lit = self.lamp_shadow.lit(-to_lamp[0] / stretch, -to_lamp[1] / stretch, distance * stretch)
        lamp = lit * np.maximum((normals * to_lamp).sum(axis=0), 0.0) * 3.4 / (1.6 + distance**2)

        from_sun = points - self.sun_center.reshape(3, 1)
        along = self.sun @ from_sun + 10.0
        u, v = self.sun_side @ from_sun / 4.2, self.sun_up @ from_sun / 4.2
        facing = np.maximum(-(self.sun @ normals), 0.0)
        sun = self._window(points) * facing
        bright = np.flatnonzero(sun > 0.0)
        sun[bright] *= self.sun_shadow.lit(u[bright], v[bright], along[bright])

        # A little gloss from the lamp on what is smooth.
        middle = to_lamp - rays / np.linalg.norm(rays, axis=0)
        middle /= np.linalg.norm(middle, axis=0)
        smooth = np.isin(self.material[seen], (PLAIN, WALLS)) & ((seen > 0) | (normals[2] > 0.5))
        gloss = 0.12 * smooth * lit * np.maximum((middle * normals).sum(axis=0), 0.0) ** 40

        warm, cool, golden = (1.0, 0.90, 0.76), (0.86, 0.95, 1.1), (2.4, 2.06, 1.49)
        light = sum(_vector(c).reshape(3, 1) * part for c, part in ((warm, lamp), (cool, ambient), (golden, sun)))
        color = albedo * light + gloss
        glowing = np.isin(self.material[seen], (GLOWING, SCREEN))
        color = np.where(glowing, albedo * (0.8 + 0.5 * np.abs(normals[1])), color) * 1.35
        result: Floats = np.clip(color / (1.0 + 0.22 * color), 0.0, 1.0) ** (1 / 2.2)
        return result

    def _window(self, points: Floats) -> Floats:
        """How much sun comes through the window at the left (which has a cross in its frame): 0..1."""
        t = points[0] / self.sun[0]
        y, z = points[1] - t * self.sun[1], points[2] - t * self.sun[2]
        inside: Floats = np.ones_like(y)
        for place, (low, high) in ((y, WINDOW_Y), (z, WINDOW_Z)):
            cross = np.abs(place - (low + high) / 2) - 0.03
            edge = np.minimum(np.minimum(place - low, high - place), cross)
            inside *= np.clip(edge / 0.03 + 0.5, 0.0, 1.0)
        return inside


def _spline(keys: Floats, t: float) -> Floats:
    """A point of the Catmull-Rom spline through the keys, for t in 0..1."""
    at = t * (len(keys) - 1)
    k = min(int(at), len(keys) - 2)
    f = at - k
    a, b, c, d = keys[np.clip(np.arange(k - 1, k + 3), 0, len(keys) - 1)]
    point = b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)))
    return _vector(point)


def camera_pose(t: float) -> tuple[Floats, Floats]:
    """The camera's position, and its right, down and forward directions in columns, for t in 0..1."""
    keys = _vector(PATH)
    position, target = _spline(keys[:, 0], t), _spline(keys[:, 1], t)
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    return position, _vector(np.stack([right, np.cross(forward, right), forward], axis=1))


class Cloud:
    """Keeps one point for each small cube of space."""

    def __init__(self) -> None:
        """Begin with no points."""
        self.taken: Ints = np.zeros(0, dtype=np.int64)

    def add(self, points: Floats) -> Ints:
        """Take the points (N x 3) that fall where there was none before, and return their indices."""
        cells = np.floor(points / VOXEL).astype(np.int64) + 64
        keys = (cells[:, 0] << 40) + (cells[:, 1] << 20) + cells[:, 2]
        # The points closest to the middle of their cubes come first, so that they are the ones to be kept.
        order = np.abs(points / VOXEL % 1.0 - 0.5).max(axis=1).argsort()
        keys, first = np.unique(keys[order], return_index=True)
        new = ~np.isin(keys, self.taken, assume_unique=True)
        self.taken = np.concatenate([self.taken, keys[new]])
        return np.sort(order[first[new]])


def _blueprint() -> rrb.Blueprint:
    """The room large at the left; the colour and the depth image at its right."""
    view: dict[str, Any] = {}
    # Older viewers choose the eye themselves.
    if "position" in inspect.signature(rrb.EyeControls3D.__init__).parameters:
        view["eye_controls"] = rrb.EyeControls3D(position=(1.05, -1.75, 3.05), look_target=(3.15, 2.6, 0.8))
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Spatial3DView(
                origin="/world",
                name="Room",
                contents=["$origin/**", "- /world/camera/depth/**"],
                line_grid=False,
                **view,
            ),
            rrb.Vertical(
                rrb.Spatial2DView(origin="/world/camera/color", name="Colour"),
                rrb.Spatial2DView(origin="/world/camera/depth", name="Depth"),
            ),
            column_shares=[2, 1],
        ),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
        auto_views=False,
    )


def _log_camera(recording: rr.RecordingStream) -> None:
    """Log what stays the same: the axes of the world, and the two lenses of the camera."""
    recording.log("world", rr.ViewCoordinates.RFU, static=True)
    for name, step, plane in (("color", 1, 0.62), ("depth", DEPTH_STEP, 0.3)):
        lens = rr.Pinhole(
            focal_length=FOCAL / step, width=WIDTH // step, height=HEIGHT // step, image_plane_distance=plane
        )
        recording.log(f"world/camera/{name}", lens, static=True)


def log_rgbd(recording: rr.RecordingStream, *, frames: int = FRAMES) -> None:
    """Scan the room and log it into the recording, on the timelines "frame" and "time"."""
    recording.send_blueprint(_blueprint())
    _log_camera(recording)
    renderer, cloud = Renderer(furnish()), Cloud()
    trajectory: list[Floats] = []
    for frame in range(frames):
        recording.set_time("frame", sequence=frame)
        recording.set_time("time", duration=frame / FRAMES_PER_SECOND)

        position, axes = camera_pose(frame / max(frames - 1, 1))
        trajectory.append(position)
        recording.log("world/camera", rr.Transform3D(translation=position, mat3x3=axes))
        line = rr.LineStrips3D([np.array(trajectory)], colors=PATH_COLOR, radii=rr.Radius.ui_points(2.0))
        recording.log("world/trajectory", line)

        image, depth = renderer.render(position, axes)
        recording.log("world/camera/color", rr.Image(image).compress(jpeg_quality=82))

        measured = 1.0 / (np.maximum(np.round(1.0 / depth / DISPARITY_STEP), 1.0) * DISPARITY_STEP)
        # Logged in half the resolution, as a smaller file loads faster.
        half = np.round(1000 * measured[DEPTH_STEP // 2 :: DEPTH_STEP, DEPTH_STEP // 2 :: DEPTH_STEP])
        millimetres = half.astype(np.uint16)
        recording.log("world/camera/depth", rr.DepthImage(millimetres, meter=1000.0, depth_range=(400.0, 5200.0)))

        points = (position.reshape(3, 1) + axes @ (renderer.pixels * measured).reshape(3, -1)).T
        new = cloud.add(points)
        if len(new) > 0:
            scanned = rr.Points3D(points[new], colors=image.reshape(-1, 3)[new], radii=POINT_RADIUS)
            recording.log(f"world/scan/frame_{frame:03}", scanned)


def write(path: str | Path) -> Path:
    """Write the example recording to a file, and return its path."""
    path = Path(path)
    # Large batches make small files.
    batching = rr.ChunkBatcherConfig(flush_tick=10.0)
    recording = rr.RecordingStream("rgbd_example", batcher_config=batching)
    recording.save(path)
    log_rgbd(recording)
    recording.flush()
    recording.disconnect()
    return path


def main() -> None:
    """Write the recording where the command line says."""
    parser = argparse.ArgumentParser(description="Record a synthetic RGB-D scan of a living room.")
    parser.add_argument("-o", "--output", type=Path, default=Path("rgbd.rrd"), help="the recording to write")
    print(write(parser.parse_args().output))


if __name__ == "__main__":
    main()
