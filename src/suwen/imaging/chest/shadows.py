"""Detects abnormal shadows of the lungs: large opacities by excess density, nodules by blobs of several scales.

Nothing was trained on outlines of lesions. A place counts by what a network answers that learned from painted shadows
(`shadow_network`), by how far its density lies above that of clear lungs at the same place (`clear`), by how much
denser it is than its mirror image, and, where a learned score of the whole image was given, by its heat map. Without
PyTorch the network is left out. The thresholds are quantiles of the same answers, with or without the network, on
radiographs without finding that nothing was learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suwen.errors import MissingExtraError
from suwen.imaging.chest.clear import BLOBS, LARGE, Clear, Features, features, relative
from suwen.imaging.chest.nouns import Mask, Score, Side
from suwen.imaging.chest.plane import LungPlane, Plane, Values, level, spread
from suwen.imaging.chest.shadow_network import evidence

__all__ = ["NODULE", "OPACITY", "Candidate", "Search", "detect", "look"]

OPACITY, NODULE = "opacity", "nodule"
_OWN, _MIRROR, _PATCHY = 0.6, 0.4, 0.6  # weights of excess density, difference of both lungs, and blobs around
_BORDER = 24  # samples from the border of the lung within which an opacity counts less: outlines err there
_GROW = 0.6  # standard deviations an opacity is grown down to
_FINE = 0.0  # and what finer density must show there
_LEAST_SHARE = 0.012  # of the lung, for an opacity
_SEED = 0.84  # quantile of clear radiographs an opacity must exceed
_SEED_NODULE = 0.93
_HEAT, _HEAT_TOLD = 3.0, 10.0  # standard deviations a certain score adds, and beside the network: what a seed needs
_MOST_NODULES = 12
_TOLD, _SUREST = 2.0, 6.0  # standard deviations a unit of log-odds adds, and the most that counts
_FILLED = 0.3  # of an opacity that its nodules take for it to be they alone
_EXPLAINED = 1.0  # standard deviations that may remain of an opacity beside its nodules


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One shadow on the plane: where, how it was found, and its peak in standard deviations of clear lungs."""

    side: Side
    mask: Mask
    kind: str
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What the plane was searched for: features in deviations of clear lungs, and maps of opacity and nodule.

    `above` is how far the density lies above that of clear lungs, on the scale of the plane. `told` are the network's
    log-odds by kind of shadow on the plane, empty where it was not asked.
    """

    relative: Features
    above: dict[Side, Values]
    opacity: dict[Side, Values]
    nodule: dict[Side, Values]
    told: Mapping[str, Values]

    def answer(self, kind: str) -> str:
        """Name of the answers on clear radiographs that shadows of a kind are compared with."""
        return f"learned {kind}" if self.told else kind


def look(plane: Plane, clear: Clear, *, scores: Sequence[Score] = (), learned: bool = True) -> Search:
    """Search every place of both lungs, with the network if it is `learned` and can be. Outside the lungs is NaN."""
    plain = features(plane)
    found = relative(plain, plane, clear)
    heat, told = _heat(plane, scores), _told(plane) if learned else {}
    opacity, nodule, above = {}, {}, {}
    for lung in plane.lungs:
        nodule[lung.side] = np.max([found[f"blob {sigma:g}"][lung.side] for sigma in BLOBS], axis=0)
        above[lung.side] = plain["fine"][lung.side] - spread(clear.mean["fine", lung.side], lung)
        own = found["large"][lung.side]
        mirror = found.get("side", {}).get(lung.side)
        total = own if mirror is None else _OWN * own + _MIRROR * mirror
        total = _inward(total + _PATCHY * _patchy(nodule[lung.side], lung), lung)
        opacity[lung.side] = total if heat is None else total + heat * (_HEAT_TOLD if told else _HEAT)
        if told:
            opacity[lung.side] += _TOLD * np.clip(told[OPACITY], -_SUREST, _SUREST)
            nodule[lung.side] = nodule[lung.side] + _TOLD * np.clip(told[NODULE], -_SUREST, _SUREST)
    return Search(found, above, opacity, nodule, told)


def _told(plane: Plane) -> Mapping[str, Values]:
    try:
        return evidence(plane) if plane.lungs else {}
    except MissingExtraError:
        return {}


def _patchy(nodule: Values, lung: LungPlane) -> Values:
    """Blobs around each place, by their logarithm: patchy opacities are many."""
    return level(np.log1p(np.maximum(np.nan_to_num(nodule), 0)), lung.field, 6.0)


def _inward(total: Values, lung: LungPlane) -> Values:
    """What speaks for an opacity counts in proportion to the distance from the border of the lung, up to `_BORDER`."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    depth = np.clip(distance_transform_edt(lung.field) / _BORDER, 0, 1)
    return np.where(total > 0, total * depth, total).astype(np.float32)


