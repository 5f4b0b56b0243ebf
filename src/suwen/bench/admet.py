"""Benchmark admet: the learned endpoints on molecules they never saw, beside the MapLight recipe in the same run.

Where the folder holds at least twenty molecules of an endpoint that the shipped weights were not learned from, these
are judged by the shipped weights (`shipped` is 1) and the peer learns from the tables of the reference folder. Else the
method is judged on inner scaffold splits: molecules are divided by scaffold, one division for all endpoints; all
members are learned from four parts, their weights from a fifth of these, and the part left over is judged. Tables of at
most a thousand molecules are judged on three such parts, larger ones on one; the mean counts.

- `TASK`: the measure of the leaderboard of Therapeutics Data Commons (AUROC, AUPRC, Spearman, mean absolute error).
- `wins`: tasks of the 22 on the leaderboard where Suwen is better than the peer of the same run; `ties` where both are
  equal to the fourth digit; `mean_rank` among both (1 to 2), `judged` how many were compared.
- `coverage`: the mean share of amounts within their interval of 90 %, and `coverage.classes` of true answers that are
  among those that remain; both of shipped weights only.

The peer is MapLight (Notwell and Wood 2023): ECFP, Avalon and ErG fragments and some two hundred descriptors in
CatBoost with its defaults, upon the same cleaned tables. It runs where CatBoost is installed, and is else left out.

It takes an hour or two of a core; answers are kept in the cache, and one interrupted goes on from there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from suwen import datasets
from suwen.bench import admet_peer
from suwen.bench.admet_peer import has_peer, peer_answers, peer_table
from suwen.bench.kept import Kept, code_digest
from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.drugs.admet import endpoints
from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.forecast import TABLES, forecast_answers, unknown_to
from suwen.drugs.admet.judging import better, score
from suwen.drugs.admet.learner import Held, Task, World, held_out, member_weights, scaffold_parts, world_of
from suwen.drugs.admet.model import shipped_model
from suwen.drugs.admet.rows import represented
from suwen.drugs.admet.tables import Cleaned, Tables, read_tables, tasks_of
from suwen.drugs.representation.kinds import Representation, Rows
from suwen.errors import DataError, NotFoundError

__all__ = ["LEADERBOARD", "run"]

Notify = Callable[[int, int], None]
Made = TypeVar("Made")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEADERBOARD = (
    "caco2", "hia_hou", "pgp_broccatelli", "bioavailability_ma", "lipophilicity", "solubility_aqsoldb", "bbb_martins",
    "ppbr", "vdss", "cyp2c9_veith", "cyp2d6_veith", "cyp3a4_veith", "cyp2c9_substrate_carbonmangels",
    "cyp2d6_substrate_carbonmangels", "cyp3a4_substrate_carbonmangels", "half_life", "cl_hepa", "cl_micro", "ld50",
    "herg", "ames", "dili",
)  # fmt: skip
PARTS, SMALL, LEAST = 5, 1000, 20
_SPLITS = 3  # parts that tables of at most SMALL molecules are judged on
ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "MapLight on the leaderboard (other splits)": {
        "caco2": 0.276, "hia_hou": 0.986, "pgp_broccatelli": 0.930, "bioavailability_ma": 0.730, "lipophilicity": 0.539,
        "solubility_aqsoldb": 0.792, "bbb_martins": 0.916, "ppbr": 7.660, "vdss": 0.707, "cyp2c9_veith": 0.783,
        "cyp2d6_veith": 0.723, "cyp3a4_veith": 0.881, "cyp2c9_substrate_carbonmangels": 0.415,
        "cyp2d6_substrate_carbonmangels": 0.713, "cyp3a4_substrate_carbonmangels": 0.650, "half_life": 0.562,
        "cl_hepa": 0.466, "cl_micro": 0.626, "ld50": 0.621, "herg": 0.871, "ames": 0.868, "dili": 0.887,
        "source": "Therapeutics Data Commons leaderboard; its scaffold split is not at hand, so figures do not compare",
    }
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One endpoint on one part: the truth, what Suwen and the peer said, the share of truths within their limits."""

    truth: Floats
    ours: Floats
    peer: Floats | None
    covered: float | None = None


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Every endpoint whose table is there. Raises DataError without tables, MissingExtraError without the extras."""
    begin = time.perf_counter()
    folder = options.data / TABLES
    tables = _limited(read_tables(folder), options.limit)
    unseen = _unseen(tables)
    found = dict(_shipped(tables, unseen, options)) if unseen else _inner(tables, options, notify)
    metrics, peer = _figures(found)
    metrics["shipped"] = float(bool(unseen))
    files = [folder / f"{key}.csv" for key in tables.tables]
    return Result(
        "admet",
        digest(*files),
        sum(len(one.truth) for each in found.values() for one in each),
        metrics,
        {"MapLight": peer} if peer else {},
        ANCHORS,
        seconds=time.perf_counter() - begin,
    )


def _limited(tables: Tables, limit: int | None) -> Tables:
    """The `limit` smallest tables, so that a trial is quick."""
    if limit is None or limit >= len(tables.tables):
        return tables
    kept = sorted(tables.tables, key=lambda key: (len(tables.tables[key].smiles), key))[: max(1, limit)]
    chosen = {key: one for key, one in tables.tables.items() if key in kept}
    return Tables(tuple(sorted({smiles for one in chosen.values() for smiles in one.smiles})), chosen)


def _unseen(tables: Tables) -> dict[str, NDArray[np.bool_]]:
    """Of each endpoint with enough of them, which molecules of its table the shipped weights never saw."""
    try:
        model = shipped_model()
    except NotFoundError:
        return {}
    found = {key: unknown_to(model, key, one.smiles) for key, one in tables.tables.items()}
    return {key: one for key, one in found.items() if one.sum() >= LEAST}


def _shipped(
    tables: Tables, unseen: Mapping[str, NDArray[np.bool_]], options: Options
) -> Iterator[tuple[str, list[_Judged]]]:
    """Shipped weights on what they never saw; the peer learns what is known of the reference folder's tables."""
    reference = datasets.folder() / TABLES
    known = read_tables(reference) if has_peer() and _is_other(reference, options.data / TABLES) else None
    for key, mask in unseen.items():
        table = tables.tables[key]
        smiles = [one for one, new in zip(table.smiles, mask.tolist(), strict=True) if new]
        value, covered = forecast_answers(key, smiles, table.measured[mask])
        peer = None
        if known is not None and key in known.tables:
            learned = known.tables[key]
            keep = ~np.isin(learned.smiles, smiles)
            rows = represented([*np.array(learned.smiles)[keep].tolist(), *smiles])
            count = int(keep.sum())
            peer = peer_answers(
                peer_table(rows), np.arange(count), _learned(key, learned.measured[keep]),
                np.arange(count, count + len(smiles)), classes=ENDPOINTS[key].kind == "chance", seed=options.seed,
            )  # fmt: skip
        yield key, [_Judged(table.measured[mask], value, peer, covered)]


