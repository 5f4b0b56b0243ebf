"""Stored bytes of a study, in files, folders or a zip archive: found in a fixed order and opened within a limit."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.images.budget import Budget
from suwen.formats.images.notices import refusal

__all__ = ["Stored", "kind_of", "stored_in", "unpacked"]

_MAX_FILES = 200_000  # a folder above this is an archive, not a study
_HEAD = 400  # the magic of DICOM is at 128, that of NIfTI at 344


@dataclass(frozen=True, slots=True)
class Stored:
    """One file: `name` is its place within what was given, `path` the file, or `data` what was unpacked from a zip."""

    name: str
    path: Path | None = None
    data: bytes | None = None

    def open(self) -> BinaryIO:
        """A seekable stream at its start; InputError where the file cannot be opened."""
        if self.data is not None:
            return io.BytesIO(self.data)
        try:
            return Path(self.path or self.name).open("rb")
        except OSError as error:
            closed = isinstance(error, PermissionError)
            raise (refusal("closed") if closed else refusal("unopened", why=str(error.strerror))) from error

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data) if self.data is not None else Path(self.path or self.name).stat().st_size

    def head(self) -> bytes:
        """The first bytes, by which the kind of a file is told."""
        with self.open() as stream:
            return stream.read(_HEAD)


def kind_of(head: bytes) -> str:
    """Tell "dicom", "nifti", "gzip", "zip", "png" or "jpeg" by the first bytes; "" for anything else."""
    if head[128:132] == b"DICM":
        return "dicom"
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0"):
        return "nifti"
    for magic, kind in (
        (b"\x1f\x8b", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
    ):
        if head.startswith(magic):
            return kind
    # A data set without preamble starts with group 2 or 8 and a small element number, in either byte order.
    bare = len(head) >= 8 and head[:2] in (b"\x08\0", b"\x02\0") and head[3] == 0
    return "dicom" if bare or (len(head) >= 8 and head[:3] == b"\0\x08\0") else ""


def unpacked(stored: Stored, budget: Budget) -> Stored:
    """A DICOM object taken out of gzip; NIfTI, which its reader unpacks as it goes, and anything else stay as they are.

    Raises:
        FormatError: the gzip is damaged.
        InputError: it unpacks to more than the budget has left.

    """
    try:
        with stored.open() as raw, gzip.GzipFile(fileobj=raw) as stream:
            head = stream.read(_HEAD)
            if kind_of(head) != "dicom":
                return stored
            data = head + stream.read(budget.left + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise refusal("gzip") from error
    budget.take(len(data))
    return Stored(stored.name, stored.path, data)


def stored_in(path: Path, limit: int) -> Iterator[Stored]:
    """The files at a path: itself, those under a folder in the order of their names, or the members of a zip.

    Links to folders are not followed and what is no regular file (a pipe would hang) is passed over.

    Raises:
        NotFoundError: there is nothing at this path.
        InputError: too many files, or a zip of more than `limit` bytes when unpacked.

    """
    if not path.exists():
        raise NotFoundError("there is no file or folder at this path", zh="此路径没有文件或文件夹")
    if path.is_dir():
        yield from _in_folder(path)
    elif not stat.S_ISREG(path.stat().st_mode):
        raise InputError("this is neither a file nor a folder", zh="此处既不是文件也不是文件夹")
    else:
        one = Stored(path.name, path)
        yield from _in_zip(one, limit) if kind_of(one.head()) == "zip" else (one,)


def _in_folder(folder: Path) -> Iterator[Stored]:
    count = 0
    closed: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        folders.sort()
        for name in sorted(names):
            file = Path(root) / name
            if name.startswith(".") or not _is_regular(file):
                continue
            count += 1
            if count > _MAX_FILES:
                raise InputError(
                    f"this folder holds more than {_MAX_FILES} files; give the folder of one study",
                    zh=f"该文件夹含 {_MAX_FILES} 个以上文件；请给出单个检查的文件夹",
                )
            yield Stored(str(file.relative_to(folder)), file)
    for error in closed:  # told like a file that cannot be opened: what lies there may belong to the study
        yield Stored(f"{Path(error.filename).relative_to(folder)}/", Path(error.filename))


def _is_regular(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False  # a link to nowhere


def _in_zip(archive: Stored, limit: int) -> Iterator[Stored]:
    left = limit
    damaged = "the zip archive is damaged, encrypted or packed in a way that is not read"
    try:
        with archive.open() as stream, zipfile.ZipFile(stream) as opened:
            members = [one for one in opened.infolist() if not one.is_dir()]
            if len(members) > _MAX_FILES:
                raise InputError(
                    f"this archive holds more than {_MAX_FILES} files; give one study",
                    zh=f"该压缩包含 {_MAX_FILES} 个以上文件；请只给出一个检查",
                )
            for member in sorted(members, key=lambda one: one.filename):
                with opened.open(member) as packed:
                    data = packed.read(left + 1)  # what is declared may lie: what comes out is counted
                left -= len(data)
                if left < 0:
                    raise InputError(
                        f"the archive unpacks to more than {limit} bytes; raise the limit or unpack it",
                        zh=f"该压缩包解压后超过 {limit} 字节；请提高上限或先行解压",
                    )
                yield Stored(member.filename, None, data)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise FormatError(damaged, zh="ZIP 压缩包已损坏、加密或压缩方式不支持") from error
