"""Assay tables: units, bounds, repeats, contradictions and classes become what they should, or are told."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rdkit")

from suwen.drugs.activity.columns import read_cell
from suwen.drugs.activity.nouns import Assay
from suwen.drugs.activity.table import read_assay
from suwen.errors import InputError


def _read(folder: Path, text: str, **named: str) -> Assay:
    file = folder / "assay.csv"
    file.write_text(text, "utf-8")
    return read_assay(file, **named)


@pytest.mark.parametrize(
    ("head", "cell", "value"),
    [
        ("pIC50", "6.5", 6.5),
        ("IC50 (nM)", "10", 8.0),
        ("IC50_uM", "10", 5.0),
        ("Ki [µM]", "2", 5.69897),
        ("EC50/mM", "1", 3.0),
        ("Kd (M)", "1e-7", 7.0),
        ("exp_mean [nM]", "500.0", 6.30103),
        ("y [pEC50/pKi]", "6.3", 6.3),
        ("pchembl_value", "7.1", 7.1),
        ("IC50 (nM)", '"10,000"', 5.0),
        ("IC50 (nM)", "~100", 7.0),
        ("IC50 (pmol/L)", "100", 10.0),
    ],
    ids=str,
)
def test_units_are_read_from_the_name(tmp_path: Path, head: str, cell: str, value: float) -> None:
    assay = _read(tmp_path, f"smiles,{head}\nCCO,{cell}\n")
    assert assay.molecules[0].value == pytest.approx(value, abs=1e-5)
    assert assay.column == head


def test_a_column_of_units_and_of_relations_is_used(tmp_path: Path) -> None:
    head = "smiles,standard_relation,standard_value,standard_units\n"
    assay = _read(tmp_path, head + "CCO,'=',1000,nM\nCCN,'>',10000,nM\nCCC,,10,nM\n")
    assert [one.value for one in assay.molecules] == pytest.approx([6.0, 8.0])
    assert assay.unit == "nM"
    assert [one.row for one in assay.left_out] == [2]
    with pytest.raises(InputError, match="several units"):
        _read(tmp_path, head + "CCO,'=',1000,nM\nCCN,'=',1,uM\n")


def test_bounds_and_what_is_no_number_are_left_out_with_the_reason_in_both_languages(tmp_path: Path) -> None:
    text = "smiles,IC50 (nM)\nCCO,>10000\nCCN,<1\nCCC,\nCCCC,abc\nCCCCC,0\nnonsense,5\nCCCCCC,1\n"
    assay = _read(tmp_path, text)
    assert [one.smiles for one in assay.molecules] == ["CCCCCC"]
    assert [one.row for one in assay.left_out] == [1, 2, 3, 4, 5, 6]
    assert assay.rows == 7
    assert all(one.why.en and one.why.zh and one.why.en != one.why.zh for one in assay.left_out)
    assert "bound" in assay.left_out[0].why.en
    assert "above 0" in assay.left_out[4].why.en


def test_repeats_of_one_molecule_merge_and_contradictions_are_left_out(tmp_path: Path) -> None:
    text = "smiles,pKi\nCCO,6.0\nOCC,6.4\nCCO.Cl,6.6\nCCN,5\nNCC,6.1\nCCC,7\n"
    assay = _read(tmp_path, text)
    first = assay.molecules[0]
    assert (first.value, first.repeats, first.spread) == (pytest.approx(6.4), 3, pytest.approx(0.6))
    assert [one.smiles for one in assay.contradictory] == ["CCN"]
    assert [one.smiles for one in assay.molecules] == ["CCO", "CCC"]
    assert assay.merged == 1


def test_two_classes_are_seen_as_such_in_words_too(tmp_path: Path) -> None:
    assay = _read(tmp_path, "smiles,outcome\nCCO,active\nCCN,Inactive\nCCC,无活性\nOCC,0\n")
    assert assay.kind == "classes"
    assert [one.value for one in assay.molecules] == [0.0, 0.0]
    assert [one.smiles for one in assay.contradictory] == ["CCO"]
    assert _read(tmp_path, "smiles,activity\nCCO,1\nCCN,0\nCCC,0.5\n").kind == "amount"


@pytest.mark.parametrize(
    ("text", "named", "says"),
    [
        ("smiles,IC50\nCCO,10\n", {}, "without a unit"),
        ("smiles,pKi,pIC50\nCCO,6,7\n", {}, "several columns"),
        ("smiles,colour\nCCO,red\n", {}, "no column of this table holds numbers"),
        ("smiles,a,b\nCCO,1,2\n", {}, "several columns"),
        ("smiles,a\nCCO,1\n", {"activity": "b"}, "no column 'b'"),
        ("smiles,a\nCCO,1\n", {"unit": "mg"}, "no unit of activity"),
        ("smiles,pKi\nCCO,>5\n", {}, "no molecule has a number"),
        ("smiles,pIC50\nCCO,6\nCCN,5000\n", {}, "no activity a molecule can have"),
        ("smiles,IC50\nCCO,500\n", {"unit": "M"}, "no activity a molecule can have"),
        ("smiles,IC50 [nM]\nCCO,-5\n", {}, "number above 0"),
        ("smiles,standard_value,standard_units\nCCO,5,ug.mL-1\n", {}, "are weights"),
    ],
    ids=["unit", "two", "words", "others", "named", "milligram", "bounds", "amounts", "molar", "negative", "weights"],
)
def test_what_is_unclear_is_asked_not_guessed(tmp_path: Path, text: str, named: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        _read(tmp_path, text, **named)


def test_named_column_and_unit_win(tmp_path: Path) -> None:
    assay = _read(tmp_path, "smiles,pKi,IC50\nCCO,6,10\n", activity="ic50", unit="um")
    assert assay.molecules[0].value == pytest.approx(5.0)
    assert assay.unit == "uM"


def test_a_stated_unit_is_not_said_to_come_from_the_name(tmp_path: Path) -> None:
    told = _read(tmp_path, "smiles,IC50 [nM]\nCCO,10\n", unit="uM").whence
    assert "the unit was stated" in told.en
    assert "由用户指定" in told.zh
    assert _read(tmp_path, "smiles,log IC50 (nM)\nCCO,-1\n").unit == "as is"


@pytest.mark.parametrize(
    ("cell", "number", "relation"),
    [
        ("≥ 5.5", 5.5, ">"),
        ("<=3", 3.0, "<"),
        ("=1e3", 1000.0, "="),
        ("−2", -2.0, "="),
        ("6,5", None, "="),
        ("1,2345", None, "="),
        ("inf", None, "="),
        ("5 nM", None, "="),
        ("", None, "="),
    ],
)
def test_cells(cell: str, number: float | None, relation: str) -> None:
    read = read_cell(cell)
    assert (read.number, read.relation) == (number, relation)