def _is_other(one: Path, other: Path) -> bool:
    return one.is_dir() and one.resolve() != other.resolve()


def _learned(key: str, values: Floats) -> Floats:
    return np.log10(values) if ENDPOINTS[key].log else values


def _inner(tables: Tables, options: Options, notify: Notify) -> dict[str, list[_Judged]]:
    """The method on parts set aside by scaffold."""
    tasks = tasks_of(tables)
    if all(one.key not in LEADERBOARD for one in tasks):
        raise DataError("none of the tables is one of the leaderboard's 22")
    part = scaffold_parts(tables.smiles, parts=PARTS, seed=options.seed)
    bench = _Bench.of(tables, options.seed)
    found: dict[str, list[_Judged]] = {one.key: [] for one in tasks}
    for number in range(_SPLITS):
        judged = [one for one in tasks if number == 0 or len(one.rows) <= SMALL]
        ours = _ours(bench, tasks if number == 0 else judged, part, number)
        for done, one in enumerate(judged):
            notify(number * len(tasks) + done, _SPLITS * len(tasks))
            found[one.key].append(_compared(one, ours[one.key], bench, part, number))
    notify(_SPLITS * len(tasks), _SPLITS * len(tasks))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """The molecules as both sides see them, made when first needed, and what was worked out before."""

    smiles: tuple[str, ...]
    seed: int
    ours: Kept
    peers: Kept
    made: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Tables, seed: int) -> _Bench:
        """For these tables; what is kept is found again only with the same tables, code and packages."""
        said = [str(seed), *(f"{key} {_table_digest(one)}" for key, one in sorted(tables.tables.items()))]
        drugs = Path(endpoints.__file__).parent
        seen = code_digest([drugs.parent / "representation"], ["rdkit"])
        learned = code_digest([drugs], ["lightgbm", "torch"])
        peer = code_digest([Path(admet_peer.__file__)], ["catboost"])
        return cls(tables.smiles, seed, Kept("admet", [*said, seen, learned]), Kept("admet-peer", [*said, seen, peer]))

    def rows(self) -> Mapping[Representation, Rows]:
        """All molecules represented."""
        return self._once("rows", lambda: represented(self.smiles, workers=2))

    def world(self) -> World:
        """All molecules as our members see them."""
        return self._once("world", lambda: world_of(self.rows()))

    def wide(self) -> Rows:
        """All molecules as the peer sees them."""
        return self._once("wide", lambda: peer_table(self.rows()))

    def _once(self, name: str, make: Callable[[], Made]) -> Made:
        if name not in self.made:
            self.made[name] = make()
        found: Made = self.made[name]
        return found


