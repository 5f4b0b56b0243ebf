"""Proves that units, intervals and sources of molecules are written alike, and in Chinese where Suwen says them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="RDKit is not installed")

from forecasts_made import made

from suwen.cli.profile import profile
from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.words import interval_text
from suwen.drugs.alerts import ALERT_SETS
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES
from suwen.drugs.screening.filters import filter_criteria
from suwen.drugs.screening.goals import Between, Filters
from suwen.drugs.screening.reading import goals_of
from suwen.drugs.screening.words import problem, problem_text
from suwen.drugs.sources import source_text
from suwen.drugs.units import same_decimals
from suwen.errors import InputError

OURS = (  # words that stand in no title of a journal and no name of an author
    "counted", "standard", "mean", "changed", "as in", "definition", "limit", "compounds", "structural", "classes",
    "deposited", "well-stirred", "plasma", "binding", "chapter", "extraction",
)  # fmt: skip


def sources() -> set[str]:
    usual = {one.usual.source for one in QUANTITIES.values() if one.usual is not None}
    levels = {level.source for one in ENDPOINTS.values() for level in one.levels}
    every = (*QUANTITIES.values(), *RULES.values(), *ALERT_SETS.values(), *ENDPOINTS.values())
    return {one.source for one in every} | usual | levels


def test_what_suwen_says_beside_a_citation_is_chinese_and_the_citation_stays() -> None:
    for source in sources():
        said = source_text(source, "zh")
        assert not [word for word in OURS if word in said], said
        assert source_text(source, "en") == source
    assert source_text("Ertl P, Rohde B. J Med Chem 2000;43:3714-3717", "zh").startswith("Ertl P, Rohde B")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_reader_sees_the_code_of_a_unit(lang: str) -> None:
    asked = filter_criteria(Filters(quantities=(Between("tpsa", None, 120.0),)))
    shown = CliRunner().invoke(profile, ["CCO", "--no-admet", "--lang", lang], catch_exceptions=False).output
    for text in (shown, *(one.asked.said(lang) for one in asked if one.key == "tpsa")):
        assert "Ao2" not in text
        assert "Å²" in text
    assert ("由RDKit按结构计数" in shown) == (lang == "zh")


@pytest.mark.parametrize("unit", ["Ao2", "Å²"])
def test_goals_take_a_unit_as_its_code_or_as_it_is_written(unit: str) -> None:
    tree = {"filters": {"quantities": {"tpsa": {"at_most": 120, "unit": unit}}}}
    assert goals_of(tree).filters.quantities == (Between("tpsa", None, 120.0),)
    tree["filters"]["quantities"]["tpsa"]["unit"] = "nm2"
    with pytest.raises(InputError, match="Å²"):
        goals_of(tree)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(40.4, 100.0, "40 to 100 %"), (97.0, 99.57, "97.0 to 99.6 %"), (99.2, 99.99, "99.2 to 100.0 %"),
     (12.0, 55.0, "12 to 55 %")],
)  # fmt: skip
def test_both_ends_of_an_interval_are_told_as_finely(low: float, high: float, said: str) -> None:
    assert interval_text(made("ppbr", 60.0, low=low, high=high), "en").startswith(f"{said} (")
    assert interval_text(made("ppbr", 60.0, low=low, high=high), "zh").startswith(said.replace("to", "至"))


@pytest.mark.parametrize(
    ("ends", "said"),
    [(("0.5", "0.75"), ("0.50", "0.75")), (("7", "6.5"), ("7.0", "6.5")), (("3", "4"), ("3", "4")),
     (("0.0123", "15"), ("0.0123", "15")), (("1×10⁻⁵", "0.2"), ("1×10⁻⁵", "0.2")), (("", "3.5"), ("", "3.5"))],
)  # fmt: skip
def test_ends_get_the_same_decimals_where_that_is_no_lie(ends: tuple[str, str], said: tuple[str, str]) -> None:
    assert same_decimals(*ends) == said


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.integers(0, 4), st.integers(0, 4))
def test_ends_stay_the_same_numbers(low: float, high: float, first: int, second: int) -> None:
    ends = f"{low:.{first}f}", f"{high:.{second}f}"
    told = same_decimals(*ends)
    assert [float(one) for one in told] == [float(one) for one in ends]
    assert abs(first - second) > 2 or len({len(one.partition(".")[2]) for one in told}) == 1


def test_a_problem_within_a_problem_is_chinese_too() -> None:
    found = problem("not_laid", where="x", why=problem("no_shape").what)
    assert problem_text(found, "zh") == "x：无法叠合（无法生成该分子的构象）"
    assert problem_text(problem("failed", why="Explicit valence"), "zh").endswith("（Explicit valence）")


@pytest.mark.parametrize(("lang", "said"), [("en", "row 2: ring not closed"), ("zh", "第2行：环未闭合")])
def test_the_cell_of_a_problem_is_in_the_language_asked_for(tmp_path: Path, lang: str, said: str) -> None:
    source, table = tmp_path / "in.smi", tmp_path / "out.csv"
    source.write_text("CCO a\nC1CC b\n", "utf-8")
    words = [str(source), "--csv", str(table), "--no-admet", "--lang", lang]
    assert CliRunner().invoke(profile, words, catch_exceptions=False).exit_code == 0
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert rows[1]["problem"].startswith(said)
