"""The funnel keeps what asking each molecule by itself would keep, counts every molecule once, and can be resumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.drugs.profile import profile
from suwen.drugs.screening.dockers import Laid
from suwen.drugs.screening.funnel import Tools, screen
from suwen.drugs.screening.goals import (
    Between,
    DockingGoal,
    Filters,
    Goals,
    LikenessGoal,
    ModelGoal,
    PickGoal,
    RankGoal,
    RankPart,
    Substructure,
)
from suwen.drugs.screening.library import LibraryFile
from suwen.drugs.screening.nouns import Column, Screened
from suwen.drugs.screening.predictors import Foretold
from suwen.drugs.similarity.fingerprints import fingerprints
from suwen.drugs.similarity.fused import highest_tanimoto
from suwen.errors import FormatError, InputError, NotFoundError, Problem
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Saying

SMILES = (
    "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]", "CN1C=NC2=C1C(=O)N(C)C(=O)N2C", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "this is none",
    "O=C(O)c1ccccc1OC(C)=O", "c1ccccc1", "CC(C)NCC(O)COc1cccc2ccccc12", "O=C1C=CC(=O)C=C1", "Clc1ccccc1", "C" * 60,
    "O=[N+]([O-])c1ccccc1", "NC(=O)c1cccnc1", "CCN(CC)CCNC(=O)c1ccc(N)cc1", "C[N+](C)(C)CCO", "OB(O)c1ccccc1",
    "CN1CCC[C@H]1c1cccnc1", "Oc1ccc(cc1)C1CCNCC1", "O=C(Nc1ccccc1)c1ccccc1", "CS(=O)(=O)c1ccccc1", "C1CC",
    "NCCc1ccc(O)c(O)c1", "COc1ccc2[nH]cc(CCNC(C)=O)c2c1", "O=C(O)CCc1ccccc1", "Nc1ccc(cc1)S(N)(=O)=O",
    "OC(CNC(C)C)COc1cccc2ccccc12",
)  # fmt: skip
FILTERS = Filters(
    quantities=(Between("weight", 100, 350), Between("logp", None, 3.5), Between("qed", 0.3, None)),
    rules=("lipinski", "veber", "golden_triangle"),
    without_alerts=("pains_a", "brenk"),
    forbidden=(Substructure("[N+](=O)[O-]", "nitro"),),
    required=(Substructure("c"),),
    elements=("C", "N", "O", "S"),
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    file = tmp_path / "library.smi"
    file.write_text("".join(f"{smiles} M{at}\n" for at, smiles in enumerate(SMILES, start=1)), "utf-8")
    return file


def _kept_by_hand() -> list[int]:
    """Rows that keep every filter, by the whole profile of each."""
    kept: dict[str, int] = {}
    for row, smiles in enumerate(SMILES, start=1):
        try:
            found = profile(read_molecule(smiles))
        except FormatError:
            continue
        within = all(
            (one.at_least is None or found[one.key].value >= one.at_least)  # type: ignore[operator]
            and (one.at_most is None or found[one.key].value <= one.at_most)  # type: ignore[operator]
            for one in FILTERS.quantities
        )
        rules = all(one.kept is not False for one in found.rules if one.key in FILTERS.rules)
        alerts = any(one.set in FILTERS.without_alerts for one in found.alerts)
        plain = not any(mark in found.molecule.smiles for mark in ("B", "Cl", "[N+](=O)"))
        if within and rules and not alerts and plain and "c" in found.molecule.smiles:
            kept.setdefault(found.molecule.key, row)
    return list(kept.values())


def _sums(found: Screened) -> None:
    for one in found.stages:
        assert one.entered == one.kept + sum(count for _, count in one.dropped) + one.failed, one.stage
    for before, after in zip(found.stages, found.stages[1:], strict=False):
        assert before.kept == after.entered
    assert found.stages[-1].kept == len(found.kept)
    for stage in found.stages:
        for key, _count in stage.dropped:
            assert found.criterion(key).stage == stage.stage


def test_the_filters_keep_what_the_whole_profile_would_keep(library: Path) -> None:
    found = screen(library, Goals(filters=FILTERS), processes=1)
    _sums(found)
    assert [one.row for one in found.kept] == _kept_by_hand()
    assert [one.row for one in found.failed] == [4, 20]
    assert all(one.stage == "read" for one in found.failed)
    assert found.stages[0].entered == len(SMILES)
    assert dict(found.stages[0].dropped)["duplicate"] == 1
    for one in found.kept:
        told = profile(read_molecule(SMILES[one.row - 1])).numbers()
        assert dict(one.values) == pytest.approx(dict(told))
        assert one.molecule.name == f"M{one.row}"


def test_a_number_that_is_only_bounded_drops_where_it_surely_breaks_the_limit() -> None:
    library = [read_molecule(one) for one in ("CCCCCCCCCCCC", "OCC(O)C(O)CO")]  # logD is at most logP, no more is known
    above, below = (screen(library, Goals(filters=Filters((one,))), processes=1)
                    for one in (Between("logd", 1.0, None), Between("logd", None, 1.0)))  # fmt: skip
    assert [one.row for one in above.kept] == [1]
    assert [one.row for one in below.kept] == [1, 2]


def test_what_was_kept_before_an_interrupt_is_known_as_a_duplicate_after_it(tmp_path: Path) -> None:
    library = tmp_path / "library.smi"
    library.write_text("\n".join(f"{'C' * (1 + at % 70)}O" for at in range(150)), "utf-8")
    folder = tmp_path / "journal"
    whole = screen(library, Goals(), processes=1, journal=folder)
    assert len(whole.kept) == 70
    file = folder / "1-filters.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:1]))
    again = screen(library, Goals(), processes=1, journal=folder)
    assert again.kept == whole.kept
    assert again.stages[0].dropped == whole.stages[0].dropped == (("duplicate", 80),)


def test_two_processes_keep_what_one_does(library: Path) -> None:
    goals = Goals(filters=FILTERS)
    one, two = (screen(library, goals, processes=count) for count in (1, 2))
    assert one.kept == two.kept
    assert one.failed == two.failed


def test_a_stream_and_a_table_are_screened_as_a_list_is(library: Path, tmp_path: Path) -> None:
    goals = Goals(filters=FILTERS)
    by_list = screen(library, goals, processes=1)
    good = [(row, one) for row, one in enumerate(SMILES, start=1) if row not in (4, 20)]
    by_stream = screen((read_molecule(one, name=f"M{row}") for row, one in good), goals, processes=1)
    assert [one.molecule.name for one in by_stream.kept] == [one.molecule.name for one in by_list.kept]
    table = tmp_path / "library.csv"
    table.write_text("id,what,price\n" + "".join(f"M{row},{one},{row}\n" for row, one in good), "utf-8")
    by_table = screen(LibraryFile(table, column="what"), goals, processes=1)
    assert [one.molecule.name for one in by_table.kept] == [one.molecule.name for one in by_list.kept]
    assert all(dict(one.molecule.fields)["price"] == one.molecule.name[1:] for one in by_table.kept)


def test_a_library_of_standard_forms_gives_the_same(library: Path, tmp_path: Path) -> None:
    standard = tmp_path / "standard.smi"
    rows = [read_molecule(one).smiles for at, one in enumerate(SMILES, start=1) if at not in (4, 20)]
    standard.write_text("\n".join(rows), "utf-8")
    usual = screen(library, Goals(filters=FILTERS), processes=1)
    quick = screen(standard, Goals(filters=FILTERS, standardised=True), processes=1)
    assert [(one.molecule.key, one.values) for one in quick.kept] == [
        (one.molecule.key, one.values) for one in usual.kept
    ]


def test_likeness_keeps_the_likest(library: Path) -> None:
    like = ("c1ccccc1C(=O)O", "CCO")
    found = screen(library, Goals(likeness=LikenessGoal(like, keep=5)), processes=1)
    _sums(found)
    everything = screen(library, Goals(), processes=1).kept
    queries = fingerprints([read_molecule(one).smiles for one in like])
    truth = highest_tanimoto(queries, fingerprints([one.molecule.smiles for one in everything]))
    assert [one["likeness"] for one in found.kept] == sorted(truth.tolist(), reverse=True)[:5]
    bounds = LikenessGoal(like, at_least=0.2, at_most=0.5)
    within = screen(library, Goals(likeness=bounds), processes=1)
    assert len(within.kept) == sum(0.2 <= one <= 0.5 for one in truth.tolist())


@pytest.mark.parametrize("keep", [3, 99])
def test_those_too_alike_to_a_better_one_are_left_out_and_counted(library: Path, keep: int) -> None:
    parts = (RankPart("weight", "high", 0, 1000),)
    every = screen(library, Goals(rank=RankGoal(parts, keep=99)), processes=1).kept
    words = fingerprints([one.molecule.smiles for one in every])
    taken: list[int] = []
    for at in range(len(every)):
        if len(taken) < keep and (not taken or highest_tanimoto(words[taken], words[at : at + 1])[0] <= 0.25):
            taken.append(at)
    found = screen(library, Goals(rank=RankGoal(parts, keep=keep, apart=0.25)), processes=1)
    _sums(found)
    assert [one.row for one in found.kept] == [every[at].row for at in taken]
    passed = len(every) if keep == 99 else taken[-1] + 1
    assert dict(found.stages[-1].dropped).get("rank.apart", 0) == passed - len(taken)


@dataclass(frozen=True)
class Weigher:
    """A model whose value is the number of atoms; it cannot tell molecules with sulfur."""

    keys: tuple[str, ...] = ("size",)

    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(key, "models", Saying(key, key), "characters", "test") for key in self.keys)

    def __call__(self, molecules: Sequence[Molecule]) -> Sequence[Mapping[str, Foretold]]:
        if any("S" in one.smiles for one in molecules):
            raise InputError("sulfur was never measured")
        sizes = [float(len(one.smiles)) for one in molecules]
        return [{key: Foretold(size, size - 5, size + 5, size < 25) for key in self.keys} for size in sizes]


@dataclass(frozen=True)
class Docker:
    """Docking whose score is minus the length; it cannot dock what has a nitrogen first."""

    refuses: str = "N"

    def __call__(self, molecules: Iterable[Molecule]) -> Iterator[Laid | Problem]:
        for one in molecules:
            bad = one.smiles.startswith(self.refuses)
            yield (
                Problem("", "no pose was found") if bad else Laid(-len(one.smiles) / 4, f"{one.name}\n pose\nM  END\n")
            )


def _whole(tmp_path: Path, **changes: object) -> Goals:
    receptor = tmp_path / "receptor.pdbqt"
    receptor.touch()
    goals = Goals(
        filters=Filters((Between("weight", 80, 400),)),
        models=(ModelGoal("size", endpoint="size", at_most=40, keep=14, best="high"),),
        pick=PickGoal(count=12),
        docking=DockingGoal(receptor, (0, 0, 0), (20, 20, 20), keep=8),
        rank=RankGoal(parts=(RankPart("docking", "low", -9, -1), RankPart("qed", "high", 0.1, 1)), keep=5),
    )
    return replace(goals, **changes)  # type: ignore[arg-type]


TOOLS = Tools((Weigher(),), Docker())


def test_models_and_docking_fail_molecules_apart_and_never_score_them_nought(library: Path, tmp_path: Path) -> None:
    found = screen(library, _whole(tmp_path), processes=1, tools=TOOLS)
    _sums(found)
    stages = {one.stage: one for one in found.stages}
    assert list(stages) == ["filters", "models", "pick", "docking", "rank"]
    told = {one.stage: one.problem.what for one in found.failed}
    assert told["models"] == "the model cannot tell: sulfur was never measured"
    assert told["docking"] == "no pose was found"
    assert stages["models"].failed == sum("S" in one for one in SMILES)
    for one in found.kept:
        assert one["docking"] == -len(one.molecule.smiles) / 4
        assert one["size"] == len(one.molecule.smiles)
        assert (one["size.low"], one["size.high"]) == (one["size"] - 5, one["size"] + 5)
        assert one.pose.startswith(one.molecule.name)
        assert [part.key for part in one.parts] == ["docking", "qed"]
    assert [one.place for one in found.kept] == [1, 2, 3, 4, 5]
    assert [one.merit for one in found.kept] == sorted((one.merit or 0 for one in found.kept), reverse=True)


def test_a_model_limit_may_bind_the_whole_interval_and_the_domain(library: Path) -> None:
    def kept(**limits: object) -> set[int]:
        goal = ModelGoal("size", endpoint="size", **limits)  # type: ignore[arg-type]
        found = screen(library, Goals(models=(goal,)), processes=1, tools=TOOLS)
        _sums(found)
        return {len(one.molecule.smiles) for one in found.kept}

    assert max(kept(at_most=20)) <= 20
    assert max(kept(at_most=20, surely=True)) <= 15
    assert min(kept(at_least=20, surely=True)) >= 25
    assert max(kept(at_most=100, inside=True)) < 25


def test_a_model_that_gives_no_number_fails_the_molecule(library: Path) -> None:
    @dataclass(frozen=True)
    class Silent(Weigher):
        def __call__(self, molecules: Sequence[Molecule]) -> Sequence[Mapping[str, Foretold]]:
            return [{"size": Foretold(float("nan"))} for _ in molecules]

    goals = Goals(models=(ModelGoal("size", endpoint="size", at_most=1),))
    found = screen(library, goals, processes=1, tools=Tools((Silent(),)))
    assert not found.kept
    assert found.stages[1].failed == found.stages[1].entered


class StoppedError(Exception):
    """Stands for the interrupt of a user."""


@dataclass
class Breaking:
    """A docker that is interrupted after some molecules, and counts how many it was asked."""

    after: int
    asked: int = 0

    def __call__(self, molecules: Iterable[Molecule]) -> Iterator[Laid | Problem]:
        for one in molecules:
            if self.asked == self.after:
                raise StoppedError
            self.asked += 1
            yield from Docker()([one])


def test_an_interrupted_screening_goes_on_and_ends_as_a_whole_one_does(library: Path, tmp_path: Path) -> None:
    goals = _whole(tmp_path)
    whole = screen(library, goals, processes=1, tools=TOOLS)
    folder = tmp_path / "journal"
    with pytest.raises(StoppedError):
        screen(library, goals, processes=1, tools=Tools((Weigher(),), Breaking(4)), journal=folder)
    with (folder / "5-docking.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"entered": 1, "dro')  # a machine that lost power in the middle of a line
    last = Breaking(1000)
    found = screen(library, goals, processes=1, tools=Tools((Weigher(),), last), journal=folder)
    assert found.kept == whole.kept
    assert found.failed == whole.failed
    assert [replace(one, seconds=0) for one in found.stages] == [replace(one, seconds=0) for one in whole.stages]
    assert last.asked == 12 - 4
    again = Breaking(0)
    assert screen(library, goals, processes=1, tools=Tools((Weigher(),), again), journal=folder).kept == whole.kept
    assert not again.asked


def test_every_step_can_be_cut_at_every_line(library: Path, tmp_path: Path) -> None:
    goals = _whole(tmp_path, likeness=LikenessGoal(("Oc1ccccc1", "CCN"), keep=18, method="fused"))
    folder = tmp_path / "journal"
    whole = screen(library, goals, processes=1, tools=TOOLS, journal=folder)
    steps = [f"{one}.jsonl" for one in (
        "1-filters", "2-likeness", "2-likeness-fused", "2-likeness-best", "3-models", "3-models-best-1", "4-pick",
        "5-docking", "5-docking-best",
    )]  # fmt: skip
    assert sorted(one.name for one in folder.glob("*.jsonl")) == sorted(steps)
    for step in steps:
        file = folder / step
        lines = file.read_bytes().splitlines(keepends=True)
        for later in steps[steps.index(step) + 1 :]:
            (folder / later).unlink()
        file.write_bytes(b"".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:9])
        assert screen(library, goals, processes=1, tools=TOOLS, journal=folder).kept == whole.kept


def test_a_journal_of_something_else_is_refused(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    screen(library, Goals(filters=FILTERS), processes=1, journal=folder)
    with pytest.raises(InputError, match="goals differ"):
        screen(library, Goals(), processes=1, journal=folder)
    library.write_text("CCO\n", "utf-8")
    with pytest.raises(InputError, match="library differ"):
        screen(library, Goals(filters=FILTERS), processes=1, journal=folder)
    with pytest.raises(InputError, match="other files"):
        screen(library, Goals(), processes=1, journal=tmp_path)
    with pytest.raises(InputError, match="stream"):
        screen([Molecule("CCO", "")], Goals(), processes=1, journal=tmp_path / "new")
    (folder / "screening.json").write_text("[", "utf-8")
    with pytest.raises(InputError, match="no journal"):
        screen(library, Goals(), processes=1, journal=folder)


def test_a_damaged_journal_is_one_error(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    for line in ("{}\n", "[]\n", "no\n", '{"entered": 1, "kept": [{}], "dropped": {}, "failed": [], "seconds": 0}\n'):
        screen(library, Goals(), processes=1, journal=folder)
        (folder / "1-filters.jsonl").write_text(line, "utf-8")
        with pytest.raises(FormatError, match="damaged"):
            screen(library, Goals(), processes=1, journal=folder)
        (folder / "1-filters.jsonl").unlink()


def test_wrong_libraries_and_numbers_are_one_error(tmp_path: Path, library: Path) -> None:
    with pytest.raises(NotFoundError):
        screen(tmp_path / "none.smi", Goals(), processes=1, journal=tmp_path / "journal")
    assert not (tmp_path / "journal").exists()
    with pytest.raises(FormatError):
        screen(tmp_path, Goals(), processes=1)
    (tmp_path / "x.xyz").touch()
    with pytest.raises(FormatError, match="suffix"):
        screen(tmp_path / "x.xyz", Goals(), processes=1)
    with pytest.raises(InputError, match="process"):
        screen(library, Goals(), processes=0)
    empty = tmp_path / "empty.smi"
    empty.touch()
    found = screen(empty, Goals(likeness=LikenessGoal(("CCO",), keep=1, method="fused"), pick=PickGoal(count=3)),
                   processes=1)  # fmt: skip
    assert found.kept == ()
    assert [one.entered for one in found.stages] == [0, 0, 0, 0]
