"""Stores that are to be damaged: everything that was written in them, and how a damage is noticed."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ward import CHEAP, Clock, Ward, opening

from suwen.consult.chart import Draft, open_patient, write_records
from suwen.consult.images import Image, open_image, store_images
from suwen.errors import SuwenError
from suwen.govern.hospital import Records, open_records
from suwen.records.people import Actor
from suwen.records.store.whole import Report, verify

MANY = 270  # entries: more than one tile of the log's tree


@dataclass
class Written:
    """A closed store, who may read it, and everything that was written."""

    home: Path
    actor: Actor
    records: dict[str, list[tuple[str, int, bytes]]] = field(default_factory=dict)
    images: dict[tuple[str, str, str], bytes] = field(default_factory=dict)

    def fill(self, ward: Ward, *, first: int, patients: int, rng: random.Random) -> None:
        for number in range(first, first + patients):
            patient = ward.patient(number, records=4, size=300)
            raw = rng.randbytes(20_000)
            image = [Image([raw], len(raw), 4096), Image([b""], 0, 4096)]
            store_images(self.actor, ward.records, patient, kind="ImagingStudy", payload=b"{}", images=image)
            one = open_patient(self.actor, ward.records, patient)[1]
            write_records(self.actor, ward.records, patient, [Draft(one.kind, b"amended", one.id, one.version)])
            found = open_patient(self.actor, ward.records, patient)
            self.records[patient] = [(one.id, one.version, one.payload) for one in found]
            (study,) = [one for one in found if one.images]
            self.images[patient, study.id, study.images[0][0]] = raw
            self.images[patient, study.id, study.images[1][0]] = b""

    def read(self, records: Records) -> list[str]:
        """Read all there is as a physician does; the errors told. Fails on anything read that was not written."""
        told = []
        for patient, written in self.records.items():
            try:
                found = [(one.id, one.version, one.payload) for one in open_patient(self.actor, records, patient)]
                assert found == written
            except SuwenError as error:
                told.append(str(error))
        for (patient, record, image), raw in self.images.items():
            try:
                assert b"".join(open_image(self.actor, records, patient, record, image=image)) == raw
            except SuwenError as error:
                told.append(str(error))
        return told


@dataclass
class Seen:
    """How a damage was noticed: when opening, by these faults, in reading."""

    opening: str = ""
    faults: list[str] = field(default_factory=list)
    reading: list[str] = field(default_factory=list)

    @property
    def detected(self) -> bool:
        return bool(self.opening or self.faults)


def look(written: Written, home: Path) -> Seen:
    seen = Seen()
    try:
        with open_records(home, opening(Clock(1_800_000_500.0)), policy=CHEAP) as records:
            seen.faults = faults(verify(records.store))
            seen.reading = written.read(records)
    except SuwenError as error:
        seen.opening = f"{type(error).__name__}: {error}"
    return seen


def faults(report: Report) -> list[str]:
    return [f"{one.where}: {one.what}" for one in report.faults]


@contextlib.contextmanager
def copied(home: Path, name: str = "copy") -> Iterator[Path]:
    copy = home.with_name(name)
    shutil.copytree(home, copy)
    try:
        yield copy
    finally:
        shutil.rmtree(copy)
