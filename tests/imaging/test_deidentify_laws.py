"""Proves the laws of de-identification: intervals kept, pseudonyms of a key, the table whole, each action done."""

from __future__ import annotations

import datetime as dt
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pydicom = pytest.importorskip("pydicom")

from pydicom.datadict import DicomDictionary, dictionary_description, tag_for_keyword  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import ExplicitVRLittleEndian  # noqa: E402

from suwen.errors import InputError  # noqa: E402
from suwen.formats.images.deidentifying.dataset import deidentify  # noqa: E402
from suwen.formats.images.deidentifying.dates import changed_time, safe_age  # noqa: E402
from suwen.formats.images.deidentifying.key import Pseudonyms, read_key  # noqa: E402
from suwen.formats.images.deidentifying.nouns import REMARKS, Dates, DeidentifyOptions, Outcome  # noqa: E402
from suwen.formats.images.deidentifying.table import (  # noqa: E402
    action_of,
    element_types,
    is_safe_private,
    profile_rows,
    settled,
)

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
CT = "1.2.840.10008.5.1.4.1.1.2"
DAY_ONE = dt.datetime(1902, 1, 1)  # noqa: DTZ001 (dates of DICOM have no zone here)
MOMENTS = st.datetimes(min_value=DAY_ONE, max_value=DAY_ONE.replace(year=2090))
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF), min_size=1, max_size=20)


def stored(**values: Any) -> Dataset:
    """A stored object of CT without pixels."""
    found = Dataset()
    found.SOPClassUID, found.SOPInstanceUID, found.Modality = CT, "1.2.3.4", "CT"
    found.StudyInstanceUID, found.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    found.PatientName, found.PatientID = "Doe^Jane", "4711-Q"
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for name, value in values.items():
        setattr(found, name, value)
    return found


def moment(text: str) -> dt.datetime:
    """A date, with a time where there is one."""
    form = "%Y%m%d%H%M%S.%f"[: 6 if len(text) == 8 else None]
    return dt.datetime.strptime(text, form)  # noqa: DTZ007


def after(options: DeidentifyOptions | None = None, key: bytes = KEY, **values: Any) -> Dataset:
    return deidentify(stored(**values), key=key, options=options).dataset


# Dates


@given(first=MOMENTS, second=MOMENTS, days=st.integers(1, 365))
def test_every_interval_is_kept_across_midnight_too(first: dt.datetime, second: dt.datetime, days: int) -> None:
    form = "%Y%m%d%H%M%S.%f"
    moved = [moment(changed_time(one.strftime(form), "DT", Dates.SHIFT, days)) for one in (first, second)]
    assert moved[1] - moved[0] == second - first
    assert first - moved[0] == dt.timedelta(days=days)


@given(at=MOMENTS, identity=IDS)
def test_date_and_time_apart_move_as_one_together(at: dt.datetime, identity: str) -> None:
    days = Pseudonyms(KEY).days(identity)
    assert 1 <= days <= 365
    day = changed_time(at.strftime("%Y%m%d"), "DA", Dates.SHIFT, days)
    time = changed_time(at.strftime("%H%M%S"), "TM", Dates.SHIFT, days)
    assert changed_time(at.strftime("%Y%m%d%H%M%S"), "DT", Dates.SHIFT, days) == day + time


@pytest.mark.parametrize(
    ("value", "vr", "expected"),
    [
        ("20240301", "DA", "20240220"),
        ("2024.03.01", "DA", "20240220"),
        ("20240301123000.25+0800", "DT", "20240220123000.25+0800"),
        ("202403", "DT", "202403"),
        ("2024", "DT", "2024"),
        ("202403011230", "DT", "202402201230"),
        ("0930", "TM", "0930"),
        ("Zhang San", "DA", ""),
        ("20241399", "DA", ""),
        ("MRN 12345", "TM", ""),
        ("20240301-20240401", "DT", ""),
    ],
)
def test_a_date_moves_in_its_own_writing_and_what_is_none_goes(value: str, vr: str, expected: str) -> None:
    assert changed_time(value, vr, Dates.SHIFT, 10) == expected


