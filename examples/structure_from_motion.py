"""Structure from motion on a synthetic scene, recorded image by image.

A camera circles a small round temple. Each new image is placed by the points it shares with the images before it, new
points appear where at least two images see them, and a bundle adjustment then moves cameras and points so that the
points are seen where they were observed: the reprojection error jumps up with a new image, and is worked down again.

The images are ray-traced with numpy. Corners found in them become the tracks, whose later sightings (with some noise,
and some of them missed) come from the known geometry instead of from matching; all the rest is calculated from these.

Run it with `python examples/structure_from_motion.py -o structure_from_motion.rrd`. It needs rerun-sdk (0.24 or later)
and numpy only.
"""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rerun as rr
import rerun.blueprint as rrb

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

IMAGES = 28
WIDTH, HEIGHT, FOCAL = 400, 300, 340.0
CENTER = np.array([WIDTH / 2, HEIGHT / 2])
THUMBNAIL = 4
SECONDS_PER_STAGE = 0.1
REFINEMENTS = 2
FINAL_REFINEMENTS = 6

CELL = 9  # At most one new corner in each cell of so many pixels.
CORNERS_PER_IMAGE = 190
PIXEL_NOISE = 0.6
MISSED = 0.2
WIDEST_ANGLE = 0.72  # Cosine of how far the view of a corner may turn until it is not recognised any more.
HUBER = 3.0

SUN = np.array([-0.45, -0.62, 0.64])
SHADED, SHADOW_SIZE = 6.5, 900
PATH_COLOR = (255, 140, 26)
RAY_COLOR = (255, 190, 90)
ERROR_COLOR = (240, 74, 92)
POINTS_COLOR = (36, 160, 190)

GROUND, STONE, FRIEZE, TILES, LEAVES, GOLD, ROCK = range(7)


def _temple() -> tuple[Floats, Ints]:
    """The scene as a table (is a cylinder, centre, half sizes, lowest z; all parallel to z), and the materials.

    What is not an upright cylinder is an ellipsoid, cut off below its lowest z.
    """
    rows: list[tuple[float, ...]] = []
    materials: list[int] = []

    def add(material: int, cylinder: bool, x: float, y: float, low: float, high: float, radius: float) -> None:
        rows.append((float(cylinder), x, y, (low + high) / 2, radius, radius, (high - low) / 2, low))
        materials.append(material)

    for k in range(3):
        add(STONE, True, 0, 0, 0.16 * k - 0.02, 0.16 * (k + 1), 2.55 - 0.24 * k)
    for angle in 2 * np.pi * (np.arange(9) + 0.5) / 9:
        x, y = 1.68 * np.cos(angle), 1.68 * np.sin(angle)
        add(STONE, True, x, y, 0.48, 0.60, 0.23)
        add(STONE, True, x, y, 0.60, 2.30, 0.165)
        add(STONE, True, x, y, 2.26, 2.42, 0.24)
    add(STONE, True, 0, 0, 2.42, 2.56, 1.96)
    add(FRIEZE, True, 0, 0, 2.56, 2.86, 1.90)
    add(STONE, True, 0, 0, 2.86, 2.97, 2.08)
    add(TILES, False, 0, 0, 2.95 - 1.15, 2.95 + 1.15, 1.95)
    rows[-1] = (*rows[-1][:-1], 2.95)
    add(GOLD, True, 0, 0, 4.02, 4.20, 0.10)
    add(GOLD, False, 0, 0, 4.14, 4.48, 0.17)
    # A statue on a pedestal.
    add(STONE, True, 0, 0, 0.48, 1.00, 0.36)
    add(GOLD, False, 0, 0, 0.98, 1.75, 0.26)
    add(GOLD, False, 0, 0, 1.45, 1.98, 0.20)
    add(GOLD, False, 0, 0, 1.95, 2.20, 0.115)
    random = np.random.default_rng(5)
    for angle in 2 * np.pi * np.array([0.04, 0.21, 0.36, 0.55, 0.70, 0.88]):
        x, y = random.uniform(3.9, 4.4) * np.array([np.cos(angle), np.sin(angle)])
        add(ROCK, True, x, y, 0.0, 0.4, 0.08)
        add(LEAVES, False, x, y, 0.25, random.uniform(1.5, 2.3), random.uniform(0.26, 0.34))
    for _ in range(9):
        angle, reach, size = random.uniform((0, 2.9, 0.10), (2 * np.pi, 4.6, 0.34))
        add(ROCK, False, reach * np.cos(angle), reach * np.sin(angle), -0.5 * size, size, size)
    return np.array(rows), np.array(materials)


def _vector(values: Any) -> Floats:
    """Single precision, which is plenty for a picture."""
    return np.asarray(values, dtype=np.float32)