def _heat(plane: Plane, scores: Sequence[Score]) -> Values | None:
    """What heat maps of learned scores add, on the plane: by the chance of the score, above the map's own median."""
    if not scores or not plane.lungs:
        return None
    rows, across = (
        np.clip(np.rint(start + step * np.arange(count)), 0, end - 1).astype(int)
        for start, step, count, end in zip(plane.origin, plane.step, plane.density.shape, plane.shape, strict=True)
    )
    field = np.any([lung.field for lung in plane.lungs], axis=0)
    total = np.zeros(plane.density.shape, np.float32)
    for score in scores:
        here = score.heat[np.ix_(rows, across)].astype(np.float32)
        middle, high = np.quantile(here[field], [0.5, 0.98])
        if high > middle and score.chance.value is not None:
            total += score.chance.value * np.clip((here - middle) / (high - middle), 0, 1)
    return np.asarray(total / len(scores), np.float32)


def detect(plane: Plane, clear: Clear, search: Search) -> tuple[Candidate, ...]:
    """Shadows of both lungs, the strongest first. Nodules inside a larger opacity are part of it."""
    large, small = [], []
    for lung in plane.lungs:
        large += _opacities(lung, search, _threshold(clear, search.answer(OPACITY), _SEED, 3.5))
        small += _nodules(plane, lung, search, _threshold(clear, search.answer(NODULE), _SEED_NODULE, 3.0))
    kept = _reconciled(large, small, plane, clear, search)
    return tuple(sorted(kept, key=lambda one: (-clear.beyond(search.answer(one.kind), one.strength), -one.strength)))


def _threshold(clear: Clear, kind: str, quantile: float, otherwise: float) -> float:
    known = clear.answers.get(kind)
    return otherwise if known is None or not len(known) else float(np.quantile(known, quantile))


def _opacities(lung: LungPlane, search: Search, seed: float) -> list[Candidate]:
    from scipy.ndimage import binary_fill_holes, binary_opening, label  # noqa: PLC0415

    total, fine = search.opacity[lung.side], search.relative["fine"][lung.side]
    with np.errstate(invalid="ignore"):
        grown = (total > _GROW) & (fine > _FINE)
        certain = total > seed
    grown = binary_opening(grown, iterations=2) | certain
    pieces, count = label(grown)
    found = []
    for number in range(1, count + 1):
        piece = pieces == number
        if (piece & certain).any() and piece.sum() >= _LEAST_SHARE * lung.field.sum():
            whole = binary_fill_holes(piece) & lung.field
            found.append(Candidate(lung.side, whole, OPACITY, float(np.nanmax(total[piece]))))
    return found


def _nodules(plane: Plane, lung: LungPlane, search: Search, seed: float) -> list[Candidate]:
    from scipy.ndimage import maximum_filter  # noqa: PLC0415

    answers = np.nan_to_num(np.stack([search.relative[f"blob {sigma:g}"][lung.side] for sigma in BLOBS]))
    blob, scale = answers.max(axis=0), answers.argmax(axis=0)
    best = np.nan_to_num(search.nodule[lung.side], nan=-np.inf)
    peaks = np.argwhere((blob == maximum_filter(blob, 9)) & (best > seed) & (blob > 0))
    order = sorted(peaks.tolist(), key=lambda at: -best[at[0], at[1]])[:_MOST_NODULES]
    found: list[Candidate] = []
    for row, across in order:
        if any(one.mask[row, across] for one in found):
            continue
        mask = _half(plane, lung, (row, across), BLOBS[scale[row, across]])
        if mask is not None:
            found.append(Candidate(lung.side, mask, NODULE, float(best[row, across])))
    return found


