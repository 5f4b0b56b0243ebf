"""The electrocardiograms of a patient's record: which there are, one of them opened, and readings kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from suwen.consult import Actor, Record, Records, open_image, open_record
from suwen.consult.facts import age_years, at, begun, from_register, named, statuses, who_of
from suwen.errors import FormatError, NotFoundError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.server.house import House
from suwen.server.pages.patient_frame import Head
from suwen.subject import Saying, Sex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suwen.diagnosis.rhythm import Reading, Variability
    from suwen.formats.waveforms.nouns import Recording
    from suwen.report.ecg_nouns import ReadEcg

__all__ = [
    "HELD_KINDS",
    "LIVE",
    "Held",
    "Readings",
    "held_of",
    "held_one",
    "person_of",
    "read_ecg",
    "reading_of",
    "readings_of",
    "recording_of",
]

HELD_KINDS = ("Observation", "DocumentReference", "DiagnosticReport", "Media")
LIVE = 35 * 60.0  # seconds of recording that are read while somebody waits (about four seconds); longer is a job
_MOST_BYTES = 400 * 2**20  # of samples whose readings are kept
_MOST_KNOWN = 20_000  # records of which it is known what they hold
_UNDONE = frozenset({"registered", "cancelled", "superseded", "preparation", "not-done", "entered-in-error"})
_SAMPLED = b"valueSampledData"
_WHOLE = 16 * 256 * 2**20  # bytes that reading a large file may take, as where it was stored

Key = tuple[str, int, int]
_UNREADABLE = Saying("the record holds no electrocardiogram there that can be read", "该病历中此处没有可读取的心电图")


@dataclass(frozen=True, slots=True)
class Held:
    """A recording that the record holds: which part of which version, when it was made, and what it is like.

    `day` is counted from 0001-01-01. `size` is the bytes of a file that lies beside the record as images do (0: in it);
    its leads, rate and length are not known before it is opened. `problem` says why it cannot be read.
    """

    record: str
    version: int
    part: int
    where: str
    title: str
    day: float | None
    leads: tuple[str, ...] = ()
    rate: float = 0.0
    seconds: float = 0.0
    size: int = 0
    problem: Saying | None = None

    @property
    def key(self) -> Key:
        """What its reading is kept under."""
        return self.record, self.version, self.part

    @property
    def made(self) -> str:
        """When it was made, to the minute where that is known; "" where it is not said."""
        if self.day is None:
            return ""
        whole = date.fromordinal(int(self.day)).isoformat()
        minutes = round((self.day - int(self.day)) * 24 * 60)
        return f"{whole} {timedelta(minutes=minutes)!s:0>8}"[:16] if minutes else whole


@dataclass(slots=True)
class Readings:
    """Readings of recordings in memory, the least used forgotten; whoever asks has been let in to the record before."""

    known: OrderedDict[tuple[str, int], tuple[Held, ...]] = field(default_factory=OrderedDict)
    read: OrderedDict[Key, ReadEcg] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def held(self, one: Record, find: Callable[[Record], tuple[Held, ...]]) -> tuple[Held, ...]:
        """What a record holds, found once for each version."""
        key = (one.id, one.version)
        with self.lock:
            found = self.known.get(key)
        if found is None:
            found = find(one)
            with self.lock:
                self.known[key] = found
                while len(self.known) > _MOST_KNOWN:
                    self.known.popitem(last=False)
        return found

    def get(self, key: Key) -> ReadEcg | None:
        """The reading of a recording, where it is kept."""
        with self.lock:
            if key in self.read:
                self.read.move_to_end(key)
            return self.read.get(key)

    def put(self, key: Key, reading: ReadEcg) -> None:
        """Keep a reading, and forget others where they are too large together."""
        with self.lock:
            self.read[key] = reading
            self.read.move_to_end(key)
            while len(self.read) > 1 and sum(one.recording.samples.nbytes for one in self.read.values()) > _MOST_BYTES:
                self.read.popitem(last=False)


def readings_of(house: House) -> Readings:
    """The readings that this process keeps."""
    found: Readings = house.room("ecg readings", Readings)
    return found


def held_of(records: Iterable[Record], readings: Readings) -> list[Held]:
    """The recordings of these records, the newest first; those without a date last."""
    found = [held for one in records if one.kind in HELD_KINDS for held in readings.held(one, _held)]
    return sorted(found, key=lambda one: (-(one.day or 0.0), one.where, one.part))


def held_one(actor: Actor, records: Records, head: Head, record: str, part: int) -> tuple[Record, Held]:
    """One recording of a patient, by its record and part. Raises NotFoundError, AccessError."""
    newest = open_record(actor, records, head.id, record, purpose=head.purpose)[-1]
    found = () if newest.withdrawn or newest.kind not in HELD_KINDS else _held(newest)
    for one in found:
        if one.part == part:
            return newest, one
    raise NotFoundError("the record holds no electrocardiogram there", zh="该病历中此处没有心电图")


def _held(record: Record) -> tuple[Held, ...]:
    if record.kind == "Observation" and _SAMPLED not in record.payload:
        return ()
    resource = _resource(record)
    if resource is None or statuses(resource) & _UNDONE:
        return ()
    return tuple(_tracings(record, resource))


def _resource(record: Record) -> Json | None:
    try:
        resource = Stored.from_bytes(record.payload).resource
    except FormatError:
        return None
    return resource if isinstance(resource, dict) and resource.get("resourceType") == record.kind else None


def _tracings(record: Record, resource: Json) -> Iterable[Held]:
    from suwen.formats.fhir.sampled import tracings_of  # noqa: PLC0415 - numpy comes with it

    day, title = begun(resource), _title(resource)
    for part, one in enumerate(tracings_of(resource)):
        held = Held(record.id, record.version, part, named(resource), title, day)
        if one.recording is not None:
            yield replace(held, leads=one.recording.leads, rate=one.recording.rate, seconds=one.recording.seconds)
        elif one.is_elsewhere and record.images:
            yield replace(held, size=record.images[0][1])
        elif one.problem:
            yield replace(held, problem=one.problem)


def _title(resource: Json) -> str:
    """What its sender called it, as far as that is short."""
    content = resource.get("content")
    first = content[0] if isinstance(content, list) and content else content
    said = at(first, "attachment.title") if isinstance(first, dict) else ""
    return str(said or at(resource, "description"))[:120]


def recording_of(actor: Actor, records: Records, head: Head, record: Record, held: Held) -> Recording:
    """The samples of a recording. Raises FormatError or InputError with what is wrong with it, TamperError."""
    from suwen.formats.fhir.sampled import recording_of_bytes, tracings_of  # noqa: PLC0415

    if held.size:
        image = record.images[0][0]
        parts = open_image(actor, records, head.id, record.id, image=image, purpose=head.purpose)
        return recording_of_bytes(b"".join(parts), memory=_WHOLE)
    resource = _resource(record) or {}
    found = [one for at_part, one in enumerate(tracings_of(resource)) if at_part == held.part]
    if not found or found[0].recording is None:
        said = held.problem or _UNREADABLE
        raise FormatError(said.en, zh=said.zh)
    return found[0].recording


def read_ecg(recording: Recording, held: Held, head: Head) -> ReadEcg:
    """Read a recording: beats, intervals, signs, variability; a tenth of a second of work for each minute of it."""
    from suwen.report.ecg_nouns import ReadEcg  # noqa: PLC0415

    age, sex = person_of(held, head)
    reading, varied = reading_of(recording.samples, recording.rate, recording.leads, age, sex)
    return ReadEcg(recording, reading, (), varied, age, sex)


def person_of(held: Held, head: Head) -> tuple[float | None, Sex | None]:
    """Age in years when a recording was made, and sex; None where these are not known."""
    age = age_years(who_of([from_register(head.demographics)]), held.day)
    return age, None if head.demographics.sex is Sex.UNKNOWN else head.demographics.sex


def reading_of(
    samples: NDArray[np.float32], rate: float, leads: tuple[str, ...], age: float | None, sex: Sex | None
) -> tuple[Reading, Variability | None]:
    """What is read of samples (leads, time) in mV, and the variability where they are long enough."""
    from suwen.diagnosis.rhythm import read_rhythm, variability  # noqa: PLC0415
    from suwen.report.ecg_tables import LEAST_VARIABILITY  # noqa: PLC0415

    reading = read_rhythm(samples, rate, leads, age=age, sex=sex)
    enough = samples.shape[1] / rate >= LEAST_VARIABILITY and len(reading.beats.samples) > 1
    return reading, variability(reading.beats.seconds, kinds=reading.kinds) if enough else None
