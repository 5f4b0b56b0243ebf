"""Electrocardiograms of a stored patient: found in FHIR, read, filed once, compared with the one before, and put in."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pytest
from bedside import (
    Json,
    a_patient,
    by_area,
    coded,
    observation,
    patient_resource,
    put,
    report_of,
    resource,
    same,
)
from tracings import LOINC, document, edf_of, made, sampled
from ward import Ward
from watch import rows

from suwen.consult import consult, fhir_findings, open_image, open_patient, store_recording
from suwen.consult.areas_ecg import ecg_area
from suwen.consult.facts import digest
from suwen.consult.nouns import Filed, Given, Status, Weighed
from suwen.consult.projections import features
from suwen.consult.projections_ecg import ECG_KINDS, Trace, electrocardiograms
from suwen.diagnosis.rhythm import SIGNS
from suwen.errors import AccessError, FormatError, InputError
from suwen.formats.fhir import Stored
from suwen.formats.fhir.findings import read_findings
from suwen.formats.fhir.sampled import MOST_BYTES, content_type, recording_of_bytes, tracings_of
from suwen.govern.care import grant_care
from suwen.records.access import Role
from suwen.subject import Stretch

ID = "ab" * 16
MAN = patient_resource(gender="male", birthDate="1960-06-15")
ILL = "first_degree"  # a made rhythm whose sign no other resembles
SIGN, SINUS = SIGNS[ILL].code, SIGNS["sinus"].code


def gave(*resources: Json) -> Given:
    return electrocardiograms(list(resources), ID)


def weighed(*resources: Json) -> Weighed:
    return ecg_area().weigh(gave(*resources).noun)


def codes(found: Weighed) -> list[str]:
    return [one.finding.code.value for one in found.findings]


# SampledData


def test_sampled_data_give_the_voltages_back() -> None:
    """Proves origin, factor, period, unit and leads: what was put in comes out, in mV and at the rate."""
    names, values = made("sinus")
    (found,) = tracings_of(sampled("sinus"))
    assert found.recording is not None
    assert found.recording.leads == names
    assert found.recording.rate == 250.0
    assert np.abs(found.recording.samples - values).max() < 0.0006


def test_errors_and_what_is_out_of_range_are_missing() -> None:
    one = sampled("sinus")
    data = one["component"][0]["valueSampledData"]
    data["data"] = " ".join(["E", "U", "L", *data["data"].split()[3:]])
    (found,) = tracings_of(one)
    assert found.recording is not None
    assert np.isnan(found.recording.samples[0, :3]).all()
    assert np.isfinite(found.recording.samples[0, 3:]).all()
    assert any(each.what.startswith("missing") for each in found.recording.noticed)


def test_leads_of_one_sampled_data_lie_between_each_other() -> None:
    """Proves `dimensions`: the points of one moment stand together; twelve without names are the twelve leads."""
    names, values = made("sinus")
    said = {"origin": {"value": 0, "code": "mV"}, "period": 4, "dimensions": 12}
    said["data"] = " ".join(f"{one:.4f}" for one in values.T.ravel())
    (found,) = tracings_of(observation("11524-6", system=LOINC, present=None, valueSampledData=said))
    assert found.recording is not None
    assert found.recording.leads == names
    assert np.abs(found.recording.samples - values).max() < 1e-4


@pytest.mark.parametrize(
    "changed",
    [
        {"period": 0}, {"period": "4"}, {"dimensions": 0}, {"dimensions": 7}, {"data": "1 2 x"}, {"data": None},
        {"factor": "1"}, {"origin": {"value": math.inf}}, {"data": ""}, {"period": True},
    ],
)  # fmt: skip
def test_what_is_no_sampled_data_says_why(changed: Json) -> None:
    one = sampled("sinus")
    one["component"][0]["valueSampledData"] |= changed
    (found,) = tracings_of(one)
    assert found.recording is None
    assert found.problem
    assert gave(one).left_out == {"recording that cannot be read": 1}


def test_leads_of_different_length_are_refused() -> None:
    one = sampled("sinus")
    one["component"][0]["valueSampledData"]["data"] += " 1 2"
    (found,) = tracings_of(one)
    assert found.problem is not None
    assert "differ" in found.problem.en


def test_other_signals_are_passed_over() -> None:
    """Proves that SampledData under another code, and documents of text, are no electrocardiograms and no problem."""
    pulse = observation("59408-5", system=LOINC, present=None, valueSampledData={"data": "1 2"})
    letter = document(b"a letter", kind="text/plain", type=coded("11488-4", LOINC))
    assert [*tracings_of(pulse), *tracings_of(letter)] == []
    assert gave(pulse, letter).left_out == {}


# Attachments


@pytest.mark.parametrize("kind", ["DocumentReference", "Media", "DiagnosticReport"])
def test_files_are_found_by_their_bytes(kind: str) -> None:
    """Proves each resource that holds a file, under any type, and that the file's own names stay out."""
    data = edf_of(patient="Secretname")
    attachment = {"contentType": "application/octet-stream", "data": base64.b64encode(data).decode()}
    holders = {
        "DocumentReference": {"content": [{"attachment": attachment}]},
        "Media": {"content": attachment},
        "DiagnosticReport": {"presentedForm": [attachment]},
    }
    one = resource(kind, "x", status="final", **holders[kind])
    given = gave(MAN, one)
    assert given.used == {"Patient": 1, kind: 1}
    assert given.noun.newest.leads == made("sinus")[0]
    assert "Secret" not in repr(given.noun)
    assert np.abs(given.noun.newest.samples - made("sinus")[1]).max() < 0.001


