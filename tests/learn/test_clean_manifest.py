"""The manifest keeps every cell, and a label changes only where a named person decided it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.learn.clean.decisions import Decision, decided, read_decisions
from suwen.learn.clean.manifest import ManifestRow, carried_over, manifest_lines, read_manifest

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ROWS = [
    ManifestRow("a.png", "0", digest="d1", reasons=("label",), proposed_label="1", status="pending"),
    ManifestRow("b.png", "1", digest="d2"),
    ManifestRow("c.png", "", keep="no", reasons=("no_label",), digest="d3"),
    ManifestRow("d.png", "1", keep="no", reasons=("unreadable",), digest="d4"),
]
CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    ["=1+1", "'quoted", "-5", "@x", 'a "b", c', "素问", "+"]
)


@given(cells=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4), lines=st.booleans())
def test_every_cell_comes_back(tmp_path_factory: pytest.TempPathFactory, cells: list, lines: bool) -> None:
    rows = [ManifestRow(name, label, why=why, reasons=("label", "scale")) for name, label, why in cells]
    file = tmp_path_factory.mktemp("manifest") / "m.csv"
    file.write_text("".join(manifest_lines(rows, lines=lines)), "utf-8", newline="")
    assert read_manifest(file) == rows


def test_no_cell_is_a_formula() -> None:
    text = "".join(manifest_lines([ManifestRow("=HYPERLINK(1)", "+1", why="@x", group="-2")]))
    cells = text.splitlines()[1].split(",")
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}]


def test_a_decision_changes_its_row_and_no_other() -> None:
    decisions = [Decision("a.png", "1", "", "Dr Li", "seen again"), Decision("c.png", "0", "", "Dr Li", "")]
    after = decided(ROWS, decisions, at=AT)
    assert after[1] == ROWS[1]
    assert after[3] == ROWS[3]
    first = after[0]
    assert (first.label, first.label_before, first.status, first.proposed_label) == ("1", "0", "confirmed", "")
    assert (first.confirmed_by, first.confirmed_at, first.why) == ("Dr Li", "2026-11-25T08:00:00+00:00", "seen again")
    assert after[2].keep == "yes"  # it has a label now


def test_a_rejected_proposal_is_confirmed_too() -> None:
    (row, *_) = decided(ROWS, [Decision("a.png", "0", "", "Dr Li", "it is normal")], at=AT)
    assert (row.label, row.proposed_label, row.status) == ("0", "", "confirmed")


def test_all_that_does_not_fit_is_told_at_once() -> None:
    wrong = [
        Decision("nobody.png", "1", "", "x", ""),
        Decision("a.png", "7", "", "x", ""),
        Decision("c.png", "", "yes", "x", ""),
        Decision("d.png", "", "yes", "x", ""),
    ]
    with pytest.raises(InputError) as told:
        decided(ROWS, wrong, at=AT)
    assert [one.where for one in told.value.problems] == [one.name for one in wrong]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,label,keep,who,why\na.png,1,,,x\n", "who decided"),
        ("name,label,keep,who,why\na.png,,,Li,x\n", "decides nothing"),
        ("name,label,keep,who,why\na.png,,maybe,Li,x\n", "yes or no"),
        ("name,label,keep,who,why\na.png,1,,Li,\na.png,0,,Li,\n", "more than once"),
        ("name,label,keep,who,why\n", "no decisions"),
        ('[{"name": ""', "neither CSV"),
    ],
)
def test_decisions_that_decide_nothing_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "d.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        read_decisions(file)


def test_decisions_are_read_from_csv_and_json(tmp_path: Path) -> None:
    one, two = tmp_path / "d.csv", tmp_path / "d.json"
    one.write_text("name,label,keep,who,why\na.png,1,no,Li,seen\n", "utf-8")
    two.write_text('[{"name": "a.png", "label": 1, "keep": false, "who": "Li", "why": "seen"}]', "utf-8")
    assert read_decisions(one) == read_decisions(two) == [Decision("a.png", "1", "no", "Li", "seen")]


def test_what_was_confirmed_stays_unless_the_file_or_label_changed() -> None:
    before = decided(ROWS, [Decision(n, "1", "", "Li", "") for n in ("a.png", "b.png")], at=AT)
    changed = [ROWS[0], ManifestRow("b.png", "1", digest="another"), *ROWS[2:]]
    rows, lost = carried_over(changed, before)
    assert rows[0] == before[0]
    assert rows[1] == changed[1]
    assert lost == ["b.png"]


def test_another_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("".join(manifest_lines(ROWS)).replace("\n1,", "\n2,"), "utf-8")
    with pytest.raises(FormatError, match="format 1"):
        read_manifest(file)