class Noise:
    """Smooth, periodic noise in space, looked up in a table."""

    def __init__(self) -> None:
        """Fill the table: random numbers, with steps between them."""
        self.steps = 4
        table: Floats = np.random.default_rng(1).random((28, 28, 28), dtype=np.float32)
        for axis in range(3):
            following = np.roll(table, -1, axis)
            between = [table + (following - table) * k / self.steps for k in range(self.steps)]
            shape = [n * (self.steps if k == axis else 1) for k, n in enumerate(table.shape)]
            table = np.stack(between, axis=axis + 1).reshape(shape)
        self.table = table

    def at(self, points: Floats, size: float) -> Floats:
        """Noise in 0..1 that varies over so many metres; points are 3 x N."""
        x, y, z = np.floor(points * (self.steps / size)).astype(np.int32) % len(self.table)
        noise: Floats = self.table[x, y, z]
        return noise


class Scene:
    """Ray-traces the temple."""

    def __init__(self) -> None:
        """Build the temple, and its shadow map."""
        table, self.material = _temple()
        self.table, self.noise = _vector(table), Noise()
        x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
        self.pixels = _vector([(x - CENTER[0]) / FOCAL, (y - CENTER[1]) / FOCAL, np.ones_like(x)])

        # How far the sun's parallel rays get from a plane 12 m off, over a square of SHADED metres to each side.
        self.sun = _vector(SUN / np.linalg.norm(SUN))
        side = np.cross(self.sun, (0.0, 0.0, 1.0))
        side /= np.linalg.norm(side)
        self.sun_axes = _vector([side, np.cross(side, self.sun), -self.sun])
        line = np.linspace(-SHADED, SHADED, SHADOW_SIZE)
        u, v = np.meshgrid(line, line, indexing="ij")
        origin = np.tensordot(self.sun_axes.T, _vector([u, v, np.full_like(u, -12.0)]), axes=1)
        rays = np.broadcast_to(self.sun_axes[2].reshape(3, 1, 1), origin.shape)
        self.reach = _vector(np.full(u.shape, np.inf))
        for k in range(len(self.table)):
            u, v, _ = self.sun_axes @ self.table[k, 1:4]
            size = float(np.linalg.norm(self.table[k, 4:7]))
            rows, columns = (slice(*np.searchsorted(line, [w - size, w + size])) for w in (u, v))
            t = self._hit(k, origin[:, rows, columns], rays[:, rows, columns])
            self.reach[rows, columns] = np.minimum(self.reach[rows, columns], t)

    def _hit(self, k: int, origin: Floats, rays: Floats) -> Floats:
        """How far along the rays (3 x ...) solid k is met from outside, or infinity."""
        center, half = (part.reshape(3, *[1] * (rays.ndim - 1)) for part in (self.table[k, 1:4], self.table[k, 4:7]))
        p, d = (origin - center) / half, rays / half
        flat = slice(0, 2) if self.table[k, 0] else slice(0, 3)
        a, b = (d[flat] * d[flat]).sum(axis=0), (p[flat] * d[flat]).sum(axis=0)
        root = b * b - a * ((p[flat] * p[flat]).sum(axis=0) - 1.0)
        met = root > 0.0
        root = np.sqrt(np.maximum(root, 0.0))
        near, far = (-b - root) / a, (-b + root) / a
        if self.table[k, 0]:
            slope = np.where(np.abs(d[2]) < 1e-9, 1e-9, d[2])
            ends = np.abs(1.0 / slope)
            near, far = np.maximum(near, -p[2] / slope - ends), np.minimum(far, -p[2] / slope + ends)
            met &= near < far
        else:
            met &= origin[2] + near * rays[2] >= self.table[k, 7]
        distance: Floats = np.where(met & (near > 1e-4), near, np.inf)
        return distance

    def _part(self, k: int, rotation: Floats, translation: Floats) -> tuple[slice, slice]:
        """The part of the image, as rows and columns, that solid k can be in (all are in front of the camera)."""
        signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        corners = (self.table[k, 1:4] + signs * self.table[k, 4:7]) @ rotation.T + translation
        xy = corners[:, :2] / np.maximum(corners[:, 2:], 0.1) * FOCAL + CENTER
        low = np.clip(xy.min(axis=0) - 1, 0, 2 * CENTER).astype(int)
        high = np.clip(xy.max(axis=0) + 2, 0, 2 * CENTER).astype(int)
        return slice(low[1], high[1]), slice(low[0], high[0])

    def render(self, rotation: Floats, translation: Floats) -> tuple[Bytes, Floats]:
        """The image and the depth seen by a camera; its pose takes points of the world to the camera."""
        origin = _vector(-rotation.T @ translation).reshape(3, 1, 1)
        rays = np.tensordot(_vector(rotation.T), self.pixels, axes=1)
        depth = np.where(rays[2] < 0.0, -origin[2] / np.minimum(rays[2], -1e-9), np.inf)
        seen = np.where(np.isfinite(depth), -1, -2)
        for k in range(len(self.table)):
            rows, columns = self._part(k, rotation, translation)
            t = self._hit(k, origin, rays[:, rows, columns])
            nearer = t < depth[rows, columns]
            depth[rows, columns][nearer] = t[nearer]
            seen[rows, columns][nearer] = k
        origin, rays, depth, seen = origin[:, 0], rays.reshape(3, -1), depth.ravel(), seen.ravel()
        solid = np.flatnonzero(seen > -2)
        points = origin + rays[:, solid] * depth[solid]
        # The sky, and a haze of the same colour in the distance.
        up = (rays[2] / np.linalg.norm(rays, axis=0)).clip(0.0, 1.0)
        color = np.array([[0.66], [0.80], [0.93]]) - np.array([[0.75], [0.55], [0.25]]) * up
        haze = np.clip((np.hypot(points[0], points[1]) - 7.0) / 16.0, 0.0, 1.0) ** 0.7
        color[:, solid] = haze * color[:, solid] + (1.0 - haze) * self._shade(points, seen[solid])
        image = np.round(255 * np.clip(color, 0.0, 1.0)).astype(np.uint8)
        return image.T.reshape(HEIGHT, WIDTH, 3), depth.reshape(HEIGHT, WIDTH)

    def _shade(self, points: Floats, seen: Ints) -> Floats:
        """Colours of surfaces in the light of the sun and the sky."""
        away = points - self.table[seen, 1:4].T
        half = self.table[seen, 4:7].T
        normals = away / half**2
        top = np.abs(away[2]) / half[2] > np.hypot(away[0], away[1]) / half[0]
        flat = np.stack([np.where(top, 0, away[0]), np.where(top, 0, away[1]), np.where(top, away[2], 0)])
        normals = np.where(self.table[seen, 0] > 0, flat, normals)
        normals[:, seen == -1] = [[0], [0], [1]]
        normals /= np.linalg.norm(normals, axis=0)

        light = np.maximum(self.sun @ normals, 0.0)
        u, v, along = self.sun_axes @ (points + 0.02 * normals)
        near = np.flatnonzero((light > 0.0) & (np.maximum(np.abs(u), np.abs(v)) < 0.97 * SHADED))
        lit = np.zeros(len(near), dtype=np.float32)
        for du, dv in np.array([(0.5, 0.2), (-0.2, 0.5), (-0.5, -0.2), (0.2, -0.5), (0, 0)]) * 0.03:
            i, j = (((w[near] + d) / SHADED + 1) * (SHADOW_SIZE - 1) / 2 for w, d in ((u, du), (v, dv)))
            reach = self.reach[(i + 0.5).astype(np.int32), (j + 0.5).astype(np.int32)]
            lit += (reach > along[near] + 12.0 - 0.04) / 5
        light[near] *= lit
        sky = 0.30 + 0.14 * normals[2] - 0.10 * np.exp(-points[2] / 0.3) * (seen >= 0)
        inside = (np.hypot(points[0], points[1]) < 1.9) & (points[2] < 2.43) & (points[2] > 0.2)
        sky *= np.where(inside, 0.72, 1.0)
        golden, blue = np.array([[1.0], [0.90], [0.72]]), np.array([[0.80], [0.95], [1.2]])
        color = self._albedo(points, normals, seen) ** 2.2 * (1.45 * golden * light + blue * sky)
        result: Floats = np.clip(color / (0.75 + 0.35 * color), 0.0, 1.0) ** (1 / 2.2)
        return result

    def _albedo(self, points: Floats, normals: Floats, seen: Ints) -> Floats:
        """Colours of the materials."""
        material = np.where(seen >= 0, self.material[seen], GROUND)
        angle, reach = np.arctan2(points[1], points[0]), np.hypot(points[0], points[1])
        fine, coarse = self.noise.at(points, 0.07), self.noise.at(points, 0.45)
        grain = 0.74 + 0.32 * fine + 0.12 * coarse
        base = _vector(
            [
                (0.42, 0.56, 0.26),
                (0.88, 0.80, 0.67),
                (0.16, 0.42, 0.55),
                (0.80, 0.36, 0.20),
                (0.14, 0.37, 0.20),
                (0.90, 0.64, 0.20),
                (0.52, 0.47, 0.42),
            ]
        )
        color = base[material].T * grain

        # A paved court of rings of slabs, with grass around it.
        ring = np.floor(reach / 0.42)
        slab = np.floor(angle * ring * 0.95 + 0.5 * ring)
        tone = np.sin(ring * 12.9898 + slab * 78.233) * 43758.5453
        tone = 0.72 + 0.30 * (tone - np.floor(tone))
        along = angle * ring * 0.95 + 0.5 * ring - slab
        seam = (np.abs(reach / 0.42 - ring - 0.5) > 0.45) | (np.abs(along - 0.5) > 0.46)
        paving = np.array([[0.80], [0.68], [0.54]]) * np.where(seam, 0.55, tone) * (0.85 + 0.25 * fine)
        court = (material == GROUND) & (reach + 0.25 * coarse < 3.4)
        color = np.where(court, paving, color)
        meadow = np.array([[1.0], [0.95], [0.85]]) * (0.75 + 0.45 * coarse)
        color = np.where((material == GROUND) & ~court, color * meadow, color)

        course = np.floor(points[2] / 0.16)
        joint = (material == STONE) & (reach > 1.95) & (points[2] < 0.49)
        color *= np.where(joint & ((angle * 7 + 0.5 * (course % 2)) % 1 < 0.05), 0.6, 1.0)
        flutes = (material == STONE) & (points[2] > 0.6) & (points[2] < 2.26) & (reach > 1.2)
        color *= np.where(flutes, 0.93 + 0.09 * np.sin(12 * np.arctan2(normals[1], normals[0])), 1.0)

        wave = np.abs((angle * 27 / np.pi) % 2 - 1) * 0.16 + 2.63
        tooth = np.abs(points[2] - wave) < 0.03
        border = np.abs(points[2] - 2.71) > 0.125
        cream = np.array([[0.93], [0.84], [0.66]])
        color = np.where((material == FRIEZE) & (tooth | border), cream * grain, color)

        row = np.floor(points[2] * 9 + 0.5)
        bulge = np.abs((angle * 26 / np.pi + 0.5 * (row % 2)) % 1 - 0.5)
        shade = (0.75 + 0.5 * bulge) * (0.82 + 0.3 * (points[2] * 9 + 0.5 - row))
        return np.where(material == TILES, color * shade, color)