def test_dates_deep_inside_move_by_the_same_days() -> None:
    inner = Dataset()
    inner.StudyDate, inner.ContentDate = "20240310", "20240310"
    outer = Dataset()
    outer.ReferencedSOPInstanceUID = "1.2.3.9"
    outer.AcquisitionDateTime = "20240309233000"
    outer.RequestAttributesSequence = []
    found = after(
        StudyDate="20240301", StudyTime="233000", ReferencedStudySequence=[], SourceImageSequence=[outer, inner]
    )
    start = moment(found.StudyDate).date()
    assert start == dt.date(2024, 3, 1) - dt.timedelta(days=Pseudonyms(KEY).days("4711-Q"))
    items = found.SourceImageSequence
    assert moment(items[0].AcquisitionDateTime[:8]).date() - start == dt.timedelta(days=8)
    assert moment(items[1].ContentDate).date() - start == dt.timedelta(days=9)
    assert (found.StudyTime, items[0].AcquisitionDateTime[8:]) == ("233000", "233000")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("089Y", "089Y"),
        ("090Y", "090Y"),
        ("095Y", "090Y"),
        ("120Y", "090Y"),
        ("999M", "999M"),
        ("003D", "003D"),
        ("x", ""),
    ],
)
def test_ages_over_89_years_become_90(value: str, expected: str) -> None:
    assert safe_age(value) == expected
    kept = after(DeidentifyOptions(patient=True), PatientAge=value if expected else "050Y").PatientAge
    assert kept == (expected or "050Y")


# Pseudonyms


@given(uid=st.from_regex(r"1(\.[1-9][0-9]{0,6}){3,8}", fullmatch=True), identity=IDS)
def test_pseudonyms_are_those_of_the_key_alone_and_stand_for_themselves(uid: str, identity: str) -> None:
    one, two = Pseudonyms(KEY), Pseudonyms(OTHER)
    assert one.uid(uid) == Pseudonyms(KEY).uid(uid) != two.uid(uid)
    assert one.patient(identity) == Pseudonyms(KEY).patient(identity) != two.patient(identity)
    assert one.uid(one.uid(uid)) == one.uid(uid)
    assert two.uid(one.uid(uid)) != one.uid(uid)
    assert one.patient(one.patient(identity)) == one.patient(identity)
    assert one.days(one.patient(identity)) == 0
    assert pydicom.uid.UID(one.uid(uid)).is_valid
    number = int(one.uid(uid).removeprefix("2.25."))
    assert (number >> 76 & 15, number >> 62 & 3, number < 1 << 128) == (8, 2, True)


def test_many_uids_meet_neither_each_other_nor_the_key() -> None:
    made = {Pseudonyms(KEY).uid(f"1.2.{number}") for number in range(4000)}
    assert len(made) == 4000
    assert KEY.hex() not in repr(Pseudonyms(KEY))
    assert len({Pseudonyms(KEY).days(f"p{number}") for number in range(4000)}) == 365


def test_references_between_objects_still_meet() -> None:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CT, "1.2.3.4"
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = "121311", "DCM", "Localizer"
    reference.PurposeOfReferenceCodeSequence = [purpose]
    one, two = after(), after(SOPInstanceUID="1.2.3.5", ReferencedImageSequence=[reference], FrameOfReferenceUID="1.9")
    assert two.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPClassUID == CT
    assert two.ReferencedImageSequence[0].PurposeOfReferenceCodeSequence[0].CodeMeaning == "Localizer"
    assert (one.StudyInstanceUID, one.PatientID) == (two.StudyInstanceUID, two.PatientID)
    assert one.StudyInstanceUID != after(key=OTHER).StudyInstanceUID


def test_the_key_file_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    key, made = read_key(tmp_path / "key")
    assert made
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert read_key(tmp_path / "key") == (key, False)
    assert read_key(tmp_path / "other")[0] != key
    if os.name == "posix":
        (tmp_path / "key").chmod(0o644)
        with pytest.raises(InputError, match="chmod"):
            read_key(tmp_path / "key")
    (tmp_path / "short").write_bytes(b"x")
    (tmp_path / "short").chmod(0o600)
    with pytest.raises(InputError, match="32 bytes"):
        read_key(tmp_path / "short")
    with pytest.raises(InputError, match="32"):
        deidentify(stored(), key=b"short")


# The table


