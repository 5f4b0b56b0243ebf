"""Proves that files of molecules are read row by row, whatever is wrong with one, and written to be read back."""

from __future__ import annotations

import csv
import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.molecules import (
    Molecule,
    Refused,
    notice_key,
    notice_text,
    read_molecule,
    read_molecules,
    write_molecules,
)

Chem: Any = pytest.importorskip("rdkit.Chem")

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
DRUGS = (
    read_molecule(ASPIRIN, name="阿司匹林 aspirin"),
    read_molecule("[Na+].O=C([O-])Cc1ccccc1Nc1c(Cl)cccc1Cl", name="diclofenac"),
    read_molecule("C[C@H](N)C(=O)O", name="L-alanine"),
    read_molecule("C/C=C/C(C)=O"),
)


def shown(found: Iterator[Molecule | Refused]) -> list[tuple[str, str] | tuple[int, str]]:
    return [
        (one.smiles, one.name) if isinstance(one, Molecule) else (one.row, notice_key(one.problem)) for one in found
    ]


def written(place: Path, name: str, data: bytes | str) -> Path:
    path = place / name
    data = data.encode() if isinstance(data, str) else data
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["a.smi", "a.txt", "a.smi.gz"])
def test_a_list_of_smiles(tmp_path: Path, name: str) -> None:
    text = "smiles name\n# remark\nCCO ethanol, pure\n\nC1CC bad\nc1ccccc1\r\nCN |x| amine\n"
    assert shown(read_molecules(written(tmp_path, name, text))) == [
        ("CCO", "ethanol, pure"),
        (5, "ring_open"),
        ("c1ccccc1", ""),
        ("CN", "amine"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.csv", "名称,结构,y\n乙醇,CCO,1\n坏,CC(,2\n胺,CCN,3\n", "utf-8"),
        ("a.csv", "名称,结构,y\n乙醇,CCO,1\n坏,CC(,2\n胺,CCN,3\n", "utf-8-sig"),
        ("a.csv", "名称;结构;y\n乙醇;CCO;1\n坏;CC(;2\n胺;CCN;3\n", "gb18030"),
        ("a.tsv", "名称\t结构\ty\n乙醇\tCCO\t1\n坏\tCC(\t2\n胺\tCCN\t3\n", "utf-16"),
        ("a.csv.gz", "名称,结构,y\r\n乙醇,CCO,1\r\n坏,CC(,2\r\n胺,CCN,3", "gb18030"),
    ],
)
def test_a_table_in_any_encoding(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    found = list(read_molecules(written(tmp_path, name, text.encode(encoding))))
    assert shown(iter(found)) == [("CCO", "乙醇"), (3, "branch_open"), ("CCN", "胺")]
    first, last = found[0], found[2]
    assert isinstance(first, Molecule)
    assert isinstance(last, Molecule)
    assert (first.fields, last.fields) == ((("y", "1"),), (("y", "3"),))
    assert [notice_key(one) for one in first.noticed] == ["column"]
    assert "结构" in first.noticed[0].what
    assert "列名" in notice_text(first.noticed[0], "zh")
    assert last.noticed == ()


@pytest.mark.parametrize(
    ("text", "column", "smiles"),
    [
        ("a,b\n1,CCO\n2,CCN\n", "", ["CCO", "CCN"]),  # by its cells
        ("CCO,1\nCCN,2\n", "", ["CCO", "CCN"]),  # no line of names
        ("x,SMILES,product\n1,CCO,CCC\n", "", ["CCO"]),
        ("x,SMILES,product\n1,CCO,CCC\n", "product", ["CCC"]),
        ("x,SMILES,product\n1,CCO,CCC\n", "3", ["CCC"]),
        ('smiles,"a\nb"\nCCO,"1\n2"\n', "", ["CCO"]),
    ],
)
def test_columns_are_found_or_stated(tmp_path: Path, text: str, column: str, smiles: list[str]) -> None:
    found = list(read_molecules(written(tmp_path, "a.csv", text), column=column))
    assert [one.smiles for one in found if isinstance(one, Molecule)] == smiles


def test_what_cannot_be_begun_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        next(read_molecules(tmp_path / "none.smi"))
    with pytest.raises(FormatError, match="plain file"):
        next(read_molecules(tmp_path))
    with pytest.raises(FormatError, match="no column"):
        next(read_molecules(written(tmp_path, "a.csv", "a,b\n1,2\n")))
    with pytest.raises(InputError, match="no column 'z'"):
        next(read_molecules(written(tmp_path, "b.csv", "smiles,b\nC,2\n"), column="z"))
    assert list(read_molecules(written(tmp_path, "c.smi", b""))) == []
    with pytest.raises(FormatError, match="suffix"):
        next(read_molecules(written(tmp_path, "d.xlsx", b"PK")))


BINARY = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("name", "data", "stated", "said"),
    [
        ("a.smi", "CCO a\n", {"column": "2"}, r"a\.smi: a list of SMILES has no columns, and '2' is asked for"),
        ("a.txt", "CCO a\n", {"name_column": "id"}, r"a\.txt: .* 'id' is asked for"),
        ("a.sdf", "\n", {"column": "smiles"}, r"a\.sdf: .* no column 'smiles'"),
        ("a.csv", "a,b\n1,2\n", {}, r"a\.csv: no column"),
        ("a.csv", "smiles,b\nC,2\n", {"column": "z"}, r"a\.csv: the table has no column 'z'"),
        ("a.smi", BINARY, {}, r"a\.smi: this is a binary file"),
        ("a.smi.gz", BINARY, {}, r"a\.smi\.gz: this is a binary file"),
        ("a.csv", b"PK\x03\x04" + BINARY, {}, r"a\.csv: .*Excel"),
        ("a.sdf", b"%PDF-1.7\n", {}, r"a\.sdf: this is a PDF"),
    ],
)
def test_one_error_names_the_file(
    tmp_path: Path, name: str, data: bytes | str, stated: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        next(read_molecules(written(tmp_path, name, data), **stated))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.smi"):
        next(read_molecules(tmp_path / "none.smi"))


@pytest.mark.parametrize(
    ("head", "names", "fields"),
    [
        ("smiles,name", ["x", "y"], []),
        ("smiles,Lab ID", ["x", "y"], []),
        ("smiles,化合物名", ["x", "y"], []),
        ("smiles,activity", ["", ""], ["x", "y"]),
        ("smiles,label", ["", ""], ["x", "y"]),
        ("smiles,target_name", ["", ""], ["x", "y"]),
        ("smiles,notes", ["", ""], ["x", "y"]),
    ],
)
def test_of_two_columns_the_title_says_whether_the_second_is_a_name(
    tmp_path: Path, head: str, names: list[str], fields: list[str]
) -> None:
    found = [
        one
        for one in read_molecules(written(tmp_path, "a.csv", f"{head}\nCCO,x\nCCN,y\n"))
        if isinstance(one, Molecule)
    ]
    assert [one.name for one in found] == names
    assert [value for one in found for _name, value in one.fields] == fields


def test_of_two_columns_without_titles_the_second_is_a_name(tmp_path: Path) -> None:
    assert shown(read_molecules(written(tmp_path, "a.csv", "CCO,x\nCCN,y\n"))) == [("CCO", "x"), ("CCN", "y")]


def test_a_field_of_names_that_no_record_has_is_an_error(tmp_path: Path) -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    bare, named = f"{block}>  <note>\nx\n\n$$$$\n", f"{block}>  <id>\nA\n\n$$$$\n"
    with pytest.raises(InputError, match=r"a\.sdf: its records have no field 'ID'; they have note"):
        next(read_molecules(written(tmp_path, "a.sdf", bare * 3), name_column="ID"))
    mixed = written(tmp_path, "b.sdf", bare * 3 + named)
    assert [name for _smiles, name in shown(read_molecules(mixed, name_column="id"))] == ["", "", "", "A"]
    assert list(read_molecules(written(tmp_path, "c.sdf", b""), name_column="id")) == []


def test_what_was_noticed_is_written_in_the_language_asked_for(tmp_path: Path) -> None:
    for lang, said in (("en", "salt: "), ("zh", "盐或溶剂：")):
        write_molecules(DRUGS, tmp_path / "a.csv", lang="zh" if lang == "zh" else "en")
        cells = (tmp_path / "a.csv").read_text("utf-8-sig")
        assert said in cells, lang


def test_a_quote_never_closed_costs_its_own_row(tmp_path: Path) -> None:
    rows = "".join(f"C{'C' * (at % 9)}O,{at}\n" for at in range(500))
    found = list(read_molecules(written(tmp_path, "a.csv", f'smiles,name\nCCO,"open\n{rows}')))
    assert (len(found), [one.row for one in found if isinstance(one, Refused)]) == (501, [2])


def test_a_line_too_long_costs_its_own_row(tmp_path: Path) -> None:
    text = f"CCO a\n{'C' * 3_000_000}\nCCN b\n{'C' * 6_000}\nCCC c\n"
    assert shown(read_molecules(written(tmp_path, "a.smi", text))) == [
        ("CCO", "a"),
        (2, "row_long"),
        ("CCN", "b"),
        (4, "long"),
        ("CCC", "c"),
    ]


def test_files_cut_short_and_bombs_end_with_a_refusal(tmp_path: Path) -> None:
    rows = "".join(f"{'C' * (1 + at % 40)}O n{at}\n" for at in range(20))
    packed = gzip.compress(rows.encode())
    cut = written(tmp_path, "cut", packed[:-9]).rename(tmp_path / "cut.smi.gz")
    found = list(read_molecules(cut))
    assert len(found) > 5
    last = found[-1]
    assert isinstance(last, Refused)
    assert notice_key(last.problem) == "damaged"
    bomb = written(tmp_path, "bomb.smi.gz", b" " * 2**25)
    tracemalloc.start()
    assert shown(read_molecules(bomb)) == [(1, "bomb")]
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
    assert shown(read_molecules(written(tmp_path, "a.smi", "CCO a\n" * 9), limit=20)) == [(1, "bomb")]


@pytest.mark.parametrize("suffix", [".smi", ".csv", ".tsv", ".sdf"])
def test_what_is_written_reads_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"drugs{suffix}"
    assert write_molecules(DRUGS, path) == len(DRUGS)
    found = [one for one in read_molecules(path) if isinstance(one, Molecule)]
    assert [(one.smiles, one.key, one.name) for one in found] == [(one.smiles, one.key, one.name) for one in DRUGS]
    assert list(tmp_path.iterdir()) == [path]


def test_an_sdf_keeps_fields_and_stereo_of_both_versions(tmp_path: Path) -> None:
    mol = Chem.MolFromSmiles("C[C@H](N)C(=O)O")
    blocks = [Chem.MolToMolBlock(mol), Chem.MolToV3KMolBlock(mol), Chem.MolToMolBlock(Chem.AddHs(mol))]
    text = "".join(f"{block}> 1 <id>\nA{at}\n\n>  <note>\none\ntwo\n\n$$$$\n" for at, block in enumerate(blocks))
    path = written(tmp_path, "a.sdf.gz", text + "nothing\n\n\nof use\n$$$$\n" + blocks[0])
    found = list(read_molecules(path, name_column="id"))
    assert shown(iter(found)) == [
        *(("C[C@H](N)C(=O)O", f"A{at}") for at in range(3)),
        (4, "block"),
        ("C[C@H](N)C(=O)O", ""),
    ]
    assert isinstance(found[0], Molecule)
    assert found[0].fields == (("note", "one\ntwo"),)
    assert shown(read_molecules(written(tmp_path, "a.mol", blocks[1]))) == [("C[C@H](N)C(=O)O", "")]
    assert shown(read_molecules(written(tmp_path, "b.sdf", blocks[0][:200]))) == [(1, "unclosed")]


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ("\n\n\n  0  0  0  0  0  0            999 V2000\nM  END\n", "no_atoms"),
        ("\n\n\n999999  0  0  0  0            999 V2000\nM  END\n", "block"),
        ("\n\n\n  1999  0  0  0  0            999 V2000\nM  END\n", "rings"),
        ("\n\n\n  0  0  0     0  0            999 V3000\nM  V30 COUNTS 999999999 0 0 0 0\nM  END\n", "atoms"),
        ("\n\n\n 12 11  0  0  0  0            999 V2000\nM  END\n", "block"),
    ],
)
def test_blocks_that_lie_about_their_size(tmp_path: Path, block: str, key: str) -> None:
    assert shown(read_molecules(written(tmp_path, "a.sdf", f"{block}$$$$\n"))) == [(1, key)]


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    names = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1", "-4.5", "plain")
    fields = (("=HYPERLINK(1)", "=1+1"), ("y", "-7.25"))
    drugs = [Molecule("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "-C", one, fields) for one in names]
    write_molecules(drugs, tmp_path / "a.csv")
    rows = list(csv.reader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()))
    cells = [cell for row in rows for cell in row]
    assert not [one for one in cells if one.lstrip().startswith(tuple("=+@＝")) or one == "-2+3"]
    assert {"-4.5", "-7.25", "plain", "'=1+1"} <= set(cells)


def test_a_file_is_written_whole_or_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "before")

    def failing() -> Iterator[Molecule]:
        yield DRUGS[0]
        raise FormatError("in the middle")

    with pytest.raises(FormatError, match="in the middle"):
        write_molecules(failing(), path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match=r"not to \.exe"):
        write_molecules(DRUGS, tmp_path / "a.exe")
    with pytest.raises(FormatError, match="cannot be written"):
        write_molecules(DRUGS, tmp_path / "none" / "a.csv")


def test_names_and_fields_cannot_break_out_of_an_sdf(tmp_path: Path) -> None:
    nasty = "a\n$$$$\nb\n\n> <evil>\nc"
    drug = Molecule("CCO", "", "CCO", nasty, ((nasty, nasty), ("", "x")))
    write_molecules([drug, drug], tmp_path / "a.sdf")
    found = [one for one in read_molecules(tmp_path / "a.sdf") if isinstance(one, Molecule)]
    assert [one.smiles for one in found] == ["CCO", "CCO"]
    assert "evil" not in dict(found[0].fields)


@given(st.binary(max_size=300), st.sampled_from(["a.smi", "a.csv", "a.sdf", "a.smi.gz", "a.tsv"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_rows_or_one_error(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data)
    try:
        found = list(read_molecules(path))
    except InputError:
        return
    assert all(isinstance(one, Molecule) or notice_key(one.problem) for one in found)