def test_damaged_and_absent_files_are_counted() -> None:
    """Proves that a file cut off, no base64, and a file that is elsewhere are said, each by its reason."""
    whole = document(edf_of())
    damaged = document(edf_of()[:900], "2020-01-03")
    scrambled = document(b"", "2020-01-04")
    scrambled["content"][0]["attachment"]["data"] = "%%%"
    elsewhere = document(b"", "2020-01-05")
    del elsewhere["content"][0]["attachment"]["data"]
    given = gave(whole, damaged, scrambled, elsewhere)
    assert given.noun.newest is not None
    assert given.left_out == {
        "recording that cannot be read": 2,
        "recording that is elsewhere, or too large to be read here": 1,
    }


def test_a_document_of_an_electrocardiogram_is_no_text() -> None:
    given = features([MAN, document(edf_of()), observation("HP:0001100")], ID, reader=_NoReader())
    assert given.left_out == {}


class _NoReader:
    version = "none"

    @property
    def ontology(self) -> Any:
        raise AssertionError("no text is to be read")


# What is given


def test_the_newest_is_read_and_dates_are_days() -> None:
    given = gave(MAN, sampled("sinus", "2019-12-03"), sampled(ILL, "2020-01-02"), sampled("lbbb", "2018-01-01"))
    noun = given.noun
    assert (noun.newest.days, noun.before.days) == (0, 30)
    assert (noun.newest.where, noun.before.where) == (
        "Observation/first_degree-2020-01-02",
        "Observation/sinus-2019-12-03",
    )
    assert noun.newest.age == pytest.approx(59.5)
    assert given.used == {"Patient": 1, "Observation": 2}
    assert not [one for one in ("1960", "Secret") if one in repr(noun)]


def test_the_same_recording_twice_is_one() -> None:
    given = gave(document(edf_of(), "2020-01-02"), document(edf_of(), "2020-01-03"))
    assert given.noun.before is None


def test_a_recording_that_was_called_off_is_not_read() -> None:
    assert gave(sampled("sinus", status="cancelled")).left_out == {"planned, cancelled or not done": 1}
    assert gave(sampled("sinus", status="entered-in-error")).noun.newest is None


def test_the_digest_is_that_of_every_sample() -> None:
    """Proves that equal voltages are the same input and one microvolt is another, whatever lies in memory."""
    first = gave(MAN, sampled("sinus"))
    assert first.digest == gave(sampled("sinus"), MAN).digest
    assert first.digest != gave(MAN, sampled("sinus", seed=2)).digest
    samples = np.array(first.noun.newest.samples)
    changed = samples.copy()
    changed[3, 77] += np.float32(1e-6)

    def said(values: np.ndarray) -> str:
        return digest(Trace(values, 250.0, first.noun.newest.leads))

    assert said(samples) == said(np.asfortranarray(samples)) == said(samples.astype(">f4"))
    assert len({said(samples), said(changed), said(samples[:, :-1]), said(samples.astype(np.float64))}) == 4


# What is filed


def test_signs_are_filed_and_sinus_rhythm_is_said() -> None:
    ill, sound = weighed(MAN, sampled(ILL)), weighed(MAN, sampled("sinus"))
    assert SIGN in codes(ill)
    assert next(one.urgency for one in ill.findings if one.finding.code.value == SIGN) == SIGNS[ILL].urgency
    assert SINUS not in codes(sound)
    assert "sinus rhythm" in sound.remarks
    assert "窦性心律" in sound.remarks_in["zh"]
    assert any(one.startswith("Measured: ventricular rate") for one in sound.remarks)
    for one in ill.findings:
        assert one.finding.subject.id == ID
        assert [each.weight for each in one.finding.evidence] == [each.weight for each in one.words["zh"].evidence]


def test_what_is_new_since_the_one_before_is_said() -> None:
    before, same_as_before = sampled("sinus", "2019-12-03", seed=2), sampled("sinus", "2020-01-02", seed=3)
    new = weighed(MAN, before, sampled(ILL, "2020-01-02")).remarks
    begin = "New since the electrocardiogram 30 days before: "
    assert any(one.startswith(begin) and "first-degree" in one for one in new)
    assert (
        "No sign is new since the electrocardiogram 30 days before, and none is gone"
        in weighed(MAN, before, same_as_before).remarks
    )
    fewer = weighed(MAN, document(edf_of("sinus", leads=2), "2019-12-03"), sampled("lbbb", "2020-01-02")).remarks
    assert not [one for one in fewer if "bundle" in one]  # what two leads cannot show is not new


