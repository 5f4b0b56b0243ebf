"""Proves that names, numbers and dates planted in every kind of element are nowhere in the bytes that are written."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

pydicom = pytest.importorskip("pydicom")

from pydicom.datadict import DicomDictionary  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import ExplicitVRLittleEndian  # noqa: E402

from suwen.formats.images.deidentifying.dataset import deidentify  # noqa: E402
from suwen.formats.images.deidentifying.nouns import Dates, DeidentifyOptions, Outcome  # noqa: E402

KEY = bytes(range(32))
CODECS = ("latin-1", "utf-8", "gb18030", "utf-16-le", "utf-16-be")
TEXTS = ("LO", "SH", "ST", "LT", "UT", "UC", "PN", "CS", "AE", "UR")
BYTES = ("OB", "OW", "UN", "OF", "OD", "OL", "OV")
WANTED = (*TEXTS, *BYTES, "DA", "DT", "UI", "IS", "DS", "AS")
EVERYTHING = DeidentifyOptions(
    safe_private=True, uids=True, device=True, institution=True, patient=True, descriptors=True, structured=True,
    graphics=True, accept_burnt_in=True,
)  # fmt: skip
KEPT_OUT = {0x00080005, 0x00080016, 0x00080018, 0x00100010, 0x00100020, 0x00102154, 0x00100030, 0x00200010}
PIXELS = range(0x7FE00000, 0x7FE10000)


class Person:
    """A patient with secrets: Latin and Chinese name, number, telephone, birth day, and one of the staff."""

    def __init__(self, rng: random.Random) -> None:
        letters = "bcdfghjklmnpqrstvwxz"
        self.family = "Zq" + "".join(rng.choices(letters, k=5))
        self.given = "Xv" + "".join(rng.choices(letters, k=4))
        self.han = rng.choice("欧阳上官司马诸葛") + "".join(rng.sample("鹭瀚曦翀霁嫣彧瑄", 2))
        self.staff = "Qk" + "".join(rng.choices(letters, k=6))
        self.number = "M" + "".join(rng.choices("0123456789", k=9))
        self.phone = "13" + "".join(rng.choices("0123456789", k=9))
        self.born = f"19{rng.randint(30, 69)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.family, self.given, self.han, self.staff, self.number, self.phone, self.born)

    def sentence(self, rng: random.Random) -> str:
        return f"{rng.choice(self.secrets)} seen"

    def value(self, vr: str, rng: random.Random) -> Any:
        """Something secret that an element of this kind can hold."""
        if vr in BYTES:
            data = rng.choice((self.family, self.given, self.number, self.phone, self.han * 2))
            raw = b"\x01\x02" + data.encode(rng.choice(CODECS[1:]), "ignore") + b"\x00\x09"
            return raw + b"\0" * (-len(raw) % 8)
        if vr in {"SH", "CS", "AE"}:
            return rng.choice((self.family.upper(), self.number, self.phone))
        secret = {
            "PN": f"{self.family}^{self.given}={self.han}",
            "DA": self.born,
            "DT": self.born + "103000.5+0800",
            "UI": f"1.2.3.{self.phone}.{self.born}",
            "IS": self.phone,
            "DS": self.phone,
            "AS": "095Y",
            "UR": f"http://x/{self.number}",
        }
        return secret.get(vr, self.sentence(rng))


@cache
def public_tags() -> dict[str, list[int]]:
    """Elements of the public dictionary by kind, without those that the tests fill themselves."""
    found: dict[str, list[int]] = {}
    for tag, (vr, *_) in DicomDictionary.items():
        if tag >> 16 > 8 - 1 and tag not in KEPT_OUT and tag not in PIXELS:
            found.setdefault(vr, []).append(tag)
    return found


def planted(person: Person, rng: random.Random, depth: int = 0) -> Dataset:
    """Elements of every kind with secrets in them, private blocks of unknown makers, sequences three deep."""
    found = Dataset()
    for vr in WANTED:
        for tag in rng.sample(public_tags()[vr], min(8, len(public_tags()[vr]))) if vr in public_tags() else ():
            found.add_new(tag, vr, person.value(vr, rng))
    for group, maker in ((0x0019, f"MAKER {person.family}"), (0x0029, "SIEMENS MR HEADER"), (0x2001, "")):
        found.add_new((group, 0x0010), "LO", maker)
        for number, vr in enumerate(WANTED):
            found.add_new((group, 0x1000 + number), vr, person.value(vr, rng))
    if depth < 3:
        for tag in rng.sample(public_tags()["SQ"], 2):
            found.add_new(tag, "SQ", [planted(person, rng, depth + 1)])
        found.add_new((0x0019, 0x10F0), "SQ", [planted(person, rng, 3)])
    return found


def whole(person: Person, rng: random.Random) -> Dataset:
    """A stored object with the secrets where they belong, and everywhere else."""
    found = planted(person, rng)
    found.SpecificCharacterSet = rng.choice(["ISO_IR 192", "GB18030"])
    found.SOPClassUID = rng.choice(["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4.5"])
    found.SOPInstanceUID, found.StudyInstanceUID = f"1.2.3.{person.phone}", f"1.2.4.{person.born}"
    found.PatientName = f"{person.family}^{person.given}={person.han[0]}^{person.han[1:]}"
    found.PatientID, found.PatientTelephoneNumbers, found.PatientBirthDate = person.number, person.phone, person.born
    found.OperatorsName = person.staff
    for unwanted in ("EncapsulatedDocument", "DirectoryRecordSequence", "PixelData", "Rows", "BurnedInAnnotation"):
        if unwanted in found:
            delattr(found, unwanted)
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.file_meta.SourceApplicationEntityTitle = person.family.upper()
    found.file_meta.PrivateInformationCreatorUID = f"1.2.3.{person.phone}"
    found.file_meta.PrivateInformation = person.number.encode() + b"\0" * (len(person.number) % 2)
    found.preamble = person.phone.encode().ljust(128)
    return found


def written(dataset: Dataset) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def leaks(data: bytes, person: Person) -> Iterator[tuple[str, str]]:
    for secret in person.secrets:
        for form in {secret, secret.upper(), secret.lower()}:
            for codec in CODECS:
                raw = form.encode(codec, "ignore")
                if len(raw) >= 4 and raw in data:
                    yield form, codec


def made(seed: int) -> tuple[Person, Dataset]:
    rng = random.Random(seed)  # noqa: S311
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        person = Person(rng)
        return person, whole(person, rng)


@pytest.mark.parametrize("options", [DeidentifyOptions(), DeidentifyOptions(dates=Dates.REMOVE), EVERYTHING])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_planted_is_in_the_written_bytes(seed: int, options: DeidentifyOptions) -> None:
    person, dataset = made(seed)
    before = written(dataset)
    assert {secret for secret, _ in leaks(before, person)} >= {person.family, person.number, person.phone, person.born}
    found = deidentify(dataset, key=KEY, options=options)
    assert found.outcome is Outcome.CLEAN
    assert list(leaks(written(found.dataset), person)) == []
    assert written(dataset) == before, "the input was altered"


def test_nothing_planted_is_in_what_is_told() -> None:
    person, dataset = made(1)
    found = deidentify(dataset, key=KEY)
    told = repr((found.counts, found.remarks, found.folder, found.name, found.regions)).encode()
    assert list(leaks(told, person)) == []


@pytest.mark.parametrize("seed", range(2))
def test_every_element_that_can_hold_text_is_searched(seed: int) -> None:
    """All public elements one after another, not a sample; two hundred at a time."""
    rng = random.Random(seed)  # noqa: S311
    person = Person(rng)
    tags = [(tag, vr) for vr in WANTED for tag in public_tags().get(vr, ())]
    for start in range(0, len(tags), 400):
        dataset = Dataset()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for tag, vr in tags[start : start + 400]:
                dataset.add_new(tag, vr, person.value(vr, rng))
            for name, value in (("PatientName", person.family + "^" + person.given), ("PatientID", person.number)):
                setattr(dataset, name, value)
            dataset.SpecificCharacterSet = "ISO_IR 192"
            dataset.OtherPatientNames = [person.han, person.staff]
            dataset.PatientTelephoneNumbers = person.phone
            dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
            dataset.pop("EncapsulatedDocument", None)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        found = deidentify(dataset, key=KEY, options=DeidentifyOptions(documents=True, accept_burnt_in=True))
        assert list(leaks(written(found.dataset), person)) == []
