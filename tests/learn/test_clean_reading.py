"""What strangers hand in is read or refused with a sentence; nothing of it takes the memory or leaves the folder."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dirty import names_of, picture, write_record

from suwen.errors import InputError, NotFoundError, SuwenError
from suwen.learn.clean.cleaning import clean
from suwen.learn.clean.labels_table import Columns
from suwen.learn.clean.nouns import Form, Sign
from suwen.learn.clean.reading import read_holding

Image = pytest.importorskip("PIL.Image")


def claim(file: Path) -> None:
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": "|u1", "fortran_order": False, "shape": (5 * 2**40,)})
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("images.npy", held.getvalue() + b"few")
        packed.writestr("labels.npy", held.getvalue())


WRONG: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty folder": ("set", lambda one: one.mkdir(), "is empty"),
    "a text": ("a.txt", lambda one: one.write_text("x"), "not a data set"),
    "broken": ("a.npz", lambda one: one.write_bytes(b"PK\x03\x04broken"), "not a whole .npz"),
    "claim": ("a.npz", claim, "claims 5,497,558,138,880 bytes"),
    "objects": (
        "a.npz",
        lambda one: np.savez(one, images=np.array([{}], object), labels=np.zeros(1)),
        "not a plain array",
    ),
    "lengths": ("a.npz", lambda one: np.savez(one, images=np.zeros((5, 9, 9)), labels=np.zeros(4)), "4 rows for 5"),
    "no inputs": ("a.npz", lambda one: np.savez(one, other=np.zeros(3)), "has no inputs"),
    "only a header": ("a.csv", lambda one: one.write_text("a,label\n"), "no rows"),
    "no header": ("a.csv", lambda one: one.write_text("1,2\n3,4\n"), "begins with numbers"),
    "bytes": ("a.csv", lambda one: one.write_bytes(bytes(range(256))), "not text"),
    "no label": ("a.csv", lambda one: one.write_text("a,b\n1,2\n"), "--label COLUMN, one of a, b"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_data_set_is_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    name, write, said = WRONG[case]
    write(tmp_path / name)
    with pytest.raises(InputError, match=said):
        read_holding(tmp_path / name)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_holding(tmp_path / "nowhere")


def test_pictures_beside_a_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for at in range(6):
        Image.fromarray(picture(rng)).save(tmp_path / f"{at:03d}.png")
    (tmp_path / "005.png").write_bytes((tmp_path / "005.png").read_bytes()[:60])
    rows = ["id;Diagnosis;Patient ID;View", "0;a;p1;AP", "1;b;p1;PA", "2;;p2;", "3;a;p2;AP", "3;a;p2;AP", "9;a;p3;AP"]
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "5;a;p3;AP", "4;x"]) + "\n", "utf-8")
    holding = read_holding(tmp_path)
    cleaning = clean(holding)
    assert [one.label for one in holding.samples] == ["a", "b", None, "a", "a", None]
    assert holding.samples[0].group == "p1"
    assert holding.samples[0].attributes == {"View": "AP"}
    assert names_of(cleaning, Sign.NO_LABEL) == {"002.png", "004.png"}
    assert names_of(cleaning, Sign.NO_IMAGE) == {"9"}
    assert names_of(cleaning, Sign.UNREADABLE) == {"005.png"}
    assert names_of(cleaning, Sign.DUPLICATE) == {"003.png"}
    assert "bad_rows" in {one.key for one in cleaning.remarks}


def test_a_named_column_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n", "utf-8")
    with pytest.raises(InputError, match="no column 'c'; there are a, b"):
        read_holding(tmp_path / "t.csv", Columns(label="c"))


def test_arrays_are_known_by_their_shapes(tmp_path: Path) -> None:
    shapes: dict[tuple[int, ...], Form] = {(9, 9): Form.IMAGES, (8, 8, 3): Form.IMAGES, (9, 9, 9): Form.VOLUMES}
    for shape, form in {**shapes, (12, 500): Form.SIGNALS, (7,): Form.TABLES}.items():
        values = np.random.default_rng(0).normal(size=(4, *shape))
        np.savez(tmp_path / "a.npz", train_images=values, train_labels=[[0], [1], [0], [1]])
        holding = read_holding(tmp_path / "a.npz")
        assert holding.form is form
        assert [one.label for one in holding.samples] == ["0", "1", "0", "1"]
        assert holding.samples[1].name == "train/00001"
        assert clean(holding).of(Sign.UNREADABLE) == ()


def test_records_are_read_in_their_units_and_damage_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    stored = rng.integers(-500, 500, (2, 1000)).astype("<i2")
    for name in ("good", "cut", "changed", "elsewhere"):
        write_record(tmp_path, name, stored + len(name), comments=("Dx: 2,1", "Sex: F"))
    (tmp_path / "cut.dat").write_bytes((tmp_path / "cut.dat").read_bytes()[:-2])
    data = bytearray((tmp_path / "changed.dat").read_bytes())
    data[10] ^= 1
    (tmp_path / "changed.dat").write_bytes(data)
    header = (tmp_path / "elsewhere.hea").read_text("utf-8")
    (tmp_path / "elsewhere.hea").write_text(header.replace("elsewhere.dat", "../good.dat"), "utf-8")
    holding = read_holding(tmp_path)
    at = [one.name for one in holding.samples].index("good")
    assert holding.samples[at].label == "1|2"
    assert np.allclose(holding.load(at).values, (stored + 4) / 1000)
    reasons = {one.where[0]: str(one.facts["reason"]) for one in clean(holding).of(Sign.UNREADABLE)}
    assert set(reasons) == {"cut", "changed", "elsewhere"}
    assert "999 of the 1000" in reasons["cut"]
    assert "checksum" in reasons["changed"]


def test_a_table_is_cleaned(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 200)
    lines = ["x,word,split,patient,label"]
    lines += [f"{3 * y + rng.normal():.3f},{'ab'[at % 2]},train,p{at},{y}" for at, y in enumerate(labels)]
    lines[8] = "9.5,a,test,p3,1"
    lines.append(lines[20])
    (tmp_path / "t.csv").write_text("\n".join(lines), "utf-8")
    cleaning = clean(read_holding(tmp_path / "t.csv"))
    assert names_of(cleaning, Sign.LEAK) == {"row 004", "row 008"}
    assert ("row 020", "row 201") in {one.where for one in cleaning.of(Sign.DUPLICATE)}


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_raise_nothing_but_our_errors(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    np.savez_compressed(tmp_path / "a.npz", images=rng.normal(size=(20, 9, 9)), labels=np.arange(20) % 2)
    Image.fromarray(picture(rng)).save(tmp_path / "p.png")
    for name in ("a.npz", "p.png"):
        data = bytearray((tmp_path / name).read_bytes())
        for at in rng.integers(0, len(data), 3):
            data[at] = int(rng.integers(0, 256))
        (tmp_path / name).write_bytes(data[: int(rng.integers(1, len(data) + 1))])
    for place in (tmp_path / "a.npz", tmp_path):
        with contextlib.suppress(SuwenError):
            clean(read_holding(place))
