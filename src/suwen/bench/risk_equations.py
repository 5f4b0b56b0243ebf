"""Benchmark risk-equations: do the equations give what their authors' papers and programs give?

Errors are in percentage points. Against a printed or recorded risk our risk is rounded to the same digits first, so 0
means the printed digit itself. China-PAR is measured on everything recorded and on the half that its coefficients have
not seen (held_out); QRISK3 unrounded against its own program. `outside` counts results that are not finite or not in
0..1 over 10,000 random people for each equation.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING

from suwen.bench.result import Result
from suwen.bench.risk_equation_cases import Case, china_par_cases, printed_cases, qrisk3_cases
from suwen.bench.setting import Options, digest
from suwen.diagnosis.heart.equations import china_par, framingham, mesa, pooled_cohort, prevent
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import FactorKind, Value

if TYPE_CHECKING:
    from suwen.diagnosis.heart.nouns import Equation

__all__ = ["run"]

_RANDOM = 10_000
_ANCHORS = {
    "China-PAR re-implemented by others": {
        "source": "zwbao/longevity-skills (2026), people of 35 to 74 years of the same calculator",
        "china_par.men.mean_error": 0.143,
        "china_par.women.mean_error": 0.264,
    },
    "PyCVDRisk 0.1.48": {
        "source": "measured on the same QRISK3 rows; it has no never-smoker",
        "qrisk3.mean_error": 2.9,
        "qrisk3.max_error": 8.2,
    },
}


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """All printed and recorded risks, then random people. Raises DataError where heart/risk is absent."""
    begin = time.perf_counter()
    folder = options.data / "heart/risk"
    recorded = [*china_par_cases(folder / "china_par")]
    equations = _equations()
    cases = [*printed_cases(), *recorded]
    if "qrisk3" in equations:
        cases += qrisk3_cases(folder / "qrisk3_2017.csv")
    off = [(case, _off(equations[case.equation], case)) for case in cases]
    metrics = _figures(off)
    metrics["outside"] = float(_outside(equations.values(), options, notify))
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    seconds = time.perf_counter() - begin
    return Result("risk-equations", digest(*files), len(cases), metrics, {}, _ANCHORS, seconds)


def _equations() -> dict[str, Equation]:
    rooms = [prevent.EQUATIONS, pooled_cohort.EQUATIONS, framingham.EQUATIONS, mesa.EQUATIONS, china_par.EQUATIONS]
    with suppress(ModuleNotFoundError):  # QRISK3 may be left out of a distribution for the terms of its notice
        rooms.append(importlib.import_module("suwen.diagnosis.heart.equations.qrisk3").EQUATIONS)
    return {one.key: one for room in rooms for one in room}


def _risk(equation: Equation, values: Mapping[str, Value]) -> float:
    return equation.risk(math.fsum(equation.terms(values).values()), values)


def _off(equation: Equation, case: Case) -> float:
    risk = 100 * _risk(equation, case.values)
    if equation.key == "qrisk3":
        return abs(risk - case.said)
    digits = 2 if equation.key.startswith(("framingham", "mesa")) else 1
    return abs(round(risk, digits) - case.said)


def _figures(off: list[tuple[Case, float]]) -> dict[str, float]:
    groups: dict[str, list[float]] = {}
    for case, error in off:
        for name in _names(case):
            groups.setdefault(name, []).append(error)
    found: dict[str, float] = {}
    for name, errors in groups.items():
        found |= {f"{name}.max_error": max(errors), f"{name}.mean_error": fmean(errors)}
    return found


def _names(case: Case) -> Iterable[str]:
    if not case.equation.startswith("china-par"):
        yield {"pooled": "pce"}.get(case.equation.split("-")[0], case.equation.split("-")[0])
        return
    room = "china_par_lifetime" if case.equation.endswith("lifetime") else "china_par"
    name = f"{room}.{'men' if case.values['sex'] == 'male' else 'women'}"
    yield name
    if not case.fitted:
        yield f"{name}.held_out"


def _outside(equations: Iterable[Equation], options: Options, notify: Callable[[int, int], None]) -> int:
    """How many random people get a result that is no risk."""
    rng, count = Random(options.seed), options.limit or _RANDOM  # noqa: S311 - people to try, no secret
    all_of_them, wrong = [*equations], 0
    for done, one in enumerate(all_of_them, start=1):
        for _ in range(count):
            risk = _risk(one, _random_person(one, rng))
            wrong += not (math.isfinite(risk) and 0 <= risk <= 1)
        notify(done, len(all_of_them))
    return wrong


def _random_person(equation: Equation, rng: Random) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key in (*equation.needs, *equation.uses):
        factor = FACTORS[key]
        if factor.kind is FactorKind.CHOICE:
            values[key] = rng.choice(factor.choices)
        elif factor.kind is FactorKind.YES_NO:
            values[key] = float(rng.randint(0, 1))
        else:
            values[key] = rng.uniform(*equation.range.get(key, (factor.low, factor.high)))
    return values
