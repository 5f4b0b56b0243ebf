"""Trains the 27 learned endpoints of a molecule; writes weights, card and pin.

Data in: drugs/admet of SUWEN_DATA (tables of Therapeutics Data Commons, mostly CC BY 4.0, their open four fifths).
Out: src/suwen/learn/shipped/arrays/admet*. Half an hour on one core. Run: `make recipe-admet`.

Why it is made so. Most tables are small, so three members that go wrong differently are joined: oblivious boosted trees
upon counted fragments and descriptors; ridge regression with a kernel of likeness,
solved exactly up to 4,000 molecules; one network that learns all endpoints at once. Weights of the members, calibration
and intervals come from molecules set aside by scaffold, for all endpoints alike. The tables are not shipped: of the
molecules learned from, the weights keep fingerprints, and of those that kernels compare with, whole steps.

Looked at on one to three parts set aside by another division, and not taken: more kernels (atom pairs, Avalon) gained
nothing clear on fifteen small tables; LightGBM's trees, of which version 1 had 400, brought the whole to 14 of the
benchmark's 22 tasks where CatBoost's bring it to 18 (four averaged kinds of 800 were not better than one); language
vectors in CatBoost's trees had larger errors on caco2 and Pgp (no other table was tried so); a single network of 512
units that also saw Avalon and ErG was worse than two of 256 on twelve of fourteen small tables of one part.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from suwen import datasets
from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.forecast import TABLES, known_hashes
from suwen.drugs.admet.judging import figure_of
from suwen.drugs.admet.learner import Fitted, Held, Task, World, fit_all, held_out, scaffold_parts, world_of
from suwen.drugs.admet.model import NAME, PARTS, Model, Ruler
from suwen.drugs.admet.neighbours import Measured, gather, nearest_by_endpoint, reference_similarities
from suwen.drugs.admet.rows import KINDS, represented
from suwen.drugs.admet.rulers import quantiles, ruler_of
from suwen.drugs.admet.tables import METRICS, Tables, read_tables, tasks_of
from suwen.drugs.representation.kinds import Representation, Rows
from suwen.drugs.similarity.fingerprints import Words, fingerprints
from suwen.learn.arrays import SHIPPED_ARRAYS, save_arrays
from suwen.learn.card import Card, Figure, Provenance
from suwen.learn.clean.confident import wrong_labels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PURPOSE = {
    "en": "27 endpoints of absorption, distribution, metabolism, excretion and toxicity, forecast from a structure.",
    "zh": "由分子结构预测27项吸收、分布、代谢、排泄与毒性终点。",
}
LIMITS = {
    "en": (
        "A forecast is no measurement. Most tables hold some hundred medicines of the past; an unlike molecule is said "
        "to be so, and its interval does not hold.",
        "Tables join assays, laboratories and species; two laboratories often differ more than a model from one.",
        "Choices of the method were made in sight of molecules that the figures are measured on.",
        "The trees explain only their own share of a forecast.",
        "For research; no statement on safety or effect in people.",
    ),
    "zh": (
        "预测不等于实测。多数数据表仅含数百种既往药物；与其不相似的分子会被标明，其区间不成立。",
        "数据表混合了不同的实验、实验室与物种；两个实验室之间的差异常大于模型误差。",
        "方法的选择参考了部分用于测得指标的分子。",
        "树模型的解释仅涵盖其在预测中所占的份额。",
        "供研究使用，不构成对人体安全性或疗效的结论。",
    ),
}
SOURCE = "Therapeutics Data Commons (Huang et al. 2021), open part of a scaffold split"


def main() -> None:
    """Train as the command line says and put the arrays where the package ships them."""
    parser = argparse.ArgumentParser(description="Trains the endpoints; writes weights and card")
    parser.add_argument("--into", type=Path, default=SHIPPED_ARRAYS, help="folder of the model (default: the package)")
    parser.add_argument("--parts", type=int, default=3, help="parts of which each is set aside once")
    parser.add_argument(
        "--keep", type=Path, help="folder of what was worked out; an interrupted run goes on from there"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that represent molecules")
    options = parser.parse_args()
    begin = time.monotonic()
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)

    def told(text: str) -> None:
        print(f"{time.monotonic() - begin:6.0f} s  {text}", flush=True)

    folder = datasets.folder() / TABLES
    tables = read_tables(folder)
    tasks = tasks_of(tables)
    told(
        f"{len(tables.smiles)} molecules, {sum(len(one.truth) for one in tasks)} measurements of {len(tasks)} endpoints"
    )
    world = world_of(_represented(tables.smiles, options))
    told("molecules are represented")
    part = scaffold_parts(tables.smiles, parts=options.parts)
    held = [_held(world, tasks, part, number, options, told) for number in range(options.parts)]
    fitted = fit_all(world, tasks, notify=told)
    words = fingerprints(tables.smiles)
    known = gather(tables.smiles, words, {one.key: (one.rows.tolist(), one.truth.tolist()) for one in tasks})
    told("all is learned; now rulers")
    rulers = _rulers(world, tasks, fitted, held, part, known)
    model = _model(world, tables, tasks, fitted, rulers, words)
    figures, suspects = _figures(tasks, held, rulers)
    card = _card(folder, tables, figures, suspects, options.parts, time.monotonic() - begin)
    card = save_arrays(dict(zip(PARTS, model.to_arrays(), strict=True)), card, options.into)
    written = (options.into / f"{card.name}.json").read_bytes()
    pins = {card.name: hashlib.sha256(written).hexdigest()}
    (options.into / "pins.json").write_text(json.dumps(pins, indent=1) + "\n", "utf-8")
    for name, figure in figures.items():
        print(f"{name}: {figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})")


def _represented(smiles: tuple[str, ...], options: argparse.Namespace) -> dict[Representation, Rows]:
    digest = hashlib.sha256("\n".join((*KINDS, *smiles)).encode()).hexdigest()[:16]
    file = options.keep / f"rows-{digest}.npz" if options.keep else None
    if file is not None and file.exists():
        with np.load(file) as stored:
            return {kind: stored[kind] for kind in KINDS}
    found = represented(smiles, workers=options.workers)
    if file is not None:
        arrays: dict[str, Any] = {str(kind): one for kind, one in found.items()}
        np.savez(file, **arrays)
    return found


def _held(
    world: World, tasks: list[Task], part: Ints, number: int, options: argparse.Namespace, told: Any
) -> dict[str, Held]:
    file = options.keep / f"held-{options.parts}-{number}.npz" if options.keep else None
    if file is not None and file.exists():
        with np.load(file) as stored:
            return {
                one.key: Held(*(stored[f"{one.key}.{name}"] for name in ("rows", "answers", "truth"))) for one in tasks
            }
    found = held_out(world, tasks, part, number, notify=lambda text: told(f"part {number}: {text}"))
    if file is not None:
        arrays = {f"{key}.{name}": getattr(one, name) for key, one in found.items() for name in Held.__slots__}
        np.savez(file, **arrays)
    return found


def _rulers(
    world: World, tasks: list[Task], fitted: Fitted, held: list[dict[str, Held]], part: Ints, known: Measured
) -> dict[str, Ruler]:
    reference = reference_similarities(known)
    clinical = next((one for one in tasks if one.key == "clintox"), None)
    approved = clinical.rows[clinical.truth == 0] if clinical is not None else np.zeros(0, np.int64)
    found = {}
    for one in tasks:
        aside = [each[one.key] for each in held]
        near = np.concatenate([_likeness(known, one, part, number) for number in range(len(held))])
        ruler = ruler_of(one, aside, near, reference=reference[one.key].astype(np.float64))
        said = ruler.joined(fitted.answers(world, approved, one.key)) if len(approved) else np.zeros(1)
        found[one.key] = replace(ruler, medicines=quantiles(said))
    return found


def _likeness(known: Measured, task: Task, part: Ints, number: int) -> Floats:
    """How like the nearest molecule of the endpoint outside its part each molecule of a part is."""
    aside = part[task.rows] == number
    words = np.ascontiguousarray(np.packbits(known.bits.T, axis=1, bitorder="little")).view("<u8").astype(np.uint64)
    rest = gather(known.smiles, words, {task.key: (task.rows[~aside].tolist(), task.truth[~aside].tolist())})
    near = nearest_by_endpoint(rest, words[task.rows[aside]], count=1)
    return np.array([one[task.key][0].similarity for one in near])


def _model(
    world: World, tables: Tables, tasks: list[Task], fitted: Fitted, rulers: dict[str, Ruler], words: Words
) -> Model:
    marks = np.unique(np.concatenate([fitted.landmarks[one.key] for one in tasks]))
    return Model(
        world.scales,
        world.points[marks],
        fitted.layers,
        fitted.forests,
        {one.key: np.searchsorted(marks, fitted.landmarks[one.key]) for one in tasks},
        fitted.lines,
        rulers,
        fitted.means,
        fitted.spreads,
        words,
        known_hashes(tables.smiles),
        {one.key: one.rows for one in tasks},
        {one.key: tables.tables[one.key].lines for one in tasks},
    )


def _figures(
    tasks: list[Task], held: list[dict[str, Held]], rulers: dict[str, Ruler]
) -> tuple[dict[str, Figure], dict[str, int]]:
    """Out-of-fold figures by the measure of the leaderboard, coverage of intervals, and labels that look wrong."""
    rng = np.random.default_rng(0)
    figures, suspects = {}, {}
    for one in tasks:
        answers = np.concatenate([each[one.key].answers for each in held])
        truth = np.concatenate([each[one.key].truth for each in held])
        said = rulers[one.key].joined(answers)
        if one.log:
            truth, said = 10**truth, 10**said
        figures[f"{one.key}.{METRICS[one.key]}"] = figure_of(one.key, truth, said, rng=rng)
        if one.classes:
            chances = np.stack([1 - said, said], axis=1)
            suspects[one.key] = int(wrong_labels(truth.astype(int), chances)[0].sum())
    return figures, suspects


def _card(
    folder: Path, tables: Tables, figures: dict[str, Figure], suspects: dict[str, int], parts: int, seconds: float
) -> Card:
    data = tuple(
        Provenance(
            key,
            f"{SOURCE}; {ENDPOINTS[key].source}",
            "CC BY 4.0 (as stated by TDC for most tables)",
            hashlib.sha256((folder / f"{key}.csv").read_bytes()).hexdigest(),
            len(one.smiles),
        )
        for key, one in tables.tables.items()
    )
    cleaning = {
        key: {"rows": one.rows, "refused": one.refused, "merged": one.merged, "contradictory": one.contradictory}
        | ({"labels that look wrong": suspects[key]} if key in suspects else {})
        for key, one in tables.tables.items()
    }
    return Card(
        name=NAME,
        version="2",
        purpose=PURPOSE,
        task="numbers",
        classes=(),
        network={},
        prepare={"kinds": list(KINDS)},
        data=data,
        figures=figures,
        limits=LIMITS,
        licence="MIT",
        training={
            "parts set aside by scaffold, one division for all endpoints": parts,
            "seconds": round(seconds),
            "packages": {
                "catboost": version("catboost"),
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                "python": platform.python_version(),
            },
        },
        checks={"cleaning": cleaning},
    )


if __name__ == "__main__":
    main()