def _exp(turn: Floats) -> Floats:
    """The rotation about an axis, by its length (Rodrigues)."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = turn / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return rotation


def true_pose(image: int, images: int) -> tuple[Floats, Floats]:
    """Rotation and translation, from the world to the camera, of one image on its way one and a half times around."""
    t = image / max(images - 1, 1)
    angle = -0.5 * np.pi + 0.35 + 3.0 * np.pi * t
    position = np.array([0.0, 0.0, 1.5 + 3.2 * t**1.3])
    position[:2] = (7.7 - 0.7 * t) * np.array([np.cos(angle), np.sin(angle)])
    forward = np.array([0.0, 0.0, 1.85 - 0.5 * t]) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return rotation, -rotation @ position


def find_corners(image: Bytes) -> Floats:
    """Where the image has corners, strongest first (N x 2): the best pixel of each cell by Shi and Tomasi's measure."""
    gray = image.astype(float).sum(axis=2)
    dy, dx = np.gradient(gray)

    def smooth(a: Floats) -> Floats:
        padded = np.pad(a, 2)
        rows = np.sum([padded[k : k + HEIGHT] for k in range(5)], axis=0)
        total: Floats = np.sum([rows[:, k : k + WIDTH] for k in range(5)], axis=0)
        return total

    xx, yy, xy = smooth(dx * dx), smooth(dy * dy), smooth(dx * dy)
    score = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    score[:8], score[-8:], score[:, :8], score[:, -8:] = 0, 0, 0, 0
    rows, columns = HEIGHT // CELL, WIDTH // CELL
    cells = score[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).swapaxes(1, 2)
    cells = cells.reshape(rows * columns, -1)
    best = cells.argmax(axis=1)
    cell = np.arange(rows * columns)
    y, x = cell // columns * CELL + best // CELL, cell % columns * CELL + best % CELL
    order = np.argsort(-cells.max(axis=1))
    corners: Floats = np.stack([x, y], axis=1)[order] + 0.5
    return corners


