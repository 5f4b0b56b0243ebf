"""Molecules as a visitor enters them: a pasted list, each line a structure and perhaps a name; files of them."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.errors import FormatError, InputError, MissingExtraError, SuwenError
from suwen.server.guard.sniffing import Kind, kind_of
from suwen.server.house import House
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.formats.molecules import Molecule, Refused

__all__ = ["MOST_PASTED", "Lacking", "Warming", "kind_of_file", "lacking", "on_disk", "pasted", "warm"]

MOST_PASTED = 100  # molecules of a list that are profiled at once
_KINDS = (".smi", ".csv", ".tsv", ".sdf")
_CALLED = {".smiles": ".smi", ".ism": ".smi", ".can": ".smi", ".txt": ".smi", ".sd": ".sdf", ".mol": ".sdf"}
_TEXTS = frozenset((Kind.TEXT, Kind.JSON, Kind.UNKNOWN))  # the last: GB 18030, too
_NAMED = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Lacking:
    """An optional package that is not installed, and what does not work without it."""

    package: str
    extra: str
    what: Saying


_PARTS = (
    Lacking("rdkit", "drugs", Saying("No molecule can be read or drawn.", "无法读取或绘制分子。")),
    Lacking("torch", "learn", Saying("Learned endpoints cannot be worked out.", "无法计算预测终点。")),
)


def lacking() -> tuple[Lacking, ...]:
    """The optional packages of this page that are not there."""
    return tuple(one for one in _PARTS if find_spec(one.package) is None)


def pasted(text: str) -> list[Molecule | Refused]:
    """The molecules of a pasted text: a SMILES or InChI each line, perhaps with a name behind it.

    What is no structure comes as a Refused with its line. Raises InputError for nothing or too much, MissingExtraError
    without RDKit.
    """
    from suwen.formats.molecules import Refused, read_molecule  # noqa: PLC0415 - RDKit is an extra
    from suwen.formats.molecules.rows import problem_of  # noqa: PLC0415

    lines = [(row, line.strip()) for row, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise InputError("paste or draw a molecule first", zh="请先粘贴或绘制一个分子")
    if len(lines) > MOST_PASTED:
        raise InputError(
            f"{len(lines)} lines are too many at once; at most {MOST_PASTED}, or screen a file of them",
            zh=f"一次 {len(lines)} 行过多，最多 {MOST_PASTED} 行；更多分子请用筛选漏斗",
        )
    found: list[Molecule | Refused] = []
    for row, line in lines:
        structure, *rest = _NAMED.split(line, maxsplit=1)
        try:
            found.append(read_molecule(structure, name=rest[0][:120] if rest else ""))
        except FormatError as wrong:
            found.append(Refused(row, line[:200], problem_of(wrong)))
    return found


def kind_of_file(name: str, data: bytes) -> str:
    """The suffix a file of molecules is read by: what it is called, where what is in it agrees.

    Raises FormatError. Threat: an archive or a program called library.smi is not unpacked or handed on.
    """
    suffix = Path(name).suffix.lower()
    suffix = _CALLED.get(suffix, suffix)
    if suffix not in _KINDS:
        raise FormatError(
            "files of molecules end in .smi, .txt, .csv, .tsv or .sdf",
            zh="分子文件的扩展名应为 .smi、.txt、.csv、.tsv 或 .sdf",
        )
    if not data.strip():
        raise FormatError("the file is empty", zh="文件为空")
    head = data[:4096]
    # A bracket may begin a SMILES, a brace nothing that is read here; UTF-16 is text with zero bytes.
    is_other = kind_of(head) not in _TEXTS or head.lstrip().startswith((b"{", b"\x7fELF"))
    if head[:2] not in (b"\xff\xfe", b"\xfe\xff") and (is_other or b"\0" in head):
        raise FormatError(
            "the file is no text, whatever it is called; unpack it, or save it as SMILES, CSV or SDF",
            zh="文件并非文本（无论其名称如何）；请解压，或另存为 SMILES、CSV 或 SDF",
        )
    if suffix == ".sdf" and b"M  END" not in data:
        raise FormatError(
            "the file is called an SDF and holds no record of a molecule", zh="文件名为 SDF，但其中没有分子记录"
        )
    return suffix


@contextmanager
def on_disk(data: bytes, suffix: str) -> Iterator[Path]:
    """The bytes as a file of this suffix, for readers that want one; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="suwen-molecules-") as folder:
        file = Path(folder) / f"library{suffix}"
        file.write_bytes(data)
        yield file


class Warming:
    """The models of the learned endpoints, opened once in the background: it takes some seconds."""

    def __init__(self) -> None:
        self.failure = ""
        self._begun = threading.Lock()
        self._done = threading.Event()

    def begin(self) -> Warming:
        """Begin, unless it was begun before."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._open, name="molecules", daemon=True).start()
        return self

    @property
    def ready(self) -> bool:
        """Whether the models are open, or cannot be opened."""
        return self._done.is_set()

    def _open(self) -> None:
        from suwen.drugs.admet.forecast import forecasts  # noqa: PLC0415
        from suwen.formats.molecules import read_molecule  # noqa: PLC0415

        try:
            forecasts([read_molecule("C")])
        except SuwenError as failure:
            self.failure = str(failure)
        finally:
            self._done.set()


def warm(house: House) -> Warming:
    """The models, opening. Raises MissingExtraError where something they need is not installed."""
    for one in lacking():
        raise MissingExtraError(one.package, one.extra)
    found: Warming = house.room("molecules", Warming)
    return found.begin()
