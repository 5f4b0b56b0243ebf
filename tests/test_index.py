"""The index of compiled knowledge: kept, rebuilt when harmed or outdated; source files that are not what they say."""

from __future__ import annotations

import gzip
import io
import pickletools
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from suwen.errors import DataError, FormatError, SuwenError
from suwen.knowledge import Knowledge, Sources, build_knowledge, find_sources, load_knowledge
from suwen.knowledge.arrays import Rows, pack, rows_from_pairs, unpack
from suwen.knowledge.index import read_index, write_index
from suwen.knowledge.names import read_babelon, read_disease_names, read_sssom
from tiny import OBO, hpoa_line, obo, write_sources


def same(one: object, other: object) -> bool:
    """Equality that looks into arrays and dataclasses."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if is_dataclass(one):
        return type(one) is type(other) and all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return one == other


def same_numbers(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=True) if one.dtype.kind == "f" else np.array_equal(one, other)


@pytest.fixture
def installed(tmp_path: Path, no_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the tiny medicine as an HPO release, and a cache of its own."""
    write_sources(tmp_path / "hpo")
    monkeypatch.setenv("SUWEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SUWEN_DATA", str(no_data))
    return tmp_path / "hpo"


def index_of(installed: Path) -> Path:
    return next((installed.parent / "cache").glob("knowledge-*.safetensors"))


def test_the_index_gives_back_what_was_compiled(installed: Path) -> None:
    said: list[str] = []
    compiled, loaded = load_knowledge(installed, notify=said.append), load_knowledge(installed, notify=said.append)
    assert len(said) == 1
    assert same(compiled, loaded)
    assert same(replace(loaded, digest=""), replace(build_knowledge(find_sources(installed)), digest=""))


def test_the_index_of_the_real_release_gives_back_what_was_compiled(
    knowledge: Knowledge, cache: Path, no_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUWEN_CACHE", str(cache))
    monkeypatch.setenv("SUWEN_DATA", str(no_data))
    assert same(knowledge, load_knowledge(notify=lambda _: pytest.fail("compiled again")))


def test_the_index_is_no_pickle(installed: Path) -> None:
    load_knowledge(installed)
    content = index_of(installed).read_bytes()
    size = int.from_bytes(content[:8], "little")
    assert content[8:9] == b"{"
    assert 8 + size < len(content)
    with pytest.raises(ValueError, match="opcode"):
        pickletools.dis(content, out=io.StringIO())


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def scribbled(file: Path) -> None:
    file.write_bytes(b"\xff" * 64 + file.read_bytes()[64:])


def of_another_format(file: Path) -> None:
    arrays, header = read_index(file)  # type: ignore[misc]
    file.write_bytes(save(arrays, header | {"format": "0"}))


@pytest.mark.parametrize("harm", [truncated, emptied, scribbled, of_another_format])
def test_a_harmed_index_is_compiled_anew(harm, installed: Path) -> None:
    first = load_knowledge(installed)
    harm(index_of(installed))
    assert read_index(index_of(installed)) is None
    said: list[str] = []
    assert same(load_knowledge(installed, notify=said.append), first)
    assert len(said) == 1
    assert read_index(index_of(installed)) is not None


def without_an_array(file: Path) -> None:
    arrays, header = read_index(file)  # type: ignore[misc]
    file.write_bytes(save({name: one for name, one in arrays.items() if name != "background"}, header))


def with_a_byte_turned(file: Path) -> None:
    content = bytearray(file.read_bytes())
    arrays, _ = read_index(file)  # type: ignore[misc]
    content[content.index(arrays["term.label"].tobytes()) + 3] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("harm", [without_an_array, with_a_byte_turned])
def test_an_incomplete_or_altered_index_is_compiled_anew(harm, installed: Path) -> None:
    first = load_knowledge(installed)
    harm(index_of(installed))
    assert same(load_knowledge(installed), first)


def test_changed_sources_are_compiled_anew(installed: Path) -> None:
    before = load_knowledge(installed)
    with (installed / "phenotype.hpoa").open("a", encoding="utf-8") as file:
        file.write(hpoa_line("OMIM:6", "", "HP:0001100", "PMID:6", "1/2") + "\n")
    after = load_knowledge(installed)
    assert len(after.diseases) == len(before.diseases) + 1
    assert after.digest != before.digest


def test_an_index_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(DataError, match="SUWEN_CACHE"):
        write_index(blocked / "index.safetensors", {"a": np.zeros(1)}, {})
    write_index(tmp_path / "index.safetensors", {"a": np.zeros(1)}, {})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "index.safetensors"]


