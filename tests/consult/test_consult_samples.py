"""Samples that no file holds by itself are kept as an Observation and come out of it as they went in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bedside import a_patient, patient_resource, report_of
from hypothesis import given
from hypothesis import strategies as st
from ward import Ward

from suwen.consult import consult, open_patient, store_samples
from suwen.consult.areas_ecg import ecg_area
from suwen.consult.nouns import Status
from suwen.diagnosis.rhythm.synthetic import LEADS, synthetic_ecg
from suwen.diagnosis.rhythm.vocabulary import SIGNS
from suwen.errors import AccessError, InputError
from suwen.formats.fhir import Stored
from suwen.formats.fhir.sampled import sampled_observation, tracings_of
from suwen.formats.waveforms.nouns import Recording
from suwen.records.access import Role


def a_recording(values: Any, leads: tuple[str, ...], rate: float = 250.0) -> Recording:
    return Recording("0" * 32, leads, rate, np.asarray(values, np.float32))


VOLTAGES = st.lists(st.floats(-20, 20, width=32) | st.just(float("nan")), min_size=9, max_size=9)


@given(
    values=st.lists(VOLTAGES, min_size=2, max_size=2),
    rate=st.sampled_from([100.0, 128.0, 250.0, 257.0, 360.0, 500.0, 1000.0]),
)
def test_what_goes_in_comes_out_to_the_microvolt(values: list[list[float]], rate: float) -> None:
    wanted = a_recording(values, ("MLII", "V1"), rate)
    (found,) = tracings_of({**sampled_observation(wanted), "status": "final"})
    assert found.recording is not None
    assert found.recording.leads == wanted.leads
    assert found.recording.rate == pytest.approx(rate, rel=1e-6)
    assert np.array_equal(np.isnan(found.recording.samples), np.isnan(wanted.samples))
    assert np.nanmax(np.abs(found.recording.samples - wanted.samples), initial=0) < 0.00051


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="too long"):
        sampled_observation(a_recording(np.zeros((1, 8_000_001)), ("I",)))


def test_stored_samples_are_read_in_a_consult(ward: Ward) -> None:
    trace = synthetic_ecg(np.random.default_rng(1), rate=250, rhythm="first_degree")
    patient, physician = a_patient(ward, patient_resource(gender="male", birthDate="1960-06-15")), ward[Role.PHYSICIAN]
    recording = a_recording(trace.values, LEADS)
    record = store_samples(physician, ward.records, patient, recording, recorded="2026-11-26")
    kept = Stored.from_bytes(open_patient(physician, ward.records, patient, kinds=["Observation"])[-1].payload)
    assert (kept.resource["effectiveDateTime"], kept.resource["status"]) == ("2026-11-26", "final")
    assert record.kind == "Observation"
    found = consult(physician, ward.records, patient, areas=[ecg_area()])
    assert report_of(found, "ecg").status is Status.DONE
    assert SIGNS["first_degree"].code in {one.claim for one in found.findings}


def test_a_stranger_keeps_nothing(ward: Ward) -> None:
    patient, stranger = a_patient(ward), ward.hire("other", Role.PHYSICIAN)
    with pytest.raises(AccessError):
        store_samples(stranger, ward.records, patient, a_recording(np.zeros((1, 250)), ("I",)))
    with pytest.raises(InputError, match="2026-11-26"):
        store_samples(ward[Role.PHYSICIAN], ward.records, patient, a_recording([[0.0]], ("I",)), recorded="soon")