def test_the_table_is_whole_and_agrees_with_the_dictionary() -> None:
    rows = profile_rows()
    assert len(rows) == 656
    assert sum(row.read for row in rows.values()) == 432
    public = {tag: row for tag, row in rows.items() if len(tag) == 8 and "x" not in tag}
    assert len(public) == 652
    known = {tag for tag in public if int(tag, 16) in DicomDictionary}
    assert len(known) == 627  # the rest came into the standard after the dictionary of pydicom
    for tag in known:
        assert public[tag].name == dictionary_description(int(tag, 16))
    assert {row.basic for row in rows.values()} == {"X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"}
    assert {mark for row in rows.values() for mark in row.options.values()} <= {"K", "C", "X"}


def test_every_date_of_the_table_has_its_two_columns() -> None:
    for tag, row in profile_rows().items():
        if len(tag) == 8 and "x" not in tag and row.read is False and int(tag, 16) in DicomDictionary:
            timed = DicomDictionary[int(tag, 16)][0] in {"DA", "DT", "TM"}
            assert timed == ("full_dates" in row.options)


@pytest.mark.parametrize(
    ("action", "needed", "letter"),
    [
        ("X/Z/D", 1, "D"), ("X/Z/D", 2, "Z"), ("X/Z/D", 3, "X"), ("X/Z/D", None, "D"), ("X/Z", 1, "D"), ("X/Z", 2, "Z"),
        ("X/Z", 3, "X"), ("X/Z", None, "Z"), ("X/D", 2, "D"), ("X/D", 3, "X"), ("Z/D", 1, "D"), ("Z/D", 2, "Z"),
        ("X", 1, "D"), ("X", 2, "Z"), ("X", None, "X"), ("Z", 1, "D"), ("Z", 3, "Z"), ("X/Z/U*", 3, "U"), ("D", 3, "D"),
    ],
)  # fmt: skip
def test_a_compound_action_is_settled_by_the_type(action: str, needed: int | None, letter: str) -> None:
    assert settled(action, needed) == letter


def test_types_are_known_for_the_storage_classes() -> None:
    assert element_types(CT)["00080023"] == 2  # Content Date of the General Image module is 2C
    assert element_types("1.2.840.10008.5.1.4.1.1.11.1")["00700082"] == 1  # Presentation Creation Date
    assert element_types("1.2.3") == {}


def test_options_meet_their_columns_only() -> None:
    serial, institution, sex = (tag_for_keyword(one) for one in ("DeviceSerialNumber", "InstitutionName", "PatientSex"))
    plain = DeidentifyOptions()
    assert [action_of(tag, plain) for tag in (serial, institution, sex)] == ["X/Z/D", "X/Z/D", "Z"]
    assert action_of(serial, DeidentifyOptions(device=True)) == "K"
    assert action_of(institution, DeidentifyOptions(institution=True)) == "K"
    assert action_of(sex, DeidentifyOptions(patient=True)) == "K"
    assert action_of(tag_for_keyword("StudyDate"), plain) == "C"
    assert action_of(tag_for_keyword("StudyDate"), DeidentifyOptions(dates=Dates.KEEP)) == "K"
    assert action_of(tag_for_keyword("StudyDate"), DeidentifyOptions(dates=Dates.REMOVE)) == "Z"
    assert action_of(tag_for_keyword("KVP"), plain) is None
    assert is_safe_private("SIEMENS MR HEADER", 0x0019110C)
    assert not is_safe_private("SIEMENS MR HEADER", 0x00191008)


# Each action on one object


def test_each_action_is_done() -> None:
    found = after(
        AccessionNumber="A1",
        PatientSex="F",
        PatientAddress="1 Any Street",
        StudyDescription="Chest of Jane Doe",
        ContentDate="20240301",
        Manufacturer="ACME",
        KVP="120",
        ReferringPhysicianName="Roe^Rick",
        FrameOfReferenceUID="1.2.9",
        DeviceSerialNumber="SN 77",
        ProtocolName="Thorax",
        PatientComments="x",
    )
    assert (found.AccessionNumber, found.PatientSex, str(found.ReferringPhysicianName)) == ("", "", "")
    assert "PatientAddress" not in found
    assert "StudyDescription" not in found
    assert "PatientComments" not in found
    assert (found.Manufacturer, found.KVP) == ("ACME", 120)
    assert found.FrameOfReferenceUID == Pseudonyms(KEY).uid("1.2.9")
    assert found.get("DeviceSerialNumber") in {None, "", "REMOVED"}
    assert str(found.PatientName) == found.PatientID == Pseudonyms(KEY).patient("4711-Q")


