"""Proves that a batch gives the same profiles in the same order on any number of processes, and stops at nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from suwen.drugs.batch import Answer, Given, _spread, profiles
from suwen.drugs.nouns import Profile
from suwen.drugs.profile import profile
from suwen.drugs.structure import LARGEST
from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule, Refused

pytest.importorskip("rdkit")
SMILES = ("CCO", "this is no molecule", "c1ccccc1", "C" * (LARGEST + 1), "[H][H]", "CC(=O)Oc1ccccc1C(=O)O")


def molecules(repeated: int) -> list[Molecule]:
    return [Molecule(smiles, str(number)) for number, smiles in enumerate(SMILES * repeated)]


def test_a_molecule_that_fails_is_refused_in_one_sentence_and_the_rest_goes_on() -> None:
    answers = list(profiles(molecules(1), processes=1))
    assert [isinstance(one, Profile) for one in answers] == [True, False, True, False, False, True]
    refused = [one for one in answers if isinstance(one, Refused)]
    assert [one.row for one in refused] == [2, 4, 5]
    for one in refused:
        assert one.problem.what
        assert "\n" not in one.problem.what
        assert one.written == SMILES[one.row - 1][:80]
        with pytest.raises(InputError):
            profile(Molecule(SMILES[one.row - 1], "x"))


def test_what_was_refused_in_reading_is_passed_on() -> None:
    before = Refused(7, "C(", Problem("", "a bracket is not closed"))
    answers = list(profiles([before, Molecule("CCO", "x"), Molecule("?", "y")], processes=1))
    assert answers[0] == before
    assert isinstance(answers[1], Profile)
    assert isinstance(answers[2], Refused)
    assert answers[2].row == 3


def test_two_processes_answer_as_one_does_in_the_order_given() -> None:
    given = molecules(30)
    told: list[int] = []
    answers = list(profiles(given, processes=2, notify=told.append))
    assert answers == list(profiles(given, processes=1))
    assert [one.molecule for one in answers if isinstance(one, Profile)] == [
        one for one in given if one.smiles in {"CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O"}
    ]
    assert told == sorted(told)
    assert told[-1] == len(given)


def test_the_list_is_read_no_further_than_needed() -> None:
    taken = 0

    def endless() -> Iterator[Molecule]:
        nonlocal taken
        while True:
            taken += 1
            yield Molecule("CCO", str(taken))

    stream = profiles(endless(), processes=1)
    first = [next(stream) for _ in range(3)]
    assert [one.molecule.key for one in first if isinstance(one, Profile)] == ["1", "2", "3"]
    assert taken <= 64
    stream = profiles(endless(), processes=2)
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert taken <= 64 + 64 * 9


def test_none_is_none_and_no_process_is_refused() -> None:
    assert list(profiles([], processes=2)) == []
    with pytest.raises(InputError):
        list(profiles([], processes=0))


def test_a_salt_and_its_parent_have_the_same_profile() -> None:
    parse = pytest.importorskip("suwen.formats.molecules.parse")
    salt, parent = (parse.read_molecule(one) for one in ("CCN(CC)CC.Cl", "CCN(CC)CC"))
    assert salt.smiles == parent.smiles
    assert profile(salt).numbers() == profile(parent).numbers()
    assert profile(salt).notices


def deadly(lot: list[Given]) -> list[Answer]:
    """Does away with its process when it sees a certain molecule, as a fault in a library would."""
    if any(isinstance(one, Molecule) and one.smiles == "deadly" for one in lot):
        os._exit(1)
    return [profile(one) for one in lot if isinstance(one, Molecule)]


def test_a_molecule_that_kills_its_process_is_refused_and_the_rest_goes_on() -> None:
    lots: list[list[Given]] = [[Molecule("C", "1")], [Molecule("deadly", "x", name="it"), Molecule("CCS", "2")]]
    answers = [one for lot in _spread(deadly, iter([*lots, [Molecule("CC", "3")]]), 1) for one in lot]
    assert [one.molecule.key if isinstance(one, Profile) else one.problem.where for one in answers] == [
        "1", "it", "2", "3",
    ]  # fmt: skip
