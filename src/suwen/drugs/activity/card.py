"""The card of an activity model: everything but the large arrays as a JSON object, and back again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from suwen.drugs.activity.learners import Linear
from suwen.drugs.activity.model import ActivityModel
from suwen.drugs.activity.nouns import (
    MEMBERS,
    UNITS,
    Assay,
    Cliff,
    Judged,
    LeftOut,
    Measured,
    Member,
    Share,
)
from suwen.drugs.activity.sureness import Band, Chances, Domain
from suwen.errors import FormatError, Problem
from suwen.learn.measure.calibrators import Platt, calibrator_from_json
from suwen.learn.measure.conformal import ConformalSets, conformal_from_json
from suwen.learn.measure.intervals import Estimate
from suwen.subject import Saying

__all__ = ["Parts", "card_of", "model_parts"]

Tree = Mapping[str, Any]
_ESTIMATES = ("error", "rank", "baseline", "cliffs", "held")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a card says, besides the arrays: `numbers` and `widths` are those of members and scalings."""

    assay: Assay
    cliffs: tuple[Cliff, ...]
    judged: Judged | None
    out_of_fold: tuple[float, ...]
    shares: tuple[Share, ...]
    seed: int
    mean: float
    band: Band | None
    chances: Chances | None
    domain: Domain
    numbers: Mapping[Member, Mapping[str, float]]
    widths: Mapping[str, float]


def card_of(model: ActivityModel) -> dict[str, Any]:
    """The card as a JSON object; numbers keep every bit."""
    core = model.core
    return {
        "seed": model.seed,
        "assay": asdict(model.assay),
        "cliffs": [asdict(one) for one in model.cliffs],
        "judged": None if model.judged is None else asdict(model.judged),
        "out_of_fold": list(model.out_of_fold),
        "shares": [asdict(one) for one in model.shares],
        "mean": core.stack.mean,
        "members": {
            name: {"mean": made.mean, **({"setting": made.setting} if isinstance(made, Linear) else {})}
            for name, made in core.stack.members.items()
        },
        "widths": {kind: scaling.width for kind, scaling in model.scalings.items()},
        "band": None if core.band is None else asdict(core.band),
        "chances": None
        if core.chances is None
        else {"curve": core.chances.curve.to_json(), "sets": core.chances.sets.to_json()},
        "domain": asdict(core.domain),
    }


def model_parts(card: Tree) -> Parts:
    """Read back what `card_of` wrote. Raises FormatError, KeyError, TypeError or ValueError where it does not."""
    assay = _assay(card["assay"])
    count = len(assay.molecules)
    cliffs = tuple(Cliff(**one) for one in card["cliffs"])
    if any(not 0 <= place < count for one in cliffs for place in (one.first, one.second)):
        raise FormatError("a cliff of the saved model names a molecule that there is not")
    shares = tuple(Share(**one) for one in card["shares"])
    if tuple(one.member for one in shares) != tuple(MEMBERS):
        raise FormatError("the saved model has other members than this release knows")
    unseen = tuple(map(_number, card["out_of_fold"]))
    if len(unseen) not in (0, count) or bool(unseen) != (card["judged"] is not None):
        raise FormatError("the account of the saved model does not fit its molecules")
    chances = None if card["chances"] is None else _chances(card["chances"])
    band = None if card["band"] is None else Band(**{key: _number(one) for key, one in card["band"].items()})
    if (chances is None) == (band is None) or (assay.kind == "classes") == (chances is None):
        raise FormatError("the saved model does not fit its kind of assay")
    return Parts(
        assay,
        cliffs,
        None if card["judged"] is None else _judged(card["judged"]),
        unseen,
        shares,
        int(card["seed"]),
        _number(card["mean"]),
        band,
        chances,
        Domain(_number(card["domain"]["least"])),
        {name: {key: _number(one) for key, one in card["members"][name].items()} for name in MEMBERS},
        {kind: _number(one) for kind, one in card["widths"].items()},
    )


def _assay(tree: Tree) -> Assay:
    if tree["unit"] not in UNITS or tree["kind"] not in ("amount", "classes"):
        raise FormatError("the saved model has an unknown unit or kind of assay")
    left = tuple(LeftOut(int(one["row"]), str(one["written"]), Saying(**one["why"])) for one in tree["left_out"])
    return Assay(
        _measured(tree["molecules"]),
        str(tree["column"]),
        tree["unit"],
        tree["kind"],
        int(tree["rows"]),
        left,
        _measured(tree["contradictory"]),
        tuple(Problem(**one) for one in tree["noticed"]),
        Saying(**tree["whence"]),
    )


def _measured(trees: Sequence[Tree]) -> tuple[Measured, ...]:
    made = tuple(Measured(**one) for one in trees)
    if not all(math.isfinite(one.value) and isinstance(one.smiles, str) for one in made):
        raise FormatError("a molecule of the saved model has no value or no structure")
    return made


def _judged(tree: Tree) -> Judged:
    told = {one.name: tree[one.name] for one in fields(Judged)}
    for name in _ESTIMATES:
        told[name] = None if told[name] is None else Estimate(**told[name])
    return Judged(**told)


def _chances(tree: Tree) -> Chances:
    curve, sets = calibrator_from_json(tree["curve"]), conformal_from_json(tree["sets"])
    if not isinstance(curve, Platt) or not isinstance(sets, ConformalSets) or len(sets.limits) not in (1, 2):
        raise FormatError("the chances of the saved model are not of two classes")
    return Chances(curve, sets)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise FormatError("the card holds what is no number")
    return number
