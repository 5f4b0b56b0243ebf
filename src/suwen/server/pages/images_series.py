"""The series of a patient as pages list and show them, and their images opened once and kept for a while."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from suwen.consult.imaging import KIND as OBJECTS
from suwen.consult.imaging import Held, objects_in, open_object_bytes
from suwen.consult.imaging_files import KIND as FILES
from suwen.consult.imaging_files import HeldFile, files_in, open_file_bytes
from suwen.errors import FormatError, InputError, NotFoundError
from suwen.govern import Actor
from suwen.server.dicomweb.attributes import value_of
from suwen.server.house import House
from suwen.server.pages.patient_frame import Head

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = [
    "KINDS",
    "Opened",
    "Series",
    "StudyOf",
    "image_of",
    "images_in_file",
    "images_of",
    "key_of",
    "series_named",
    "series_one",
    "studies_of",
]

KINDS = (OBJECTS, FILES)  # of records that hold images

_MEMORY = 2**31  # bytes that opening one series may take
_FILE_MEMORY = 2**29  # bytes that one file may take: packed by gzip it says nothing of its size
_KEPT = 512 * 2**20  # bytes of samples kept opened
_SECONDS = 600.0  # that samples stay opened unused


@dataclass(frozen=True, slots=True)
class Series:
    """A series as it is listed: `key` stands in addresses for its UID; `day` and `time` as the header writes them."""

    key: str
    uid: str
    study: str
    modality: str
    description: str
    part: str
    day: str
    count: int  # objects
    images: int  # objects that can be shown
    members: tuple[Held, ...] = field(repr=False)
    file: HeldFile | None = field(default=None, repr=False)  # of a picture or volume that is no DICOM


@dataclass(frozen=True, slots=True)
class StudyOf:
    """A study with its series, as pages show it; files that are no DICOM stand by the day they came, without UID."""

    uid: str
    day: str
    description: str
    series: tuple[Series, ...]


def key_of(uid: str) -> str:
    """What stands for a UID in addresses: they must not tell it, and a UID may have signs that addresses have not."""
    return hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def studies_of(records: Iterable[Any]) -> tuple[StudyOf, ...]:
    """The studies in opened records of a patient, the newest first."""
    opened = list(records)
    groups: dict[str, dict[str, list[Held]]] = {}
    for one in objects_in(opened):
        groups.setdefault(one.study, {}).setdefault(one.series, []).append(one)
    found = [_study(uid, series) for uid, series in groups.items()]
    days: dict[str, list[Series]] = {}
    for file in files_in(opened):
        made = _of_file(file)
        days.setdefault(made.day, []).append(made)
    found += [StudyOf("", day, "", tuple(series)) for day, series in days.items()]
    return tuple(sorted(found, key=lambda one: one.day, reverse=True))


def _of_file(file: HeldFile) -> Series:
    day = f"{datetime.fromtimestamp(file.at / 1e6, UTC).astimezone():%Y-%m-%d}"
    return Series(key_of(file.record), file.record, "", file.media, file.name, "", day, 1, 1, (), file)


def _study(uid: str, groups: dict[str, list[Held]]) -> StudyOf:
    series = sorted((_series(one, members) for one, members in groups.items()), key=lambda one: (one.modality, one.uid))
    first = series[0].members[0].attributes
    return StudyOf(uid, _day(value_of(first, "00080020")), value_of(first, "00081030"), tuple(series))


def _series(uid: str, members: list[Held]) -> Series:
    first = members[0]
    said: dict[str, Any] = {name: value_of(first.attributes, tag) for name, tag in _SAID.items()}
    day = _day(value_of(first.attributes, "00080021") or value_of(first.attributes, "00080020"))
    shown = sum(1 for one in members if one.frames)
    return Series(key_of(uid), uid, first.study, **said, day=day, count=len(members), images=shown, members=(*members,))


_SAID = {"modality": "00080060", "description": "0008103E", "part": "00180015"}


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else ""


def series_one(head: Head, key: str) -> Series:
    """A series of the opened record by its key. Raises NotFoundError."""
    return _only(head, lambda one: one.key == key)


def series_named(head: Head, uid: str) -> Series:
    """A series of the opened record by its UID, or by that of one of its objects. Raises NotFoundError."""
    return _only(head, lambda one: uid == one.uid or any(uid == each.instance for each in one.members))


def _only(head: Head, fits: Callable[[Series], bool]) -> Series:
    for study in studies_of(head.look.records):
        for one in study.series:
            if fits(one):
                return one
    raise NotFoundError("there is no such series in this record", zh="该病历中没有此序列")


class Opened:
    """Images and outlines opened lately, so that a slice is not decrypted with its whole series each time.

    Each request has opened the record, and so was decided and audited, before it asks here.
    """

    def __init__(self, clock: Any = time.monotonic) -> None:
        self._held: OrderedDict[tuple[str, ...], tuple[float, int, tuple[Any, ...]]] = OrderedDict()
        self._clock, self._lock = clock, threading.Lock()

    def get(self, key: tuple[str, ...]) -> tuple[Any, ...] | None:
        """What is kept under a key."""
        with self._lock:
            self._forget()
            if key not in self._held:
                return None
            _, size, images = self._held.pop(key)
            self._held[key] = (self._clock(), size, images)
            return images

    def put(self, key: tuple[str, ...], images: tuple[Any, ...], *, size: int) -> None:
        """Keep something of `size` bytes; what was not used for longest goes first."""
        with self._lock:
            self._held[key] = (self._clock(), size, images)
            while sum(one for _, one, _ in self._held.values()) > _KEPT and len(self._held) > 1:
                self._held.popitem(last=False)

    def _forget(self) -> None:
        past = self._clock() - _SECONDS
        for key in [one for one, (used, _, _) in self._held.items() if used < past]:
            del self._held[key]


def images_of(house: House, actor: Actor, head: Head, series: Series) -> tuple[Image, ...]:
    """The images of a series: volumes, or flat images one by one. Raises FormatError where none can be read."""
    opened: Opened = house.room("images", Opened)
    key = (head.id, series.uid, *sorted({one.record for one in series.members}))
    found = opened.get(key)
    if found is None:
        found = _opened(house, actor, head, series)
        opened.put(key, found, size=sum(one.values.nbytes for one in found))
    return found


def _opened(house: House, actor: Actor, head: Head, series: Series) -> tuple[Image, ...]:
    if series.file is not None:
        return images_in_file(open_file_bytes(actor, house.records, series.file, purpose=head.purpose))
    data = ((one, open_object_bytes(actor, house.records, one, purpose=head.purpose)) for one in _shown(series))
    return _read([(one.instance, content) for one, content in data])


def images_in_file(data: bytes) -> tuple[Image, ...]:
    """The images of a PNG, JPEG or NIfTI (packed or not). Raises FormatError, InputError for one too large."""
    from suwen.formats.images.budget import Budget  # noqa: PLC0415
    from suwen.formats.images.nifti import read_nifti  # noqa: PLC0415
    from suwen.formats.images.picture import read_picture  # noqa: PLC0415
    from suwen.formats.images.stored import Stored, kind_of  # noqa: PLC0415

    stored, budget = Stored("file", None, data), Budget(_FILE_MEMORY)
    if kind_of(stored.head()) in ("png", "jpeg"):
        return (read_picture(stored, budget),)
    return tuple(read_nifti(stored, budget))


def _shown(series: Series) -> Sequence[Held]:
    return [one for one in series.members if one.frames]


def _read(objects: Sequence[tuple[str, bytes]]) -> tuple[Image, ...]:
    from suwen.formats.images.budget import Budget  # noqa: PLC0415
    from suwen.formats.images.decoding import Decoder  # noqa: PLC0415
    from suwen.formats.images.dicom import DicomReading, read_frames  # noqa: PLC0415
    from suwen.formats.images.frames import frames_of  # noqa: PLC0415
    from suwen.formats.images.objects import open_object  # noqa: PLC0415
    from suwen.formats.images.stored import Stored  # noqa: PLC0415

    budget = Budget(_MEMORY)
    frames: list[Any] = []
    for name, data in objects:
        try:
            frames += frames_of(open_object(Stored(name, None, data), budget))
        except InputError:
            continue  # it was sound when it came; what cannot be read any more must not hide the others
    with Decoder(budget) as decoder:
        reading = DicomReading(budget, decoder)
        read_frames(frames, reading)
    if not reading.images:
        raise FormatError("nothing of this series can be shown", zh="该序列没有可显示的内容")
    return tuple(reading.images)


def image_of(images: Sequence[Image], number: int) -> Image:
    """An image by its number from 1. Raises NotFoundError."""
    if not 1 <= number <= len(images):
        raise NotFoundError("there is no such image in this series", zh="该序列中没有此图像")
    return images[number - 1]
