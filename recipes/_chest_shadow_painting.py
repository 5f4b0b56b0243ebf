"""Paints abnormal shadows, and what only looks like them, into clear radiographs on the square of the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter, map_coordinates
from torch.nn import functional

from suwen.imaging.chest.shadow_network import KINDS, SIDE, Film

__all__ = ["TABLE", "Canvas", "Painter", "table"]

Grid = NDArray[np.float32]

OPACITY, NODULE, EFFUSION, PNEUMOTHORAX = range(len(KINDS))
TABLE = (48, 24)  # cells of lung coordinates (v, u) in which density is carried from one patient to another
_MM = 2.1  # of a sample where the size is not known
_ROWS, _COLUMNS = np.indices((SIDE, SIDE), dtype=np.float32)
_SEEN = 0.1  # added density from which a place is called shadow; half of it to there is not judged


@dataclass(eq=False)
class Canvas:
    """What is painted on: density (SIDE, SIDE), and by kind where shadow lies and where that is not judged."""

    film: Film
    density: NDArray[np.floating]
    label: NDArray[np.bool_]
    open: NDArray[np.bool_]

    @classmethod
    def of(cls, film: Film) -> Canvas:
        """An empty one."""
        shape = (len(KINDS), SIDE, SIDE)
        return cls(film, film.density.copy(), np.zeros(shape, bool), np.zeros(shape, bool))

    @property
    def mm(self) -> float:
        """Size of a sample."""
        return _MM if self.film.mm is None else float(np.mean(self.film.mm))

    def add(self, kind: int, weight: NDArray[np.floating], height: float, towards: float | None) -> None:
        """Add density, or go a share `weight` * `height` of the way to a level (`towards`) where that is denser."""
        before = self.density
        if towards is None:
            self.density = before + weight * height
        else:
            self.density = before + np.clip(weight * height, 0, 1) * np.maximum(towards - before, 0)
        gain, field = self.density - before, self.film.field
        top = float(gain[field].max(initial=0.0))
        seen = (gain > max(_SEEN, 0.4 * top)) & field
        self.label[kind] |= seen
        self.open[kind] |= (gain > 0.4 * _SEEN) & ~seen


@dataclass(frozen=True)
class Painter:
    """Draws shadows from one generator of random numbers.

    `sick` and `clear` are tables (48, 24) of smooth density above that of clear lungs, from patients learned from.
    """

    rng: np.random.Generator
    sick: Sequence[tuple[Grid, Grid]]
    clear: Sequence[tuple[Grid, Grid]]

    def __call__(self, film: Film) -> Canvas:
        """A radiograph with up to three shadows, three in ten without any, and distractions in half."""
        canvas = Canvas.of(film)
        if self._chance(0.3):
            self._carried(canvas, self.clear, kind=None)
        for often in () if self._chance(0.3) else (1.0, 0.45, 0.2):
            if self._chance(often):
                draw = self.rng.choice(len(_SHADOWS), p=_SHARES)
                _SHADOWS[int(draw)](self, canvas)
        if self._chance(0.5):
            for _ in range(int(self.rng.integers(1, 4))):
                _DISTRACTIONS[int(self.rng.integers(len(_DISTRACTIONS)))](self, canvas)
        canvas.density = self._exposed(canvas.density)
        return canvas

    def _between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def _log(self, low: float, high: float) -> float:
        return math.exp(self._between(math.log(low), math.log(high)))

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def waves(self, knots: int) -> Grid:
        """Smooth random values (SIDE, SIDE) through `knots` by `knots` normal ones."""
        coarse = torch.from_numpy(self.rng.standard_normal((1, 1, knots, knots)).astype(np.float32))
        found = functional.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic", align_corners=True)
        return np.asarray(found[0, 0].numpy())

    def _lung(self, canvas: Canvas) -> NDArray[np.bool_]:
        lungs = [one for one in (canvas.film.right, canvas.film.left) if one.any()]
        return lungs[int(self.rng.integers(len(lungs)))]

    def _place(self, lung: NDArray[np.bool_]) -> tuple[float, float]:
        places = np.flatnonzero(lung)
        at = int(places[int(self.rng.integers(len(places)))])
        return float(at // SIDE), float(at % SIDE)

    def nodule(self, canvas: Canvas) -> None:
        """Round, oval, lobulated or spiculated, 6 to 60 mm, sharp or soft; one in eight a ring; sometimes several."""
        many = int(self.rng.integers(3, 9)) if self._chance(0.12) else 1
        lung = self._lung(canvas)
        size = self._log(6, 60) if many == 1 else self._log(6, 18)
        for _ in range(many):
            if many > 1:
                lung = self._lung(canvas)
            weight = self._round(canvas, self._place(lung), size * (1 if many == 1 else self._between(0.7, 1.3)))
            height = self._log(0.13, 0.8) * (1.25 if size < 12 else 1)
            canvas.add(NODULE, weight * _around(canvas.film.field), height, None)

    def _round(self, canvas: Canvas, at: tuple[float, float], across: float) -> Grid:
        down, over = _ROWS - at[0], _COLUMNS - at[1]
        turn, long = self._between(0, math.pi), self._log(1, 1.6) if self._chance(0.6) else 1.0
        along = (down * math.cos(turn) + over * math.sin(turn)) / math.sqrt(long)
        beside = (over * math.cos(turn) - down * math.sin(turn)) * math.sqrt(long)
        far, angle = np.hypot(along, beside), np.arctan2(along, beside)
        radius = across / 2 / canvas.mm
        bumps = sum(
            self._between(0, 0.1) * np.cos(order * angle + self._between(0, 6.3))
            for order in ((2, 3, 4) if self._chance(0.5) else ())
        )
        if self._chance(0.2):
            bumps = bumps + 0.25 * np.maximum(np.cos(int(self.rng.integers(7, 14)) * angle), 0) ** 4
        edge = max(0.5, radius * self._log(0.05, 0.5))
        weight = 1 / (1 + np.exp(np.clip((far - radius * (1 + bumps)) / edge, -30, 30)))
        if self._chance(0.5):  # a ball is thickest in its middle
            weight = weight * np.sqrt(np.clip(1 - 0.8 * (far / max(radius * 1.3, 1)) ** 2, 0.1, 1))
        if across > 14 and self._chance(0.15):
            hole = 1 / (1 + np.exp(np.clip((far - radius * self._between(0.45, 0.75)) / (edge * 0.7), -30, 30)))
            weight = weight * (1 - self._between(0.5, 0.95) * hole)
        return np.asarray(weight, np.float32)

    def patch(self, canvas: Canvas) -> None:
        """Ground glass or consolidation: uneven, patchy, one to four places of a lung, or both."""
        for _ in range(int(self.rng.choice([1, 1, 1, 2, 3, 4]))):
            lung = self._lung(canvas)
            at = self._place(lung)
            high, wide = self._log(9, 42), self._log(9, 32)
            turn = self._between(0, math.pi)
            down, over = _ROWS - at[0], _COLUMNS - at[1]
            along = (down * math.cos(turn) + over * math.sin(turn)) / high
            beside = (over * math.cos(turn) - down * math.sin(turn)) / wide
            uneven = 0.45 * self.waves(8) + 0.25 * self.waves(20)
            weight = _step((1 - along**2 - beside**2 + uneven) / self._between(0.15, 0.8))
            weight *= np.clip(1 + self._between(0, 0.4) * self.waves(int(self.rng.integers(16, 48))), 0.1, 1.6)
            self._cover(canvas, weight, lung)

    def lobe(self, canvas: Canvas) -> None:
        """A part of a lung between two borders that run obliquely, one of them sharp: a lobe or a wedge."""
        lung, (u, v) = self._lung(canvas), _coordinates(canvas.film)
        tilt, start = self._between(-0.5, 0.5), self._between(-0.2, 0.8)
        depth = self._between(0.15, 0.6)
        along = v + tilt * (u - 0.5) + 0.04 * self.waves(6) - start
        sharp, soft = self._between(0.01, 0.04), self._between(0.02, 0.15)
        if self._chance(0.5):
            sharp, soft = soft, sharp
        weight = 1 / (1 + np.exp(-along / sharp)) / (1 + np.exp((along - depth) / soft))
        if self._chance(0.5):
            weight = weight / (1 + np.exp(((u if self._chance(0.5) else 1 - u) - self._between(0.3, 0.9)) / 0.08))
        weight *= np.clip(1 + self._between(0, 0.25) * self.waves(24), 0.3, 1.5)
        self._cover(canvas, weight, lung)

    def diffuse(self, canvas: Canvas) -> None:
        """Both lungs, more around the hila or below, uneven."""
        u, v = _coordinates(canvas.film)
        hila = np.exp(-((u / self._between(0.5, 1.2)) ** 2) - ((v - 0.5) / self._between(0.3, 0.8)) ** 2)
        base = 1 / (1 + np.exp(-(v - self._between(0.2, 0.7)) / self._between(0.1, 0.3)))
        weight = (hila if self._chance(0.5) else base) * np.clip(1 + 0.3 * self.waves(10) + 0.2 * self.waves(36), 0, 2)
        self._cover(canvas, weight, canvas.film.field)

    def _cover(self, canvas: Canvas, weight: Grid, lung: NDArray[np.bool_]) -> None:
        inside = _around(lung)
        if self._chance(0.5):
            canvas.add(OPACITY, weight * inside, self._log(0.15, 0.7), None)
        else:
            canvas.add(OPACITY, weight * inside, self._between(0.25, 0.95), self._between(0.7, 1.15))

    def real(self, canvas: Canvas) -> None:
        """The opacity of another patient, carried over by lung coordinates."""
        self._carried(canvas, self.sick, kind=OPACITY)

    def _carried(self, canvas: Canvas, tables: Sequence[tuple[Grid, Grid]], kind: int | None) -> None:
        chosen, film = tables[int(self.rng.integers(len(tables)))], canvas.film
        times = self._between(0.6, 1.3) if kind is not None else self._between(0.3, 0.9)
        lungs = (film.right, film.left) if self._chance(0.5) else (film.left, film.right)
        for half, lung in zip(chosen, lungs, strict=True):
            if not lung.any():
                continue
            u, v = _coordinates(film)
            where = [v * TABLE[0] - 0.5, u * TABLE[1] - 0.5]
            gain = map_coordinates(half, where, order=1, mode="nearest") * _around(lung)
            if kind is None:
                canvas.density = canvas.density + times * gain
            else:
                canvas.add(kind, np.maximum(gain - 0.12, 0), times, None)

    def effusion(self, canvas: Canvas) -> None:
        """Fluid at the base with a level that rises towards the chest wall; often only the angle is filled."""
        lung, film = self._lung(canvas), canvas.film
        u, v = _coordinates(film)
        small = self._chance(0.5)
        level = self._between(0.86, 0.99) if small else self._between(0.4, 0.88)
        rise, power = self._between(0.05, 0.3), self._between(1.2, 4)
        depth = v - level + rise * u**power
        weight = 1 / (1 + np.exp(np.clip(-depth / self._between(0.008, 0.05), -30, 30)))
        inside = _around(lung)
        canvas.add(EFFUSION, weight * inside, self._between(0.6, 1.0), self._between(0.7, 1.15))
        if not small and self._chance(0.6):
            haze = np.clip((v - level + 0.4) / 0.4, 0, 1) * inside
            canvas.add(OPACITY, haze, self._between(0.05, 0.3), None)

    def pneumothorax(self, canvas: Canvas) -> None:
        """A darker band without vessels along the chest wall, a thin line at its inner border."""
        lung, film = self._lung(canvas), canvas.film
        u, v = _coordinates(film)
        wide, apex = self._log(0.05, 0.45), self._log(0.04, 0.35)
        down = self._between(0.5, 1.2)
        bend = 0.01 * self.waves(5)
        lateral = (1 - u) - wide * np.clip(1 - (v / down) ** 2, 0, 1)
        depth = np.minimum(lateral, v - apex * np.clip(1 - 0.5 * u, 0, 1)) + bend
        soft = gaussian_filter(lung.astype(np.float32), 1.2)
        band = 1 / (1 + np.exp(np.clip(depth / 0.008, -30, 30))) * soft
        calm = gaussian_filter(canvas.density, 1.8)
        share = self._between(0.3, 0.8)
        canvas.density = canvas.density + band * (share * (calm - canvas.density) - self._between(0.03, 0.25))
        canvas.density += soft * (1 - band) * self._between(0, 0.12)
        line = np.exp(-((depth / self._between(0.008, 0.02)) ** 2)) * soft
        canvas.density += line * self._between(0.03, 0.25)
        canvas.label[PNEUMOTHORAX] |= (band > 0.5) & film.field

    def _wire(self, canvas: Canvas) -> None:
        ends, t = self.rng.random((2, 2)), np.linspace(0, 1, 2 * SIDE)[:, None]
        way = ends[0] * (1 - t) + ends[1] * t + self._between(-0.2, 0.2) * np.sin(t * math.pi)
        at = np.clip(way * SIDE, 0, SIDE - 1).astype(int)
        line = np.zeros((SIDE, SIDE), np.float32)
        line[at[:, 0], at[:, 1]] = 1
        canvas.density = canvas.density + gaussian_filter(line, self._between(0.5, 0.9)) * self._between(0.2, 1.0)

    def _lead(self, canvas: Canvas) -> None:
        """A button of metal with sharp edges, or a ring, or a letter's strokes: far denser than tissue."""
        at = self._place(canvas.film.field)
        far = np.hypot(_ROWS - at[0], _COLUMNS - at[1])
        shape = far < self._between(1.5, 4.0)
        if self._chance(0.3):
            shape &= far > 1.0
        if self._chance(0.3):
            shape = (abs(_ROWS - at[0]) < self._between(3, 7)) & (abs(_COLUMNS - at[1]) < self._between(1, 2))
        canvas.density = np.where(shape, np.maximum(canvas.density, self._between(1.2, 2.2)), canvas.density)

    def _nipples(self, canvas: Canvas) -> None:
        """Two faint discs at the same height of both lungs."""
        v, u = self._between(0.65, 0.85), self._between(0.4, 0.7)
        for lung in (canvas.film.right, canvas.film.left):
            if lung.any():
                away = np.where(lung, np.hypot((canvas.film.v - v) * 2, canvas.film.u - u), np.inf)
                at = np.unravel_index(int(np.argmin(away)), away.shape)
                far = np.hypot(_ROWS - at[0], _COLUMNS - at[1])
                canvas.density = canvas.density + self._between(0.1, 0.3) / (1 + np.exp((far - 3) / 0.6))

    def _breast(self, canvas: Canvas) -> None:
        """Soft tissue over the lower part of both lungs, or of one after an operation."""
        edge = self._between(0.5, 0.8)
        for lung in (canvas.film.right, canvas.film.left):
            if self._chance(0.85):
                u, v = _coordinates(canvas.film)
                cover = 1 / (1 + np.exp(-(v - edge + 0.15 * (u - 0.5) ** 2) / 0.04)) * _around(lung)
                canvas.density = canvas.density + self._between(0.03, 0.15) * cover

    def _band(self, canvas: Canvas) -> None:
        """A rib that crosses: a bright band."""
        at, turn = self._place(canvas.film.field), self._between(-0.7, 0.7)
        away = (_ROWS - at[0]) * math.cos(turn) + (_COLUMNS - at[1]) * math.sin(turn)
        along = (_COLUMNS - at[1]) * math.cos(turn) - (_ROWS - at[0]) * math.sin(turn)
        away = away + 0.003 * along**2 * self._between(-1, 1)
        weight = 1 / (1 + np.exp(np.clip((np.abs(away) - self._between(1.5, 4)) / 0.6, -30, 30)))
        canvas.density = canvas.density + self._between(0.05, 0.2) * weight

    def _exposed(self, density: NDArray[np.floating]) -> Grid:
        """Another tone curve, shading, grain and sharpness."""
        grey = np.sign(density) * np.abs(density) ** math.exp(self._between(-0.25, 0.25))
        grey = grey * self._between(0.85, 1.15)
        if self._chance(0.4):
            grey = grey + self._between(0.02, 0.08) * self.waves(3)
        if self._chance(0.4):
            grey = grey + self.rng.standard_normal(grey.shape).astype(np.float32) * self._between(0.005, 0.05)
        if self._chance(0.3):
            grey = gaussian_filter(grey, self._between(0.3, 1.2))
        return np.asarray(grey, np.float32)