def _table_digest(table: Cleaned) -> str:
    whole = hashlib.sha256("\n".join(table.smiles).encode())
    whole.update(np.ascontiguousarray(table.measured).tobytes())
    return whole.hexdigest()


def _ours(bench: _Bench, tasks: Sequence[Task], part: Ints, number: int) -> dict[str, tuple[Held, Floats]]:
    """Answers for a part, and the members' weights found on the next part, by members that saw neither."""
    outside = part != number
    inner = [one.only(outside) for one in tasks]
    chosen = _held(bench, f"chosen-{number}", lambda: held_out(
        bench.world(), inner, part, (number + 1) % PARTS, seeds=(0,)
    ))  # fmt: skip
    answers = _held(bench, f"answers-{number}", lambda: held_out(bench.world(), tasks, part, number))
    return {
        one.key: (answers[one.key], member_weights(chosen[one.key].answers, chosen[one.key].truth)) for one in tasks
    }


def _held(bench: _Bench, name: str, make: Callable[[], Mapping[str, Held]]) -> dict[str, Held]:
    def flat() -> dict[str, Any]:
        return {f"{key}.{of}": getattr(one, of) for key, one in make().items() for of in Held.__slots__}

    kept = bench.ours.arrays(name, flat)
    keys = dict.fromkeys(one.rpartition(".")[0] for one in kept)
    return {
        key: Held(kept[f"{key}.rows"].astype(np.int64), kept[f"{key}.answers"], kept[f"{key}.truth"]) for key in keys
    }


def _compared(task: Task, ours: tuple[Held, Floats], bench: _Bench, part: Ints, number: int) -> _Judged:
    held, weights = ours
    said = held.answers @ weights
    truth = 10**held.truth if task.log else held.truth
    peer = None
    if has_peer() and task.key in LEADERBOARD:
        learned = task.only(part != number)

        def asked() -> dict[str, Floats]:
            return {"said": peer_answers(
                bench.wide(), learned.rows, learned.learned, held.rows, classes=task.classes, seed=bench.seed
            )}  # fmt: skip

        raw = bench.peers.arrays(f"{number}-{task.key}", asked)["said"]
        peer = 10**raw if task.log else raw
    return _Judged(truth, 10**said if task.log else said, peer)


def _figures(found: Mapping[str, Sequence[_Judged]]) -> tuple[dict[str, float], dict[str, float]]:
    ours, peers = {}, {}
    for key, judged in found.items():
        scored = [one for one in judged if np.ptp(one.truth) > 0]
        if not scored:
            continue
        ours[key] = float(np.mean([score(key, one.truth, one.ours) for one in scored]))
        if all(one.peer is not None for one in scored):
            peers[key] = float(np.mean([score(key, one.truth, one.peer) for one in scored if one.peer is not None]))
    compared = [key for key in LEADERBOARD if key in ours and key in peers]
    ties = [key for key in compared if round(ours[key], 4) == round(peers[key], 4)]
    wins = [key for key in compared if key not in ties and better(key, ours[key], peers[key])]
    covered: dict[str, list[float]] = {"coverage": [], "coverage.classes": []}
    for key, judged in found.items():
        name = "coverage.classes" if ENDPOINTS[key].kind == "chance" else "coverage"
        covered[name] += [one.covered for one in judged if one.covered is not None]
    metrics = ours | {name: float(np.mean(values)) for name, values in covered.items() if values}
    if compared:
        rank = (len(wins) + 1.5 * len(ties) + 2 * (len(compared) - len(wins) - len(ties))) / len(compared)
        metrics |= {"wins": len(wins), "ties": len(ties), "judged": len(compared), "mean_rank": rank}
        peers["mean_rank"] = 3 - rank
    return metrics, peers
