"""A model opened on one input: its answer as a Finding whose evidence was measured, and how far to believe it.

Nothing here is trained. Whatever is shown leads back to the stored array: boxes are in its voxel indices, and the map
is laid over it through the card's own steps of preparation.
"""

from __future__ import annotations

import numpy as np

from suwen.errors import InputError
from suwen.explain.maps import BEST, METHODS
from suwen.explain.opening.answer import answer_of, finding_of
from suwen.explain.opening.answering import Answering, temperature_of
from suwen.explain.opening.example import Example
from suwen.explain.opening.explaining import Asked, explained
from suwen.explain.opening.opened import Opened, Picture
from suwen.explain.opening.outlines import open_outlines
from suwen.explain.opening.rows import open_row
from suwen.explain.opening.tracing import axes_of, traced
from suwen.explain.opening.words import said
from suwen.explain.surrogate import Surrogate
from suwen.learn.model import Model
from suwen.learn.nouns import Task

__all__ = ["OUTLINES_BY", "open_model"]

# Of hippocampi the hottest voxels of LayerCAM, as many as the outline has, cost the outline 0.32 log10 odds, those of
# Grad-CAM at the coarsest layer (Seg-Grad-CAM, Vinogradova et al. 2020) 0.06; gradients of a volume take half a minute.
OUTLINES_BY = "layer_cam"
_SEED = 0


def open_model(  # noqa: PLR0913 - what is opened, on what, and how
    model: Model,
    example: Example,
    *,
    target: int | None = None,
    method: str = "",
    size: tuple[int, ...] | None = None,
    check: bool = False,
    surrogate: Surrogate | None = None,
    rng: np.random.Generator | None = None,
    lang: str = "en",
) -> Opened:
    """Answer for one input and explain the answer for class `target`, sentences in `lang`.

    Without a target: of two classes the second, of more the most likely, of outlines the largest. Without a method the
    best of the benchmark heat-maps. With `check` the map's parameter randomisation is run now. Rows of tables get
    Shapley values against the other rows of their table, and, from a faithful `surrogate`, its reading of the row. The
    same model, input and `rng` give the same answer, byte for byte.

    Raises:
        InputError: the model does not take such an input, class or method; says what it takes.

    """
    rng = np.random.default_rng(_SEED) if rng is None else rng
    axes = axes_of(model.card)
    if target is not None and not 0 <= target < len(model.card.classes):
        raise InputError(f"{model.card.name} has classes 0 to {len(model.card.classes) - 1}, not {target}")
    if axes == 0:
        if method or check or size:
            raise InputError(f"{model.card.name} takes rows of tables: no heat map, check or size belongs to them")
        return open_row(model, example, target=target, surrogate=surrogate, rng=rng, lang=lang)
    if method and method not in METHODS:
        raise InputError(f"no method of heat maps is called {method!r}; there are {', '.join(METHODS)}")
    outlines = model.card.task == Task.MASKS.value
    chosen = method or (OUTLINES_BY if outlines else BEST)
    seen = traced(model, example, size=size, lang=lang)
    asked = Asked(model, example, seen, chosen, check, rng, lang)
    return open_outlines(asked, target) if outlines else _open_classes(asked, target)


def _open_classes(asked: Asked, target: int | None) -> Opened:
    model, example, seen = asked.model, asked.example, asked.seen
    answer = answer_of(model, [seen.inputs], target, asked.lang)
    temperature = temperature_of(model)
    found = explained(asked, Answering(model.network, model.card.flips, temperature or 1.0).eval(), answer)
    notes = seen.notes
    if not model.card.calibration:
        notes += (said("uncalibrated", asked.lang),)
    elif temperature is None:
        notes += (said("before_calibration", asked.lang),)
    return Opened(
        finding_of(model.card, example, answer, found.evidence),
        model.card,
        example.name,
        answer.target,
        answer.name,
        asked.method,
        answer.scores,
        answer.called,
        Picture(seen.stored, found.heat, None, example.spacing, example.affine),
        verdicts=found.verdicts,
        checks=found.checks,
        warnings=found.warnings,
        notes=notes + found.notes,
    )
