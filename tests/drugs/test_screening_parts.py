"""The parts of a screening by their laws: cheap numbers, ranking, Pareto fronts, diverse choices, lots of work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.drugs.properties import properties_of
from suwen.drugs.screen import fingerprint
from suwen.drugs.screening.best import best_by
from suwen.drugs.screening.candidates import Candidate, candidate_of, candidate_tree
from suwen.drugs.screening.goals import PickGoal, RankGoal, RankPart
from suwen.drugs.screening.library import LibraryFile, rows_of
from suwen.drugs.screening.numbers import FORMULA, Numbers, formula_numbers
from suwen.drugs.screening.picking import apart, pick
from suwen.drugs.screening.ranking import (
    best_rows,
    desirability,
    desired_parts,
    merit_of,
    ordered_rows,
    pareto_fronts,
)
from suwen.drugs.similarity.fingerprints import fingerprints
from suwen.drugs.similarity.fused import highest_tanimoto
from suwen.drugs.structure import structure_of
from suwen.errors import InputError
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import mol_of

SMILES = (
    "CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C)C(=O)N2C", "O=C(c1ccccc1)C1=CC=CC=CC1=O", "C[N+](C)(C)CC([O-])=O",
    "Oc1ccncc1", "O=c1cc[nH]cc1", "CC(O)=Nc1ccccc1", "CS(=O)(=O)N1CCOCC1", "ON=C1CCCCC1", "N=C(N)NCCCC(N)C(=O)O",
    "FC(F)(F)c1cc(Cl)nc(Br)c1I", "C1CC2CCC1C2", "C1CCC2(CC1)OCCO2", "[2H]C([2H])([2H])O", "CN(=O)=O", "CC#N",
    "CSC(=N)N", "Cn1cnc2c1c(=O)[nH]c(=O)n2C", "C/C=C/C(=O)NO", "O=P(O)(O)OC", "CC1=CC(=O)CC(C)(C)C1", "OC1=CC=CC=N1",
    "c1ccc2c(c1)[nH]c1ccccc12", "O=C1NC(=O)c2ccccc21", "NC(=S)c1ccccc1",
)  # fmt: skip


@pytest.mark.parametrize("smiles", SMILES)
def test_a_number_by_itself_is_that_of_the_profile(smiles: str) -> None:
    molecule = read_molecule(smiles)
    structure = structure_of(molecule)
    numbers = Numbers(molecule)
    for one in properties_of(structure, fingerprint(structure)):
        assert numbers[one.key] == one, one.key
        assert Numbers(molecule)[one.key] == one, one.key


@pytest.mark.parametrize("smiles", SMILES)
def test_what_is_told_before_standardising_holds_after_it(smiles: str) -> None:
    early = formula_numbers(mol_of(smiles)[0])
    if early is not None:
        after = Numbers(read_molecule(smiles))
        assert early == {key: after[key].value for key in FORMULA}


@pytest.mark.parametrize("smiles", ["CC(=O)[O-].[Na+]", "C[N+](C)(C)C", "CCO.Cl", "[Fe]", "C[Si](C)C", "[CH3]", "*CC"])
def test_nothing_is_told_early_of_what_standardising_may_change(smiles: str) -> None:
    assert formula_numbers(mol_of(smiles)[0]) is None


_numbers = st.floats(-100, 100)


@given(_numbers, _numbers, _numbers, st.floats(0.1, 5))
def test_desirability_is_a_share_and_goes_one_way(low: float, high: float, value: float, power: float) -> None:
    low, high = min(low, high), max(low, high) + 1
    up, down = (RankPart("x", want, low, high, power=power) for want in ("high", "low"))
    for part in (up, down, RankPart("x", "between", low, high, margin=2.0, power=power)):
        assert 0 <= desirability(part, value) <= 1
    assert desirability(up, value) <= desirability(up, value + 1)
    assert desirability(down, value) >= desirability(down, value + 1)
    straight = RankPart("x", "low", low, high)
    assert desirability(straight, value) == pytest.approx(1 - desirability(RankPart("x", "high", low, high), value))


def test_desirability_between_falls_off_over_its_margin() -> None:
    part = RankPart("x", "between", 1, 3, margin=2)
    assert [desirability(part, one) for one in (-1, 0, 1, 2, 3, 4, 5)] == [0, 0.5, 1, 1, 1, 0.5, 0]
    assert [desirability(RankPart("x", "between", 1, 3), one) for one in (0.9, 1, 3, 3.1)] == [0, 1, 1, 0]


def test_merit_is_the_weighted_geometric_mean_and_one_bad_part_spoils_it() -> None:
    parts = (RankPart("a", "high", 0, 1, weight=3), RankPart("b", "high", 0, 1))
    assert merit_of(parts, desired_parts(parts, {"a": 0.5, "b": 0.25})) == pytest.approx((0.5**3 * 0.25) ** 0.25)
    assert merit_of(parts, desired_parts(parts, {"a": 1.0, "b": 0.0})) == 0
    assert merit_of(parts, desired_parts(parts, {"a": 1.0})) is None
    assert merit_of((), ()) is None


def test_rows_without_a_part_come_last_and_ties_keep_the_order_of_the_library() -> None:
    goal = RankGoal((RankPart("a", "high", 0, 1), RankPart("b", "low", 0, 1)))
    values = [{"a": 0.5, "b": 0.5}, {"a": 0.9}, {"a": 0.5, "b": 0.5}, {"a": 1.0, "b": 0.1}, {"a": 0.0, "b": 0.2}]
    places = ordered_rows(goal, [5, 6, 7, 8, 9], values)
    assert [one.row for one in places] == [8, 5, 7, 9, 6]
    assert places[-1].merit is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=20), st.integers(1, 9), st.booleans())
def test_the_best_rows_are_the_first_of_all(values: list[tuple[int, int]], count: int, fronts: bool) -> None:
    parts = (RankPart("a", "high", 0, 4), RankPart("b", "low", 0, 4))
    goal = RankGoal(parts, method="pareto" if fronts else "merit")
    told = [{"a": a / 1, "b": b / 1} if a else {"a": 0.0} for a, b in values]
    every = ordered_rows(goal, [*range(len(told))], told)
    assert best_rows(goal, enumerate(told), count) == every[:count]


def test_without_parts_docking_ranks_before_likeness() -> None:
    docked = ordered_rows(RankGoal(), [1, 2, 3], [{"docking": -5}, {"docking": -9}, {"docking": -7}])
    assert [one.row for one in docked] == [2, 3, 1]
    like = ordered_rows(RankGoal(), [1, 2, 3], [{"likeness": 0.1}, {"likeness": 0.9}, {}])
    assert [one.row for one in like] == [2, 1, 3]


_costs = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), max_size=25)


@given(_costs)
def test_fronts_are_those_of_comparing_every_pair(costs: list[list[int]]) -> None:
    table = np.array(costs, float).reshape(len(costs), 3)
    found = pareto_fronts(table)
    expected, left, front = {}, set(range(len(costs))), 0
    while left:
        front += 1
        first = {
            one for one in left
            if not any((table[other] <= table[one]).all() and (table[other] < table[one]).any() for other in left)
        }  # fmt: skip
        expected |= dict.fromkeys(first, front)
        left -= first
    assert found.tolist() == [expected[at] for at in range(len(costs))]


def test_pareto_ranks_by_front_then_by_merit() -> None:
    goal = RankGoal((RankPart("a", "high", 0, 10), RankPart("b", "low", 0, 10)), method="pareto")
    values = [{"a": 9, "b": 9}, {"a": 5, "b": 5}, {"a": 4, "b": 6}, {"a": 2, "b": 0}]
    places = ordered_rows(goal, [1, 2, 3, 4], values)
    assert [(one.row, one.front) for one in places] == [(2, 1), (4, 1), (1, 1), (3, 2)]


def _candidates() -> Iterator[Candidate]:
    for row, smiles in enumerate(SMILES, start=1):
        yield Candidate(row, Molecule(read_molecule(smiles).smiles, ""), {"likeness": 1 / row})


def _alike(rows: list[int]) -> float:
    """The highest likeness of any two of the rows."""
    smiles = {one.row: one.molecule.smiles for one in _candidates()}
    words = fingerprints([smiles[row] for row in rows])
    return max(highest_tanimoto(words[at + 1 :], words[at : at + 1]).max() for at in range(len(rows) - 1))


def test_maxmin_takes_as_many_as_asked_and_lies_wider_than_the_first_ones() -> None:
    chosen = [*pick(PickGoal(count=8), _candidates, seed=3).rows]
    assert len(set(chosen)) == 8
    assert chosen == [*pick(PickGoal(count=8), _candidates, seed=3).rows]
    assert _alike(chosen) < _alike([*range(1, 9)])
    assert len(pick(PickGoal(count=99), _candidates, seed=0).rows) == len(SMILES)
    assert not pick(PickGoal(count=3), lambda: iter(()), seed=0).rows
    assert not pick(PickGoal("sphere"), lambda: iter(()), seed=0).rows


@pytest.mark.parametrize("alike", [0.0, 0.15, 0.3, 0.6])
def test_spheres_are_those_of_going_down_the_list(alike: float) -> None:
    words = fingerprints([one.molecule.smiles for one in _candidates()])
    taken: list[int] = []
    for at in range(len(words)):
        if not taken or highest_tanimoto(words[taken], words[at : at + 1])[0] <= alike:
            taken.append(at)
    rows = [at + 1 for at in taken]
    assert [*pick(PickGoal("sphere", alike=alike), _candidates, seed=0).rows] == rows
    smiles = {one.row: one.molecule.smiles for one in _candidates()}
    assert apart([*smiles], smiles.__getitem__, alike, 99) == rows
    assert apart([*smiles], smiles.__getitem__, alike, 2) == rows[:2]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5) | st.none(), max_size=30), st.integers(1, 10), st.booleans())
def test_the_best_are_those_of_sorting(values: list[int | None], count: int, lowest: bool) -> None:
    def source() -> Iterator[Candidate]:
        for row, value in enumerate(values):
            yield Candidate(row, Molecule("C", ""), {} if value is None else {"x": float(value)})

    found = best_by(source, ("x",), count, "key", lowest=lowest)
    told = [(value is None, (value or 0) * (1 if lowest else -1), row) for row, value in enumerate(values)]
    assert [*found.rows] == [row for _, _, row in sorted(told)[:count]]


_text = st.text(max_size=12)


@given(_text, st.lists(st.tuples(_text, _text), max_size=3), st.dictionaries(_text, st.floats(-9, 9), max_size=3))
def test_a_candidate_is_the_same_after_the_journal(
    name: str, fields: list[tuple[str, str]], values: dict[str, float]
) -> None:
    one = Candidate(7, Molecule("CCO", "KEY", name, name, tuple(fields), read_molecule("CC(=O)[O-]").noticed), values)
    assert candidate_of(candidate_tree(one)) == one


@pytest.mark.parametrize(
    ("data", "stated", "said"),
    [(b"CCO a\n", {"name_column": "id"}, r"a\.smi: .* no columns"), (bytes(range(256)) * 9, {}, r"a\.smi: .* binary")],
)
def test_what_is_wrong_with_a_list_is_said_before_its_first_row(
    tmp_path: Path, data: bytes, stated: dict[str, str], said: str
) -> None:
    path = tmp_path / "a.smi"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said):
        rows_of(LibraryFile(path, **stated))
