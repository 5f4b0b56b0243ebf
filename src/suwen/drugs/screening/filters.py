"""The filters: each row of a library read, tested from the cheapest test on, and dropped at the first that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from suwen.drugs.alerts import ALERT_SETS, alerts_of
from suwen.drugs.nouns import Property
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES, Limit, Rule
from suwen.drugs.screening.candidates import Candidate, Dropped, Given, Outcome, Raw
from suwen.drugs.screening.chemical_checks import pattern_of
from suwen.drugs.screening.goals import Filters, Substructure
from suwen.drugs.screening.nouns import Criterion, Failed
from suwen.drugs.screening.numbers import COSTS, FORMULA, Numbers, formula_numbers
from suwen.drugs.screening.words import problem
from suwen.drugs.units import unit_text
from suwen.errors import FormatError, InputError, MissingExtraError, Problem
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.standardise import standardised
from suwen.formats.molecules.structure import chemistry, mol_of
from suwen.subject import Saying

__all__ = ["FilterWork", "broken_molecule", "filter_criteria", "safely"]

_SHOWN = 80  # characters of a structure that are shown
_SMARTS_COST = 60.0
_ALERT_COSTS = {"pains_a": 240.0, "pains_b": 260.0, "pains_c": 280.0, "nih": 800.0, "brenk": 1000.0}  # microseconds
Passes = Callable[[Numbers], bool]


@dataclass(frozen=True, slots=True)
class _Test:
    cost: float
    criterion: Criterion
    passes: Passes
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class FilterWork:
    """The work of the filters on a lot of rows; `columns` are quantities that survivors must carry besides."""

    filters: Filters
    standardised: bool = False
    columns: tuple[str, ...] = ()

    def __call__(self, rows: list[Given]) -> list[Outcome]:
        """What becomes of each row."""
        return [safely(self._one, row, "filters") for row in rows]

    def _one(self, row: Given) -> Outcome:
        if isinstance(row, Refused):
            return Failed(row.row, row.written, "read", row.problem)
        tests = _tests(self.filters)
        molecule = row.molecule if isinstance(row, Candidate) else None
        if isinstance(row, Raw):
            mol, noticed = mol_of(row.written)
            early = None if self.standardised else self._early(mol)
            if early is not None:
                return early
            made = _as_it_stands(mol, row) if self.standardised else _standard(mol, row)
            molecule = replace(made, fields=row.fields, noticed=(*noticed, *made.noticed))
        numbers = Numbers(molecule)  # type: ignore[arg-type]
        for test in tests:
            if not test.passes(numbers):
                return Dropped(test.criterion.key)
        keys = dict.fromkeys([*(one.key for one in self.filters.quantities), *self.columns])
        values = {key: numbers[key].value for key in keys}
        return Candidate(row.row, numbers.molecule, {key: one for key, one in values.items() if one is not None})

    def _early(self, mol: Any) -> Dropped | None:
        """The first test on the formula that fails, where standardising (which takes longest) cannot change it."""
        tests = [one for one in _tests(self.filters) if one.limit is not None and one.limit.key in FORMULA]
        numbers = formula_numbers(mol) if tests else None
        if numbers is None:
            return None
        for test in tests:
            if test.limit is not None and test.limit.met(Property(test.limit.key, numbers[test.limit.key])) is False:
                return Dropped(test.criterion.key)
        return None


def safely(work: Callable[[Any], Outcome], one: Any, stage: Any) -> Outcome:
    """What `work` answers; an error of the molecule becomes a failure of it, an absent package ends everything."""
    try:
        return work(one)
    except MissingExtraError:
        raise
    except FormatError as refused:
        where = "read" if isinstance(one, Raw) else stage
        return _failed(
            one,
            where,
            refused.problems[0] if refused.problems else Problem("", str(refused), zh_what=refused.said("zh")),
        )
    except InputError as refused:
        return _failed(one, stage, Problem("", str(refused), zh_what=refused.said("zh")))
    except (ValueError, RuntimeError, OverflowError) as failed:  # what RDKit raises on odd chemistry
        why = str(failed).split("\n", maxsplit=1)[0][:120]
        return _failed(one, stage, problem("failed", why=why))


def broken_molecule(one: Any, *, stage: Any) -> Outcome:
    """The failure of a molecule that a process died of."""
    return _failed(one, stage, problem("broke"))


def _failed(one: Any, stage: Any, what: Problem) -> Failed:
    written = one.written if isinstance(one, Raw | Refused) else one.molecule.written or one.molecule.smiles
    return Failed(one.row, written[:_SHOWN], stage, what)


def _standard(mol: Any, row: Raw) -> Molecule:
    return standardised(mol, written=row.written, name=row.name)


def _as_it_stands(mol: Any, row: Raw) -> Molecule:
    """The molecule of a structure that is in standard form already; its InChIKey is made for those that are kept."""
    return Molecule(chemistry().MolToSmiles(mol), "", row.written, row.name)


def filter_criteria(filters: Filters) -> tuple[Criterion, ...]:
    """What the filters ask, cheapest first, the order in which they are tested."""
    made = [test.criterion for test in _tests(filters)]
    if filters.drop_duplicates:
        made.append(Criterion("duplicate", "filters", Saying("not the same as one before", "不与前面的分子重复")))
    return tuple(made)


@cache
def _tests(filters: Filters) -> tuple[_Test, ...]:
    made = [_of_range(Limit(one.key, one.at_least, one.at_most)) for one in filters.quantities]
    made += [_of_rule(RULES[key]) for key in filters.rules]
    made += [_of_part(one, at, wanted=True) for at, one in enumerate(filters.required, start=1)]
    made += [_of_part(one, at, wanted=False) for at, one in enumerate(filters.forbidden, start=1)]
    made += [_of_alerts(key) for key in filters.without_alerts]
    if filters.elements:
        made.append(_of_elements(filters.elements))
    return tuple(sorted(made, key=lambda test: test.cost))


def _of_range(limit: Limit) -> _Test:
    unit = unit_text(QUANTITIES[limit.key].unit)
    behind = f" {unit}" if unit else ""
    said = Saying(limit.said("en") + behind, limit.said("zh") + behind)
    return _Test(
        COSTS[limit.key],
        Criterion(limit.key, "filters", said),
        lambda numbers: limit.met(numbers[limit.key]) is not False,
        limit,
    )


def _of_rule(rule: Rule) -> _Test:
    keys = {limit.key for limits in rule.criteria for limit in limits}
    said = Saying(f"keeps {rule.name.en}", f"满足{rule.name.zh}")
    cost = min(max(COSTS.values()), sum(COSTS[key] for key in keys))
    return _Test(cost, Criterion(f"rule.{rule.key}", "filters", said), partial(_keeps, rule))


def _keeps(rule: Rule, numbers: Numbers) -> bool:
    """Whether the rule is not surely broken; no more numbers are worked out than that takes."""
    broken = 0
    for limits in sorted(rule.criteria, key=lambda limits: max(COSTS[limit.key] for limit in limits)):
        broken += all(limit.met(numbers[limit.key]) is False for limit in limits)
        if broken > rule.forgiven:
            return False
    return True


def _of_part(one: Substructure, at: int, *, wanted: bool) -> _Test:
    pattern = pattern_of(one.smarts)
    called = one.called
    said = Saying(f"has {called}", f"含{called}") if wanted else Saying(f"has no {called}", f"不含{called}")
    key = f"required.{at}" if wanted else f"forbidden.{at}"
    return _Test(
        _SMARTS_COST,
        Criterion(key, "filters", said),
        lambda numbers: numbers.structure.HasSubstructMatch(pattern) is wanted,
    )


def _of_alerts(key: str) -> _Test:
    name = ALERT_SETS[key].name
    said = Saying(f"no alert of {name.en}", f"未命中{name.zh}")
    return _Test(
        _ALERT_COSTS.get(key, 1500.0),
        Criterion(f"alerts.{key}", "filters", said),
        lambda numbers: not alerts_of(numbers.structure, numbers.molecule.smiles, numbers.bits, sets=(key,)),
    )


def _of_elements(elements: Iterable[str]) -> _Test:
    allowed = {"H", *elements}
    named = ", ".join(elements)
    return _Test(
        1.0,
        Criterion("elements", "filters", Saying(f"of these elements only: {named}", f"仅含元素：{named}")),
        lambda numbers: all(atom.GetSymbol() in allowed for atom in numbers.structure.GetAtoms()),
    )
