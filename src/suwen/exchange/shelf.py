"""The folder that received objects lie in: study/series/instance.dcm, each written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from suwen.errors import DataError, FormatError, InputError
from suwen.exchange.nouns import Stored
from suwen.exchange.quiet import hushed, pydicom, unreadable

__all__ = ["AlreadyThereError", "FullError", "Shelf", "UidError", "encode_meta", "is_uid"]

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UNDEFINED = 0xFFFFFFFF
_SEQUENCE_ENDS = (b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xff\xfe\xe0\xdd\0\0\0\0")  # little endian, big endian


class UidError(FormatError):
    """A UID of the object is none."""


class FullError(DataError):
    """There is no room for the object, or it is larger than is allowed."""


class AlreadyThereError(InputError):
    """Another object lies in the folder under the same UID."""


def is_uid(text: str) -> bool:
    """Whether it is a UID (PS3.5 section 9): numbers and dots, 64 characters at most.

    Leading zeros are let pass, for devices write them. Threat: UIDs become names of folders and files, so nothing else
    may come through, not "..", not a slash.
    """
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def encode_meta(sop_class: str, instance: str, syntax: str, sender: str = "") -> bytes:
    """Preamble and file meta information (PS3.10 section 7.1) of an object in a transfer syntax."""
    library = pydicom()
    from io import BytesIO  # noqa: PLC0415

    meta = library.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = library.uid.UID(sop_class)
    meta.MediaStorageSOPInstanceUID = library.uid.UID(instance)
    meta.TransferSyntaxUID = library.uid.UID(syntax)
    meta.ImplementationClassUID = library.uid.PYDICOM_IMPLEMENTATION_UID
    if sender:
        meta.SourceApplicationEntityTitle = sender
    written = BytesIO()
    library.filewriter.write_file_meta_info(written, meta)
    return b"\0" * 128 + b"DICM" + written.getvalue()


class Shelf:
    """A folder of received objects; every method may be called from several threads.

    `largest`: bytes of one object; `spare`: bytes of the disk that stay free; `studies`: only objects of these are
    kept (where empty, of any).
    """

    def __init__(self, folder: Path, *, largest: int = 2**30, spare: int = 0, studies: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._largest, self._spare, self._studies = largest, spare, studies
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Make the folder, for its owner alone, and sweep what an earlier run left half written. Raises DataError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in self.folder.glob(".*.part"):
                part.unlink()
        except OSError as reason:
            raise DataError(
                f"cannot use {self.folder}: {reason.strerror}; name a folder that is yours",
                zh=f"无法使用 {self.folder}：{reason.strerror}；请指定您自己的文件夹",
            ) from None

    def store(self, head: bytes, dataset: memoryview | bytes, sender: str = "") -> Stored:
        """Keep one object: `head` is its preamble and file meta information, `dataset` its bytes as they came.

        The same bytes again change nothing. Raises FormatError where it is no whole DICOM object, UidError,
        AlreadyThereError, FullError, and OSError where it cannot be written.
        """
        if len(dataset) > self._largest:
            raise FullError(f"the object has more than {self._largest} bytes")
        uids = _uids(head, dataset)
        if self._studies and uids[0] not in self._studies:
            raise UidError("the object is of another study than was asked for")
        file = self.folder.joinpath(*uids[:3]).with_name(f"{uids[2]}.dcm")
        with self._lock:
            fresh = not self._lies_there(file, head, dataset)
            if fresh:
                self._write(file, head, dataset)
        return Stored(*uids, file, sender, fresh)

    def _lies_there(self, file: Path, head: bytes, dataset: memoryview | bytes) -> bool:
        """Whether these bytes lie there; what sent them may differ. Raises AlreadyThereError."""
        try:
            present = file.read_bytes()
        except FileNotFoundError:
            return False
        if memoryview(present)[_length_of_head(present) :] == dataset and _syntax(present) == _syntax(head):
            return True
        raise AlreadyThereError("another object was received under the same UID; the first is kept")

    def _write(self, file: Path, head: bytes, dataset: memoryview | bytes) -> None:
        if shutil.disk_usage(self.folder).free - len(dataset) < self._spare:
            raise FullError("the disk is full")
        # The part lies at the top of the folder, where no reader of studies looks, on the same disk as its place.
        handle, part = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(head)
                opened.write(dataset)
                opened.flush()
                os.fsync(opened.fileno())
            file.parent.parent.mkdir(mode=0o700, exist_ok=True)
            file.parent.mkdir(mode=0o700, exist_ok=True)
            Path(part).replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                Path(part).unlink()
            raise


def _uids(head: bytes, dataset: memoryview | bytes) -> tuple[str, str, str, str]:
    """Study, series, instance and class of an object that is whole and is what its header says."""
    read = _read(b"".join((head, dataset)))
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
    with hushed():
        study, series, instance, sop_class = (str(read.get(name) or "") for name in names)
    if not all(is_uid(one) for one in (study, series, instance, sop_class)):
        raise UidError("the object's study, series, instance or class has no valid UID")
    meta = read.file_meta
    if (instance, sop_class) != (meta.MediaStorageSOPInstanceUID, meta.MediaStorageSOPClassUID):
        raise UidError("the object is another one than was announced")
    return study, series, instance, sop_class


def _read(whole: bytes) -> Any:
    """A data set that reaches to the end of the bytes. Raises FormatError."""
    from io import BytesIO  # noqa: PLC0415

    with hushed():
        try:
            read = pydicom().dcmread(BytesIO(whole))
            complete = _complete(read, whole)
        except unreadable() as reason:
            raise FormatError("the object cannot be read as DICOM", zh="该对象无法按 DICOM 读取") from reason
    if not complete:
        raise FormatError("the object was cut off", zh="该对象不完整")
    return read


def _complete(read: Any, whole: bytes) -> bool:
    """Whether the last element ends where the bytes do; the library forgives an element that was cut off."""
    tags = sorted(read.keys())
    last = read.get_item(tags[-1]) if tags else None
    begin, length = getattr(last, "value_tell", None), getattr(last, "length", _UNDEFINED)
    if begin is None or length == _UNDEFINED:  # it ends with the item that ends sequences and encapsulated pixels
        return whole.endswith(_SEQUENCE_ENDS)
    return bool(begin + length == len(whole))


def _length_of_head(present: bytes) -> int:
    """Preamble, prefix, and the group of which its first element says how long the rest is."""
    return 144 + int.from_bytes(present[140:144], "little")


def _syntax(head: bytes) -> str:
    from io import BytesIO  # noqa: PLC0415

    return str(pydicom().dcmread(BytesIO(head), specific_tags=["SOPInstanceUID"]).file_meta.TransferSyntaxUID)
