"""A library is written whole or not at all; a damaged one is one clear error, never wrong hits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from suwen.drugs.similarity.fingerprints import fingerprint
from suwen.drugs.similarity.library import ARRAYS, HEAD, TEXT, file_digest, open_library
from suwen.drugs.similarity.search import search_best
from suwen.drugs.similarity.writing import write_library, write_rows
from suwen.errors import DataError, DigestError, FormatError, InputError, NotFoundError, SuwenError
from suwen.formats.molecules.nouns import Molecule

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "CC(=O)Nc1ccc(O)cc1", "C", "c1ccccc1", "CCO", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"]
DEEP = "[" * 100_000


def molecules() -> list[Molecule]:
    return [Molecule(text, f"KEY{at}", name=f"molecule\t{at} 药") for at, text in enumerate(SMILES)]


def small(folder: Path, count: int = 500) -> Path:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2**63, (count, 32), dtype=np.uint64) & rng.integers(0, 2**63, (count, 32), dtype=np.uint64)
    write_rows([(rows, [("C", f"m{at}") for at in range(count)])], folder, kind="ecfp4")
    return folder


@pytest.mark.parametrize("kind", ["ecfp4", "maccs"])
def test_a_library_gives_back_what_was_written(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("rdkit", reason="fingerprints are RDKit's")
    told: list[int] = []
    count = write_library(molecules(), tmp_path / "library", kind=kind, workers=1, notify=told.append)
    library = open_library(tmp_path / "library", check_digests=True)
    assert count == len(library) == len(SMILES) == told[-1]
    assert library.kind == kind
    assert [library.line(at) for at in range(count)] == [(text, f"molecule {at} 药") for at, text in enumerate(SMILES)]
    with pytest.raises(InputError, match="0 to 5"):
        library.line(6)


def test_batches_make_no_difference(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 2**63, (300, 32), dtype=np.uint64)
    lines = [("C", str(at)) for at in range(300)]
    write_rows([(rows, lines)], tmp_path / "one", kind="ecfp4")
    write_rows(((rows[at : at + 7], lines[at : at + 7]) for at in range(0, 300, 7)), tmp_path / "many", kind="ecfp4")
    for name in (*(f"{one}.npy" for one in ARRAYS), TEXT):
        assert file_digest(tmp_path / "one" / name) == file_digest(tmp_path / "many" / name)


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[np.ndarray, list[tuple[str, str]]]]:
        yield np.ones((2, 32), np.uint64), [("C", ""), ("CC", "")]
        raise InputError("the third molecule is none")

    with pytest.raises(InputError, match="third"):
        write_rows(failing(), tmp_path / "library", kind="ecfp4")
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="words each"):
        write_rows([(np.ones((2, 3), np.uint64), [("C", ""), ("CC", "")])], tmp_path / "library", kind="ecfp4")
    assert not list(tmp_path.iterdir())


def test_a_library_is_never_written_over(tmp_path: Path) -> None:
    folder = small(tmp_path / "library")
    before = file_digest(folder / "columns.npy")
    with pytest.raises(DataError, match="there already"):
        write_rows([], folder, kind="ecfp4")
    assert file_digest(folder / "columns.npy") == before


def head(folder: Path, **changes: object) -> None:
    file = folder / HEAD
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8")


def array(folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change an array and let the head tell its new size and digest, as one who wants to deceive would."""
    file = folder / f"{name}.npy"
    np.save(file, change(np.load(file).copy()), allow_pickle=True)
    files = json.loads((folder / HEAD).read_text("utf-8"))["files"]
    files[f"{name}.npy"] = {"bytes": file.stat().st_size, "sha256": file_digest(file)}
    head(folder, files=files)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no head": lambda folder: (folder / HEAD).unlink(),
    "head not JSON": lambda folder: (folder / HEAD).write_text("{", "utf-8"),
    "head too deep": lambda folder: (folder / HEAD).write_text(DEEP[:90_000], "utf-8"),
    "head too long": lambda folder: (folder / HEAD).write_text(" " * 200_000, "utf-8"),
    "head a list": lambda folder: (folder / HEAD).write_text("[]", "utf-8"),
    "other format": lambda folder: head(folder, format=2),
    "unknown kind": lambda folder: head(folder, kind="ecfp9"),
    "other kind": lambda folder: head(folder, kind="maccs"),
    "negative count": lambda folder: head(folder, count=-1),
    "count of text": lambda folder: head(folder, count="500"),
    "other count": lambda folder: head(folder, count=499),
    "no files": lambda folder: head(folder, files={}),
    "file cut off": lambda folder: (folder / "columns.npy").write_bytes((folder / "columns.npy").read_bytes()[:-9]),
    "file gone": lambda folder: (folder / TEXT).unlink(),
    "array of objects": lambda folder: array(folder, "order", lambda old: old.astype(object)),
    "array of other type": lambda folder: array(folder, "order", lambda old: old.astype(np.int32)),
    "array of other shape": lambda folder: array(folder, "columns", lambda old: old[:, :-64]),
    "a molecule twice": lambda folder: array(folder, "order", lambda old: np.where(old == 3, 4, old)),
    "a molecule too far": lambda folder: array(folder, "order", lambda old: np.where(old == 3, 10**9, old)),
    "bits out of order": lambda folder: array(folder, "popcounts", lambda old: old[::-1].copy()),
    "bits below nought": lambda folder: array(folder, "popcounts", lambda old: old - 10_000),
    "lines out of order": lambda folder: array(folder, "offsets", lambda old: old[::-1].copy()),
    "lines past the end": lambda folder: array(folder, "offsets", lambda old: old + np.arange(len(old))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_library_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    folder = small(tmp_path / "library")
    open_library(folder)
    DAMAGE[damage](folder)
    with pytest.raises(SuwenError) as caught:
        open_library(folder)
    assert isinstance(caught.value, NotFoundError | FormatError | DataError)
    assert str(folder) in str(caught.value)


def test_a_changed_byte_is_found_when_digests_are_checked(tmp_path: Path) -> None:
    folder = small(tmp_path / "library")
    raw = bytearray((folder / "columns.npy").read_bytes())
    raw[5000] ^= 1
    (folder / "columns.npy").write_bytes(raw)
    with pytest.raises(DigestError, match="changed"):
        open_library(folder, check_digests=True)


def test_a_folder_that_is_no_library_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFoundError, match="no library of molecules"):
            open_library(folder)


def test_each_molecule_finds_itself(tmp_path: Path) -> None:
    pytest.importorskip("rdkit", reason="fingerprints are RDKit's")
    write_library(molecules(), tmp_path / "library", workers=1)
    library = open_library(tmp_path / "library")
    for at, text in enumerate(SMILES):
        hits = search_best(library, fingerprint(text), 1)
        assert (hits.numbers.tolist(), hits.likeness.tolist()) == ([at], [1.0])