def test_cleaned_descriptors_stay_without_the_patient() -> None:
    clean = DeidentifyOptions(descriptors=True)
    found = after(
        clean,
        StudyDescription="Chest of DOE, Jane 4711-q on 2024-03-01, tel +86 138 0013 8000",
        SeriesDescription="Thorax 1.25 B70f",
        PatientName="Doe^Jane=王^小明",
        ImageComments="王小明,小明 jane@x.org 11010519491231002X; Jane's janet stays",
    )
    assert found.StudyDescription == "Chest of * * on *, tel *"
    assert found.SeriesDescription == "Thorax 1.25 B70f"
    assert found.ImageComments == "*,* * *; *'s janet stays"


def test_content_trees_overlays_curves_icons_and_annotations_go() -> None:
    item = Dataset()
    item.ValueType, item.TextValue, item.RelationshipType = "TEXT", "Seen by Dr Roe, Jane Doe", "CONTAINS"
    dataset = stored(ContentSequence=[item], IconImageSequence=[Dataset()], GraphicAnnotationSequence=[Dataset()])
    dataset.add_new(0x60000010, "US", 4)
    dataset.add_new(0x60003000, "OW", b"\1\2")
    dataset.add_new(0x50003000, "OW", b"\1\2")
    dataset.add_new(0x00091001, "LO", "x")
    dataset.add_new(0x00090010, "LO", "MAKER")
    dataset.add_new(0xFFFCFFFC, "OB", b"Jane")
    found = deidentify(dataset, key=KEY).dataset
    assert not [tag for tag in found.keys() if tag.group in {0x6000, 0x5000, 0x0009, 0xFFFC}]  # noqa: SIM118
    assert not {"ContentSequence", "IconImageSequence", "GraphicAnnotationSequence"} & set(found.dir())
    kept = deidentify(dataset, key=KEY, options=DeidentifyOptions(structured=True)).dataset
    assert kept.ContentSequence[0].TextValue == "Seen by Dr Roe, *"
    assert kept.ContentSequence[0].ValueType == "TEXT"


def test_safe_private_elements_stay_with_their_creator_only_when_asked() -> None:
    dataset = stored()
    dataset.add_new(0x00190011, "LO", "SIEMENS MR HEADER")
    dataset.add_new(0x0019110C, "IS", "1000")
    dataset.add_new(0x00191108, "CS", "IMAGE NUM 4")
    dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    dataset.add_new(0x00291010, "OB", b"\1\2")
    kept = deidentify(dataset, key=KEY, options=DeidentifyOptions(safe_private=True)).dataset
    assert [int(tag) for tag in sorted(kept.keys()) if tag.is_private] == [0x00190011, 0x0019110C]
    assert not [tag for tag in deidentify(dataset, key=KEY).dataset.keys() if tag.is_private]  # noqa: SIM118