def test_an_empty_record_says_so() -> None:
    found = weighed(MAN, observation("HP:0001100"))
    assert (found.status, found.findings) == (Status.NOTHING, ())
    assert set(found.reason) == {"en", "zh"}


# A stored patient


def filed(ward: Ward, patient: str) -> list[Filed]:
    return by_area(consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[ecg_area()]), "ecg")


def test_a_stored_patient_is_filed_once_and_a_newer_one_supersedes(ward: Ward) -> None:
    patient = a_patient(ward, MAN, sampled(ILL, "2019-12-03"))
    first, before = filed(ward, patient), rows(ward)
    assert same(filed(ward, patient), first)
    assert rows(ward) == before
    seen = [one.seen for each in first for one in each.finding.evidence if isinstance(one.seen, Stretch)]
    assert {one.signal for one in seen} == {"Observation/first_degree-2019-12-03"}
    put(ward, patient, sampled("sinus", "2020-01-02"))
    assert SIGN not in [one.claim for one in filed(ward, patient)]


def test_findings_with_places_go_out_as_fhir_and_come_back(ward: Ward) -> None:
    patient = a_patient(ward, MAN, sampled(ILL))
    (found, *_) = filed(ward, patient)
    read = read_findings(fhir_findings(ward[Role.PHYSICIAN], ward.records, patient))
    claims = {one.finding.code.value: one.finding for one in read.findings}
    assert repr(claims[found.claim].evidence) == repr(found.finding.evidence)


def test_a_file_is_put_in_and_read(ward: Ward) -> None:
    """Proves the way from a file to findings, that nothing of the file is changed, and that it is the patient's."""
    patient, data = a_patient(ward, MAN), edf_of(ILL)
    record, recording = store_recording(ward[Role.PHYSICIAN], ward.records, patient, data, recorded="2019-12-03")
    assert recording.leads == made(ILL)[0]
    kept = Stored.from_bytes(record.payload).resource
    attachment = kept["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == data
    assert (attachment["contentType"], attachment["size"]) == ("application/x-edf", len(data))
    assert kept["subject"] == {"reference": "Patient/p"}
    assert kept["context"]["period"]["start"] == "2019-12-03"
    assert SIGN in [one.claim for one in filed(ward, patient)]
    report = report_of(consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[ecg_area()]), "ecg")
    assert report.used == {"Patient": 1, "DocumentReference": 1}


def test_a_long_recording_is_kept_as_images_are(ward: Ward) -> None:
    """Proves that a file beyond the limit of a resource comes out whole, and that the consult says it is not read."""
    patient, data = a_patient(ward, MAN), edf_of(seconds=1_800, leads=12)
    assert len(data) > MOST_BYTES
    record, _ = store_recording(ward[Role.PHYSICIAN], ward.records, patient, data)
    ((image, size),) = record.images
    parts = open_image(ward[Role.PHYSICIAN], ward.records, patient, record.id, image=image)
    assert (size, b"".join(parts)) == (len(data), data)
    found = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[ecg_area()])
    assert report_of(found, "ecg").status is Status.NOTHING
    assert report_of(found, "ecg").left_out == {"recording that is elsewhere, or too large to be read here": 1}


def test_a_wrong_file_is_refused_and_nothing_is_stored(ward: Ward) -> None:
    patient, physician = a_patient(ward, MAN), ward[Role.PHYSICIAN]
    before = rows(ward)
    for data in (b"", b"no electrocardiogram", edf_of()[:700], b"%PDF-1.7"):
        with pytest.raises(FormatError):
            store_recording(physician, ward.records, patient, data)
    for when in ("yesterday", "2020-13-01", "2020-01-01T10:00"):
        with pytest.raises(InputError):
            store_recording(physician, ward.records, patient, edf_of(), recorded=when)
    assert rows(ward) == before


def test_who_may_not_see_or_diagnose_gets_nothing(ward: Ward) -> None:
    patient = a_patient(ward, MAN, sampled(ILL))
    stranger, nurse = ward.hire("other", Role.PHYSICIAN), ward[Role.NURSE]
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse")
    before = rows(ward)
    for actor in (stranger, nurse):
        with pytest.raises(AccessError):
            consult(actor, ward.records, patient, areas=[ecg_area()])
    with pytest.raises(AccessError):
        store_recording(stranger, ward.records, patient, edf_of())
    assert rows(ward) == before
    assert {one.kind for one in open_patient(nurse, ward.records, patient)} & ECG_KINDS == {"Patient", "Observation"}


def test_types_are_told_by_bytes() -> None:
    assert content_type(edf_of()) == "application/x-edf"
    assert content_type(b"I,II\n1,2\n") == ""
    with pytest.raises(FormatError):
        recording_of_bytes(b"I,II\n1,2\n")