_SHADOWS = (
    Painter.nodule,
    Painter.patch,
    Painter.lobe,
    Painter.diffuse,
    Painter.real,
    Painter.effusion,
    Painter.pneumothorax,
)
_SHARES = (0.30, 0.22, 0.08, 0.04, 0.10, 0.14, 0.12)
_DISTRACTIONS = (Painter._wire, Painter._lead, Painter._nipples, Painter._breast, Painter._band)


def table(film: Film, usual: Sequence[Grid] | None) -> tuple[Grid, Grid]:
    """Smooth density in cells of lung coordinates, right and left; above the usual where that is given."""
    smooth = gaussian_filter(film.density, 2.0)
    found = []
    for side, lung in enumerate((film.right, film.left)):
        rows = np.clip((film.v[lung] * TABLE[0]).astype(int), 0, TABLE[0] - 1)
        at = rows * TABLE[1] + np.clip((film.u[lung] * TABLE[1]).astype(int), 0, TABLE[1] - 1)
        size = TABLE[0] * TABLE[1]
        count = np.bincount(at, minlength=size).reshape(TABLE)
        total = np.bincount(at, weights=smooth[lung], minlength=size).reshape(TABLE)
        held, whole = (gaussian_filter(one.astype(float), 0.7) for one in (count, total))
        mean = np.where(held > 1e-3, whole / np.maximum(held, 1e-3), 0.0)
        found.append(np.asarray(mean if usual is None else mean - usual[side], np.float32))
    return found[0], found[1]


@cache
def _coordinates(film: Film) -> tuple[Grid, Grid]:
    """Lung coordinates u and v, carried on beyond the borders of the lungs."""
    nearest = tuple(distance_transform_edt(~film.field, return_distances=False, return_indices=True))
    return film.u[nearest], film.v[nearest]


def _around(lung: NDArray[np.bool_]) -> Grid:
    """1 in the lung and falling off beyond its border, which an opacity hides and does not stop at."""
    return np.asarray(gaussian_filter(binary_dilation(lung, iterations=3).astype(np.float32), 2.0), np.float32)


def _step(values: NDArray[np.floating]) -> Grid:
    """The logistic curve."""
    return np.asarray(1 / (1 + np.exp(np.clip(-values, -30, 30))), np.float32)