def _half(plane: Plane, lung: LungPlane, at: tuple[int, int], sigma: float) -> Mask | None:
    """A nodule down to half of its height over the ring around it; None where it has no height, or runs on."""
    from scipy.ndimage import binary_fill_holes, gaussian_filter, label  # noqa: PLC0415

    reach = int(np.ceil(4 * sigma)) + 2
    box = tuple(slice(max(0, one - reach), one + reach + 1) for one in at)
    smooth, field = gaussian_filter(plane.density[box], 0.8), lung.field[box]
    rows, across = np.ogrid[
        box[0].start : box[0].start + smooth.shape[0], box[1].start : box[1].start + smooth.shape[1]
    ]
    far = np.hypot(rows - at[0], across - at[1])
    core, ring = field & (far <= sigma), field & (far > 2.2 * sigma) & (far <= 3.5 * sigma)
    if core.sum() < 4 or ring.sum() < 12:
        return None
    inner, outer = float(np.quantile(smooth[core], 0.75)), float(np.median(smooth[ring]))
    pieces, _ = label(field & (smooth > (inner + outer) / 2) & (far <= 2.6 * sigma))
    hit = np.unique(pieces[core & (pieces > 0)])
    if inner <= outer or not len(hit):
        return None
    largest = max(hit.tolist(), key=lambda one: int((pieces == one).sum()))
    piece = _without_tails(binary_fill_holes(pieces == largest))
    if (piece & (far > 2.5 * sigma)).sum() > 0.15 * piece.sum():
        return None  # a rib, a vessel: it goes on
    whole = np.zeros(plane.density.shape, bool)
    whole[box] = piece
    return whole


def _without_tails(piece: Mask) -> Mask:
    """A piece without what is thinner than a third of it: ribs and vessels that run into a nodule."""
    from scipy.ndimage import binary_opening, label  # noqa: PLC0415

    thin = max(1, int(0.35 * np.sqrt(piece.sum() / np.pi)))
    parts, count = label(binary_opening(np.pad(piece, thin), iterations=thin)[thin:-thin, thin:-thin])
    if not count:
        return piece
    kept: Mask = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return kept


def _reconciled(
    large: list[Candidate], small: list[Candidate], plane: Plane, clear: Clear, search: Search
) -> list[Candidate]:
    """Where both were found: nodules that explain an opacity replace it, else they belong to it."""
    kept: list[Candidate] = []
    inside: set[int] = set()
    for opacity in large:
        mine = [at for at, one in enumerate(small) if (one.mask & opacity.mask).sum() > 0.4 * one.mask.sum()]
        if mine and _filled(opacity, [small[at] for at in mine]):
            continue
        if mine and _explained(opacity, [small[at] for at in mine], plane, clear, search):
            continue
        inside |= set(mine)
        kept.append(opacity)
    return [*kept, *(one for at, one in enumerate(small) if at not in inside)]


def _filled(opacity: Candidate, nodules: list[Candidate]) -> bool:
    """Whether nodules make up most of an opacity: then it is what the network answers around them."""
    whole = np.any([one.mask for one in nodules], axis=0)
    return bool((whole & opacity.mask).sum() >= _FILLED * opacity.mask.sum())


def _explained(opacity: Candidate, nodules: list[Candidate], plane: Plane, clear: Clear, search: Search) -> bool:
    """Whether the rest of an opacity is no denser than clear lungs are, once its nodules are left out."""
    from scipy.ndimage import binary_dilation  # noqa: PLC0415

    lung = plane.lung(opacity.side)
    if lung is None:
        return False
    left_out = binary_dilation(np.any([one.mask for one in nodules], axis=0), iterations=3)
    others = lung.field & ~left_out
    fallen = level(plane.density, lung.field, LARGE) - level(plane.density, others, LARGE)
    deviation = spread(clear.deviation["large", opacity.side], lung)
    rest = (search.relative["large"][opacity.side] - fallen / deviation)[opacity.mask & others]
    return not rest.size or float(np.mean(rest)) < _EXPLAINED