# --- arrays -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), min_size=0, max_size=6))
def test_packed_strings_come_back(strings: list[str]) -> None:
    assert unpack(pack(strings), len(strings)) == strings


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=20))
def test_rows_transposed_twice_are_themselves(pairs: set[tuple[int, int]]) -> None:
    both = np.array(sorted(pairs, key=hash), np.int32).reshape(-1, 2)
    rows = rows_from_pairs(both[:, 0], both[:, 1], 6, np.arange(1, len(both) + 1, dtype=np.float32))
    assert same(rows.transposed(8).transposed(6), rows)
    assert {(row, int(column)) for row in range(6) for column in rows.columns(row)} == pairs
    halves = Rows.stacked([rows.take(np.arange(3)), rows.take(np.arange(3, 6))])
    assert same_numbers(halves.start, rows.start)
    assert same_numbers(halves.value, rows.value)


# --- wrong files ------------------------------------------------------------------------------------------------------


def broken(folder: Path, name: str, content: bytes) -> Sources:
    sources = write_sources(folder)
    (folder / name).write_bytes(content)
    return sources


ORPHAN = obo(OBO | {"HP:0007000": ("HP:0007777",)}).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hp.obo", b""),
        ("hp.obo", b"<html>not found</html>"),
        ("hp.obo", ORPHAN),
        ("phenotype.hpoa", b""),
        ("phenotype.hpoa", b"#version: 2020\n"),
        ("phenotype.hpoa", b"OMIM:1\tname\tHP:0001100\n"),
        ("phenotype.hpoa", b"<html>\n"),
        ("hp.obo", b"\x1f\x8b\xff\xfe" * 9),
        ("phenotype.hpoa", b"\x1f\x8b\xff\xfe" * 9),
        ("genes_to_phenotype.txt", b"\x1f\x8b\xff\xfe\n" * 9),
    ],
)
def test_a_wrong_file_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises((FormatError, DataError), match=name.replace(".", r"\.")):
        build_knowledge(broken(tmp_path, name, content))


def test_a_wrong_table_of_labels_is_named(tmp_path: Path) -> None:
    (tmp_path / "hp-zh.babelon.tsv").write_text("a\tb\n1\t2\n", "utf-8")
    with pytest.raises(FormatError, match=r"hp-zh\.babelon\.tsv"):
        read_babelon(tmp_path / "hp-zh.babelon.tsv")


def test_an_ontology_without_its_root_is_named(tmp_path: Path) -> None:
    text = obo(OBO).replace("name: Feature 118\n", "name: Feature 118\nis_obsolete: true\n")
    with pytest.raises(FormatError, match=r"hp\.obo"):
        build_knowledge(broken(tmp_path, "hp.obo", text.encode()))


@pytest.mark.parametrize("reader", [read_sssom, lambda path: read_disease_names([path])], ids=["mondo", "names"])
def test_a_wrong_optional_file_is_named(reader, tmp_path: Path) -> None:
    file = tmp_path / "optional.gz"
    for content in (b"no gzip", gzip.compress(b"a\tb\n1\t2\n"), gzip.compress(b"[]"), gzip.compress(b"{}")[:-4]):
        file.write_bytes(content)
        with pytest.raises(SuwenError, match=r"optional\.gz"):
            reader(file)


def test_a_folder_that_lacks_files_says_which(installed: Path) -> None:
    (installed / "hp.obo").unlink()
    with pytest.raises(DataError, match=r"lacks hp\.obo"):
        load_knowledge(installed)