def test_the_object_says_what_was_done() -> None:
    found = after(DeidentifyOptions(device=True, patient=True), DeidentificationMethod="other")
    codes = [item.CodeValue for item in found.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107", "113108", "113109"]
    assert (found.PatientIdentityRemoved, found.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    assert after(DeidentifyOptions(dates=Dates.KEEP)).LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert after(DeidentifyOptions(dates=Dates.REMOVE)).LongitudinalTemporalInformationModified == "REMOVED"
    assert "113102" not in codes


@pytest.mark.parametrize("dates", list(Dates))
def test_twice_is_as_once(dates: Dates) -> None:
    options = DeidentifyOptions(dates=dates, patient=True, descriptors=True)
    once = after(
        options, StudyDate="20240301", PatientAge="095Y", StudyDescription="Jane", ReferringPhysicianName="A^B"
    )
    assert deidentify(once, key=KEY, options=options).dataset == once
    assert deidentify(once, key=OTHER, options=options).dataset != once


def test_documents_directories_and_faces_are_refused_or_told() -> None:
    def outcome(options: DeidentifyOptions | None = None, **values: Any) -> tuple[Outcome, tuple[str, ...]]:
        found = deidentify(stored(**values), key=KEY, options=options)
        return found.outcome, found.remarks

    assert outcome(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1") == (Outcome.REFUSED, ("document",))
    assert outcome(EncapsulatedDocument=b"%PDF") == (Outcome.REFUSED, ("document",))
    assert outcome(DeidentifyOptions(documents=True), EncapsulatedDocument=b"%PDF")[1] == ("document-kept",)
    assert outcome(DirectoryRecordSequence=[]) == (Outcome.REFUSED, ("directory",))
    assert outcome(SOPClassUID="") == (Outcome.REFUSED, ("no-identity",))
    for part in ("HEAD", "颅脑"):
        assert outcome(Rows=8, SeriesDescription=part) == (Outcome.CLEAN, ("face",))
        refused = outcome(DeidentifyOptions(visual_features=True), Rows=8, SeriesDescription=part)
        assert refused == (Outcome.REFUSED, ("face-refused",))
    assert outcome(Rows=8, BodyPartExamined="CHEST") == (Outcome.CLEAN, ())
    assert after(Rows=8, BodyPartExamined="HEAD").RecognizableVisualFeatures == "YES"


def test_every_remark_is_in_both_languages() -> None:
    for texts in REMARKS.values():
        assert set(texts) == {"en", "zh"}
        assert all(texts.values())


@settings(max_examples=30)
@given(raw=st.binary(max_size=12), vr=st.sampled_from(["IS", "DS", "DA", "TM", "PN", "LO", "UI", "AS", "AT", "US"]))
def test_damaged_values_never_stop_it(raw: bytes, vr: str) -> None:
    dataset = stored()
    element = pydicom.dataelem.RawDataElement(pydicom.tag.Tag(0x00181000), vr, len(raw), raw, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset[0x00181000] = element
        dataset[0x00080070] = element._replace(tag=pydicom.tag.Tag(0x00080070))
        assert deidentify(dataset, key=KEY).outcome is Outcome.CLEAN


def test_a_reference_to_another_patient_stays_one_to_another() -> None:
    mother = Dataset()
    mother.ReferencedSOPClassUID, mother.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.1.1", "1.2.3.8"
    mother.PatientID = "４７１２"
    found = after(SourcePatientGroupIdentificationSequence=[mother])
    assert found.SourcePatientGroupIdentificationSequence[0].PatientID == Pseudonyms(KEY).patient("4712")
    assert found.PatientID == Pseudonyms(KEY).patient("4711-Q")


def test_addresses_and_bytes_of_no_known_meaning_go() -> None:
    dataset = stored()
    dataset.add_new(0x00091002, "UN", b"J\0")  # too short to be recognised as anything
    dataset.add_new(0x00080120, "UR", "urn:j")
    found = deidentify(dataset, key=KEY, options=DeidentifyOptions(safe_private=True)).dataset
    assert not {0x00091002, 0x00080120} & {int(tag) for tag in found.keys()}  # noqa: SIM118


def test_a_text_that_swallowed_its_neighbours_goes_whole() -> None:
    found = after(Manufacturer="ACME\0\x10\0\x10\0PN\x08\0Stranger", ManufacturerModelName="One\0")
    assert (found.Manufacturer, found.ManufacturerModelName) == ("*", "One\0")


def test_an_object_named_by_its_file_alone_is_named_again() -> None:
    dataset = stored(SOPClassUID="", SOPInstanceUID="")
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = CT, "1.2.3.4"
    found = deidentify(dataset, key=KEY).dataset
    assert (found.SOPClassUID, found.SOPInstanceUID) == (CT, after().SOPInstanceUID)
    assert found.file_meta.MediaStorageSOPInstanceUID == after().SOPInstanceUID


def test_names_deep_inside_are_looked_for_everywhere() -> None:
    inner, outer = Dataset(), Dataset()
    inner.ScheduledPerformingPhysicianName = "Quirke^Rosamund"
    outer.add_new(0x00091010, "SQ", [inner])
    found = after(DeidentifyOptions(descriptors=True), ReferencedStudySequence=[outer], ImageComments="told rosamund")
    assert found.ImageComments == "told *"