class Tracks:
    """The corners found so far, and where they really are: stands in for the matching of features."""

    def __init__(self, seed: int) -> None:
        """Begin with no corners."""
        self.random = np.random.default_rng(seed)
        self.point: Floats = np.zeros((0, 3))
        self.toward: Floats = np.zeros((0, 3))
        self.color: Bytes = np.zeros((0, 3), dtype=np.uint8)

    def observe(self, image: Bytes, depth: Floats, pose: tuple[Floats, Floats]) -> tuple[Ints, Floats]:
        """Find known tracks in an image and begin new ones. Returns the tracks and where they are seen."""
        rotation, translation = pose
        position = -rotation.T @ translation
        local = self.point @ rotation.T + translation
        xy = local[:, :2] / np.maximum(local[:, 2:], 0.1) * FOCAL + CENTER
        column, row = np.floor(xy).astype(np.int64).T
        inside = (column >= 4) & (column < WIDTH - 4) & (row >= 4) & (row < HEIGHT - 4)
        column, row = np.where(inside, column, 0), np.where(inside, row, 0)
        there = np.abs(depth[row, column] - local[:, 2]) < 0.012 * local[:, 2]
        toward = position - self.point
        toward /= np.linalg.norm(toward, axis=1, keepdims=True)
        known = (toward * self.toward).sum(axis=1) > WIDEST_ANGLE
        found = np.flatnonzero(inside & there & known & (self.random.random(len(xy)) > MISSED))

        # Begin tracks where there is none yet.
        taken = np.zeros((HEIGHT // CELL + 1, WIDTH // CELL + 1), dtype=np.bool_)
        taken[row[inside & there] // CELL, column[inside & there] // CELL] = True
        corners = find_corners(image)
        column, row = np.floor(corners).astype(np.int64).T
        z = depth[row, column]
        rays = np.column_stack([(corners - CENTER) / FOCAL, np.ones(len(corners))])
        points = position + np.where(np.isfinite(z), z, 0.0)[:, None] * rays @ rotation
        fresh = np.isfinite(z) & ~taken[row // CELL, column // CELL] & (np.hypot(points[:, 0], points[:, 1]) < 5.5)
        fresh = np.flatnonzero(fresh)[:CORNERS_PER_IMAGE]
        tracks = np.concatenate([found, len(self.point) + np.arange(len(fresh))])
        seen = np.concatenate([xy[found], corners[fresh]])
        toward = position - points[fresh]
        self.point = np.concatenate([self.point, points[fresh]])
        self.toward = np.concatenate([self.toward, toward / np.linalg.norm(toward, axis=1, keepdims=True)])
        self.color = np.concatenate([self.color, image[row[fresh], column[fresh]]])
        return tracks, seen + self.random.normal(0.0, PIXEL_NOISE, seen.shape)


class Reconstruction:
    """Estimates cameras and points from observations alone (and a rough guess of each camera's pose)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rotation: Floats = np.zeros((0, 3, 3))
        self.translation: Floats = np.zeros((0, 3))
        self.point: Floats = np.zeros((0, 3))
        self.known: Bools = np.zeros(0, dtype=np.bool_)
        self.camera: Ints = np.zeros(0, dtype=np.int64)
        self.track: Ints = np.zeros(0, dtype=np.int64)
        self.xy: Floats = np.zeros((0, 2))
        self.damping = 1e-3

    def add_camera(self, pose: tuple[Floats, Floats], tracks: Ints, xy: Floats) -> None:
        """Add an image: a guess of its pose, and what is seen in it."""
        self.camera = np.concatenate([self.camera, np.full(len(tracks), len(self.rotation))])
        self.track, self.xy = np.concatenate([self.track, tracks]), np.concatenate([self.xy, xy])
        self.rotation = np.concatenate([self.rotation, pose[0][None]])
        self.translation = np.concatenate([self.translation, pose[1][None]])
        more = max(0, int(tracks.max()) + 1 - len(self.known))
        self.point = np.concatenate([self.point, np.zeros((more, 3))])
        self.known = np.concatenate([self.known, np.zeros(more, dtype=np.bool_)])

    def positions(self) -> Floats:
        """Where the cameras are."""
        result: Floats = -np.einsum("cji,cj->ci", self.rotation, self.translation)
        return result

    def errors(self, used: Ints) -> Floats:
        """The reprojection error of observations, as vectors in pixels."""
        camera = self.camera[used]
        local = np.einsum("nij,nj->ni", self.rotation[camera], self.point[self.track[used]]) + self.translation[camera]
        result: Floats = local[:, :2] / np.maximum(local[:, 2:], 0.1) * FOCAL + CENTER - self.xy[used]
        return result

    def used(self) -> Ints:
        """The observations of points that are known."""
        return np.flatnonzero(self.known[self.track])

    def mean_error(self) -> float:
        """The mean reprojection error in pixels."""
        return float(np.linalg.norm(self.errors(self.used()), axis=1).mean())

    def _linearise(self, used: Ints) -> tuple[Floats, Floats, Floats]:
        """Errors and their derivatives by the pose (turn, shift) and by the point; all weighted (after Huber)."""
        camera = self.camera[used]
        turned = np.einsum("nij,nj->ni", self.rotation[camera], self.point[self.track[used]])
        local = turned + self.translation[camera]
        z = np.maximum(local[:, 2], 0.1)
        errors = local[:, :2] / z[:, None] * FOCAL + CENTER - self.xy[used]
        project: Floats = np.zeros((len(used), 2, 3))
        project[:, 0, 0] = project[:, 1, 1] = FOCAL / z
        project[:, :, 2] = -FOCAL * local[:, :2] / z[:, None] ** 2
        weight = np.sqrt(np.minimum(1.0, HUBER / np.maximum(np.linalg.norm(errors, axis=1), 1e-9)))
        project *= weight[:, None, None]
        by_turn = np.cross(turned[:, None], project)
        by_pose = np.concatenate([by_turn, project], axis=2)
        return errors * weight[:, None], by_pose, project @ self.rotation[camera]

    def _cost(self, used: Ints) -> float:
        """What the bundle adjustment makes small (Huber's loss)."""
        length = np.linalg.norm(self.errors(used), axis=1)
        return float(np.where(length < HUBER, length**2, 2 * HUBER * length - HUBER**2).sum())

    def _move(self, cameras: Any, change: Floats) -> None:
        """Change poses: turn and shift."""
        for camera, c in zip(cameras, change, strict=True):
            self.rotation[camera] = _exp(c[:3]) @ self.rotation[camera]
            self.translation[camera] += c[3:]

    def place_last(self) -> None:
        """Place the last camera by the known points that it sees (Gauss-Newton)."""
        last = len(self.rotation) - 1
        used = self.used()
        used = used[self.camera[used] == last]
        for _ in range(10):
            errors, by_pose, _ = self._linearise(used)
            normal = np.einsum("nij,nik->jk", by_pose, by_pose)
            gradient = np.einsum("nij,ni->j", by_pose, errors)
            self._move([last], -np.linalg.solve(normal + 1e-6 * np.eye(6), gradient)[None])

    def triangulate(self) -> None:
        """Place the points which are seen at least twice, but not known yet: where the rays to them pass closest."""
        counts = np.bincount(self.track, minlength=len(self.known))
        used = np.flatnonzero(((counts >= 2) & ~self.known)[self.track])
        camera, track = self.camera[used], self.track[used]
        rays = np.column_stack([(self.xy[used] - CENTER) / FOCAL, np.ones(len(used))])
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        rays = np.einsum("nji,nj->ni", self.rotation[camera], rays)
        across = np.eye(3) - rays[:, :, None] * rays[:, None, :]
        normal, right = np.zeros((len(self.known), 3, 3)), np.zeros((len(self.known), 3))
        np.add.at(normal, track, across)
        np.add.at(right, track, np.einsum("nij,nj->ni", across, self.positions()[camera]))
        new = np.unique(track)
        self.point[new] = np.linalg.solve(normal[new], right[new, :, None])[..., 0]
        self.known[new] = True

    def refine(self) -> None:
        """One step of bundle adjustment: Levenberg-Marquardt on all cameras but the first, and all points."""
        used = self.used()
        cameras, (points, index) = len(self.rotation), np.unique(self.track[used], return_inverse=True)
        camera = self.camera[used]
        errors, by_pose, by_point = self._linearise(used)
        u, v = np.zeros((cameras, 6, 6)), np.zeros((len(points), 3, 3))
        gu, gv = np.zeros((cameras, 6)), np.zeros((len(points), 3))
        np.add.at(u, camera, by_pose.swapaxes(1, 2) @ by_pose)
        np.add.at(v, index, by_point.swapaxes(1, 2) @ by_point)
        np.add.at(gu, camera, np.einsum("nij,ni->nj", by_pose, errors))
        np.add.at(gv, index, np.einsum("nij,ni->nj", by_point, errors))
        w: Floats = np.zeros((cameras, 6, len(points), 3))
        coupling = by_pose.swapaxes(1, 2) @ by_point
        w[camera, :, index] = coupling
        diagonal3, diagonal6 = np.arange(3), np.arange(6)
        v[:, diagonal3, diagonal3] *= 1.0 + self.damping
        u[:, diagonal6, diagonal6] *= 1.0 + self.damping

        # Eliminate the points (Schur complement), and solve for the cameras first.
        inverse = np.linalg.inv(v)
        reduced: Floats = np.zeros_like(w)
        reduced[camera, :, index] = coupling @ inverse[index]
        w, reduced = w.reshape(6 * cameras, -1), reduced.reshape(6 * cameras, -1)
        system = -reduced @ w.T
        for c in range(cameras):
            system[6 * c : 6 * c + 6, 6 * c : 6 * c + 6] += u[c]
        change: Floats = np.zeros(6 * cameras)
        change[6:] = np.linalg.solve(system[6:, 6:], (reduced @ gv.ravel() - gu.ravel())[6:])
        moved = np.einsum("pkl,pl->pk", inverse, -gv - (w.T @ change).reshape(-1, 3))

        before = self._cost(used), self.rotation.copy(), self.translation.copy(), self.point.copy()
        self._move(range(cameras), change.reshape(-1, 6))
        self.point[points] += moved
        if self._cost(used) < before[0]:
            self.damping = max(self.damping / 5, 1e-7)
        else:
            self.damping *= 10
            _, self.rotation, self.translation, self.point = before


def _blueprint() -> rrb.Blueprint:
    """The scene large at the left; the image and the plots at its right."""
    view: dict[str, Any] = {}
    # Older viewers choose the eye themselves.
    if "position" in inspect.signature(rrb.EyeControls3D.__init__).parameters:
        view["eye_controls"] = rrb.EyeControls3D(position=(3.2, -12.6, 9.2), look_target=(0.1, -0.4, 1.7))
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Spatial3DView(
                origin="/world",
                name="Cameras and points",
                contents=["$origin/**", "- /world/current/keypoints/**"],
                line_grid=False,
                **view,
            ),
            rrb.Vertical(
                rrb.Spatial2DView(origin="/world/current", name="Image"),
                rrb.TimeSeriesView(
                    origin="/plots/error",
                    name="Mean reprojection error (pixels)",
                    axis_y=rrb.ScalarAxis(range=(0.0, 3.0)),
                ),
                rrb.TimeSeriesView(origin="/plots/points", name="Points"),
                row_shares=[8, 5, 5],
            ),
            column_shares=[2, 1],
        ),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
        auto_views=False,
    )


def _log_style(recording: rr.RecordingStream, images: int) -> None:
    """Log what stays the same: the axes of the world, the lenses, and the styles of the plots."""
    recording.log("world", rr.ViewCoordinates.RFU, static=True)
    recording.log("world/current", _lens(1, 1.5), static=True)
    recording.set_time("image", sequence=0)
    recording.set_time("time", duration=0.0)
    rotation, translation = true_pose(0, images)
    for number in range(images):
        recording.log(f"world/cameras/{number:02}", _lens(THUMBNAIL, 0.8), static=True)
        # Cameras which are still to come wait where the first one is, and so are not seen.
        _log_pose(recording, f"world/cameras/{number:02}", rotation, translation)
    error, points = ("mean error", ERROR_COLOR), ("points", POINTS_COLOR)
    for path, (name, color) in (("plots/error", error), ("plots/points", points)):
        recording.log(path, rr.SeriesLines(colors=color, names=name, widths=2.0), static=True)


def _lens(reduction: int, plane: float) -> rr.Pinhole:
    """The lens of the camera, for images reduced in size; `plane` tells how large its frustum is."""
    size = WIDTH // reduction, HEIGHT // reduction
    return rr.Pinhole(focal_length=FOCAL / reduction, width=size[0], height=size[1], image_plane_distance=plane)


def _log_pose(recording: rr.RecordingStream, path: str, rotation: Floats, translation: Floats) -> None:
    """Log a pose which takes points of the world to the camera."""
    recording.log(path, rr.Transform3D(translation=-rotation.T @ translation, mat3x3=rotation.T))


def _log_image(recording: rr.RecordingStream, number: int, image: Bytes) -> None:
    """Log a new image: the current one, and small in its own frustum."""
    recording.log("world/current", rr.Image(image).compress(jpeg_quality=80))
    small = image.reshape(HEIGHT // THUMBNAIL, THUMBNAIL, WIDTH // THUMBNAIL, THUMBNAIL, 3).mean(axis=(1, 3))
    recording.log(f"world/cameras/{number:02}", rr.Image(small.astype(np.uint8)).compress(jpeg_quality=80))


def _log_keypoints(recording: rr.RecordingStream, model: Reconstruction) -> None:
    """Log what is seen in the last image: coloured by the error where the point is known."""
    last = np.flatnonzero(model.camera == len(model.rotation) - 1)
    known = last[model.known[model.track[last]]]
    new = last[~model.known[model.track[last]]]
    errors = model.errors(known)
    t = np.clip(np.linalg.norm(errors, axis=1) / 3.0, 0.0, 1.0)[:, None]
    low, middle, high = np.array([20, 200, 170]), np.array([255, 190, 40]), np.array([240, 50, 80])
    colors = np.where(t < 0.5, low + 2 * t * (middle - low), middle + (2 * t - 1) * (high - middle)).astype(np.uint8)
    radii = rr.Radius.ui_points(2.2)
    path = "world/current/keypoints"
    recording.log(f"{path}/known", rr.Points2D(model.xy[known], colors=colors, radii=radii, draw_order=30.0))
    fresh = rr.Points2D(model.xy[new], colors=(255, 255, 255), radii=rr.Radius.ui_points(1.2), draw_order=29.0)
    recording.log(f"{path}/new", fresh)
    lines = np.stack([model.xy[known], model.xy[known] + errors], axis=1)
    thin = rr.Radius.ui_points(0.9)
    recording.log(f"{path}/errors", rr.LineStrips2D(lines, colors=ERROR_COLOR, radii=thin, draw_order=28.0))


def _log_points(recording: rr.RecordingStream, model: Reconstruction, colors: Bytes) -> None:
    """Log the points, and the rays to some that the last image sees."""
    points = np.flatnonzero(model.known)
    position = model.point[points].astype(np.float32)
    recording.log("world/points", rr.Points3D(position, colors=colors[points], radii=0.045))
    used = model.used()
    seen = model.track[used[model.camera[used] == len(model.rotation) - 1]][::8]
    rays = np.stack([np.broadcast_to(model.positions()[-1], (len(seen), 3)), model.point[seen]], axis=1)
    recording.log("world/rays", rr.LineStrips3D(rays, colors=RAY_COLOR, radii=rr.Radius.ui_points(0.35)))


def _log_estimate(recording: rr.RecordingStream, model: Reconstruction) -> None:
    """Log the poses of the cameras, the way along them, and the plots."""
    for number, (rotation, translation) in enumerate(zip(model.rotation, model.translation, strict=True)):
        _log_pose(recording, f"world/cameras/{number:02}", rotation, translation)
    _log_pose(recording, "world/current", model.rotation[-1], model.translation[-1])
    line = rr.LineStrips3D([model.positions()], colors=PATH_COLOR, radii=rr.Radius.ui_points(1.6))
    recording.log("world/path", line)
    if model.known.any():
        recording.log("plots/error", rr.Scalars(model.mean_error()))
    recording.log("plots/points", rr.Scalars(float(model.known.sum())))


def log_structure_from_motion(recording: rr.RecordingStream, *, images: int = IMAGES, seed: int = 3) -> None:
    """Reconstruct the scene and log it into the recording, on the timelines "image" and "time"."""
    recording.send_blueprint(_blueprint())
    _log_style(recording, images)
    random = np.random.default_rng(seed)
    scene, tracks, model = Scene(), Tracks(seed), Reconstruction()
    stage = 0
    for number in range(images):
        pose = true_pose(number, images)
        image, depth = scene.render(*pose)
        # The first camera is where it is; of the others there is a rough guess, as from a phone's sensors.
        spread = 1.0 if number > 0 else 0.0
        turn = _exp(random.normal(0.0, 0.012, 3) * spread)
        guess = turn @ pose[0], turn @ pose[1] + random.normal(0.0, 0.06, 3) * spread
        model.add_camera(guess, *tracks.observe(image, depth, pose))

        # The stages of an image: guessed; placed, and its new points too; refined a few times.
        stages = 2 + REFINEMENTS + (FINAL_REFINEMENTS if number == images - 1 else 0)
        for step in range(stages):
            recording.set_time("image", sequence=number)
            recording.set_time("time", duration=stage * SECONDS_PER_STAGE)
            stage += 1
            if step == 0:
                _log_image(recording, number, image)
            else:
                _improve(model, step)
            _log_estimate(recording, model)
            if step in (0, 1, stages - 1):
                _log_keypoints(recording, model)
            if step in (1, stages - 1):
                _log_points(recording, model, tracks.color)


def _improve(model: Reconstruction, step: int) -> None:
    """Take the given step after adding an image."""
    images = len(model.rotation)
    if step == 1 and images > 2:
        model.place_last()
    if step == 1 and images > 1:
        model.triangulate()
    elif images > 1:
        model.refine()


def write(path: str | Path) -> Path:
    """Write the example recording to a file, and return its path."""
    path = Path(path)
    # Large batches make small files.
    batching = rr.ChunkBatcherConfig(flush_tick=10.0)
    recording = rr.RecordingStream("structure_from_motion_example", batcher_config=batching)
    recording.save(path)
    log_structure_from_motion(recording)
    recording.flush()
    recording.disconnect()
    return path


def main() -> None:
    """Write the recording where the command line says."""
    parser = argparse.ArgumentParser(description="Record a synthetic structure from motion.")
    default = Path("structure_from_motion.rrd")
    parser.add_argument("-o", "--output", type=Path, default=default, help="the recording to write")
    print(write(parser.parse_args().output))


if __name__ == "__main__":
    main()
