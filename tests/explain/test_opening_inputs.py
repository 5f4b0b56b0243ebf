"""An input is read whole and by its name alone; what cannot be read is named in one line with what would do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen.errors import FormatError, InputError, NotFoundError
from suwen.explain.opening.example import read_example


@pytest.fixture
def files(tmp_path: Path) -> Path:
    np.savez(tmp_path / "a.npz", images=np.zeros((3, 5, 5), np.uint8), words=np.array(["x", "y"]))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    (tmp_path / "t.csv").write_text("a,b,label\n1,2,0\n3,,1\nx y,1,0\n", "utf-8")
    (tmp_path / "n.csv").write_text("a,b,label\n1,2,0\n3,,1\n", "utf-8")
    for name in ("bad.png", "bad.nii.gz", "what.txt"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
    return tmp_path


@pytest.mark.parametrize(
    ("named", "kind", "said"),
    [
        ("none.png", NotFoundError, "no file none.png"),
        ("bad.png", FormatError, "PNG or JPEG"),
        ("bad.nii.gz", FormatError, "NIfTI"),
        ("what.txt", FormatError, "an input is"),
        ("a.npz", InputError, "images, words"),
        ("a.npz:images:3", InputError, "0 to 2"),
        ("a.npz:films:0", InputError, "its arrays are images"),
        ("a.npz:words:0", FormatError, "no numbers"),
        ("cut.npz:images:0", FormatError, "whole .npz"),
        ("n.csv", InputError, "1 is the first"),
        ("n.csv:3", InputError, "rows 1 to 2"),
        ("n.csv:2", InputError, "lacks a value in b"),
    ],
)
def test_wrong_files_are_named_in_one_line(files: Path, named: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said) as caught:
        read_example(str(files / named))
    assert "\n" not in str(caught.value)
    assert str(files) not in str(caught.value)  # folders may name a patient


def test_what_can_be_read(files: Path) -> None:
    assert read_example(f"{files / 'a.npz'}:images:2").values.shape == (5, 5)
    row = read_example(f"{files / 'n.csv'}:1")
    assert row.rows is not None
    assert (row.rows.columns, row.name, list(row.values)) == (("a", "b"), "n.csv:1", [1, 2])
    assert len(row.rows.others) == 0  # the other row lacks a value
    other = read_example(f"{files / 't.csv'}:1")
    assert other.rows is not None
    assert other.rows.columns == ("b",)
