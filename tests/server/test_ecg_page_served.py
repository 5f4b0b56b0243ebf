"""The ECG page: recordings on paper with their signs and places, upload of files; roles, languages, wrong files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from clinical import patient_resource, put, treat
from served import Served

sys.path.insert(0, str(Path(__file__).parents[1] / "consult"))
from tracings import edf_of, sampled

from suwen.consult import open_patient, store_samples
from suwen.diagnosis.rhythm.synthetic import synthetic_ecg
from suwen.formats.waveforms import Recording
from suwen.govern import Role
from suwen.server.jobs import jobs_of
from suwen.server.pages.ecg_record import LIVE

CLINICAL = {Role.PHYSICIAN, Role.NURSE, Role.IMAGING_SPECIALIST}
PART = {"hx-request": "true"}
STYLE = re.compile(r"""<[^>]*\sstyle\s*=""")


@pytest.fixture(scope="module")
def patient(served: Served) -> str:
    """Somebody with a made recording of twelve leads in which beats of the ventricles come early."""
    found = served.ward.patient(32)
    put(served.ward, found, patient_resource(gender="male", birthDate="1960-06-15"), sampled("pvc"))
    for role in CLINICAL - {Role.PHYSICIAN}:
        treat(served, role, found)
    return found


@pytest.fixture(scope="module")
def chosen(served: Served, patient: str) -> str:
    """The path of its recording."""
    page = served.client(Role.PHYSICIAN).get(f"/patients/{patient}/ecg").text
    found = re.search(rf'href="(/patients/{patient}/ecg/[0-9a-f]+/0)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("role", list(Role), ids=lambda one: one.value)
def test_who_may_look(served: Served, patient: str, chosen: str, role: Role) -> None:
    client = served.client(role)
    expected = 200 if role in CLINICAL else 403
    for path in ("", "/reading", "/paper", "/print"):
        assert client.get(chosen + path).status_code == expected, path
        assert client.get(chosen.replace(patient, served.other) + path).status_code == 403, path
    assert client.get(f"/patients/{served.other}/ecg").status_code == 403
    assert client.post(chosen.replace(patient, served.other) + "/read").status_code == 403


def test_nobody_is_sent_to_sign_in(served: Served, chosen: str) -> None:
    assert served.client().get(chosen).headers["location"] == "/sign-in"


def test_a_recording_is_not_opened_through_another_patient(served: Served, chosen: str, patient: str) -> None:
    """Threat: the record of one patient asked for under the name of another, both in one's care."""
    answer = served.client(Role.PHYSICIAN).get(chosen.replace(patient, served.own) + "/reading")
    assert answer.status_code == 404


def test_the_list_is_there_at_once_and_the_reading_follows(served: Served, patient: str, chosen: str) -> None:
    client = served.client(Role.PHYSICIAN)
    page = client.get(f"/patients/{patient}/ecg").text
    assert "10 s · 250 Hz" in page
    reading = client.get(f"{chosen}/reading", headers=PART).text
    assert "<html" not in reading
    assert "ventricular" in reading.lower()
    assert "data-mark=" in reading


def test_the_paper_is_true_to_scale_and_without_inline_style(served: Served, chosen: str) -> None:
    """25 mm/s: ten seconds are 250 mm, and an SVG says its size in millimetres."""
    client = served.client(Role.PHYSICIAN)
    paper = client.get(f"{chosen}/paper", headers=PART).text
    assert '<svg xmlns="http://www.w3.org/2000/svg" width="260mm"' in paper
    twice = client.get(f"{chosen}/paper?speed=50&gain=20&layout=12x1", headers=PART).text
    assert "50 mm/s · 20 mm/mV" in twice
    for one in (paper, twice, client.get(chosen).text, client.get(f"{chosen}/print").text):
        assert not STYLE.search(one)
        assert "<style" not in one


def test_a_sign_leads_to_its_place(served: Served, chosen: str) -> None:
    client = served.client(Role.PHYSICIAN)
    reading = client.get(f"{chosen}/reading").text
    place = re.search(r'hx-get="([^"]+\?begin=[\d.]+&(?:amp;)?mark=(\d+))"', reading)
    assert place
    shown = client.get(place[1].replace("&amp;", "&"), headers=PART).text
    assert f'data-marked="{place[2]}"' in shown


@pytest.mark.parametrize("query", ["speed=13", "begin=minus", "begin=-1", "begin=900", "layout=spiral", "gain=x"])
def test_paper_there_is_not_is_refused_in_place(served: Served, chosen: str, query: str) -> None:
    answer = served.client(Role.PHYSICIAN).get(f"{chosen}/paper?{query}", headers=PART)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_both_languages(served: Served, chosen: str) -> None:
    for lang, words in (("en", ("Intervals", "What is seen", "Limits")), ("zh", ("间期", "所见", "限制"))):
        page = served.client(Role.PHYSICIAN, lang=lang).get(f"{chosen}/reading").text
        assert all(one in page for one in words)


def test_a_file_is_read_and_kept(served: Served) -> None:
    found = served.ward.patient(33)
    client = served.client(Role.PHYSICIAN)
    data = edf_of("sinus")
    sent = {"file": ("zhang wei 1960.edf", data, "application/octet-stream")}
    answer = client.post(f"/patients/{found}/ecg", files=sent, data={"recorded": "2026-03-01", "title": "Ward 3"})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "2026-03-01" in page
    assert "Ward 3" in page
    assert "zhang wei" not in page


@pytest.mark.parametrize(
    ("data", "recorded", "said"),
    [
        (b"", "", "Choose a file first"),
        (b"<html>not a recording</html>", "", "no file of an electrocardiogram"),
        (b"0       " + b"\0" * 600, "", "Not stored"),
        (None, "yesterday", "write when it was recorded"),
    ],
    ids=["empty", "html", "damaged", "date"],
)
def test_a_wrong_file_is_refused_in_place_and_nothing_is_stored(
    served: Served, patient: str, data: bytes | None, recorded: str, said: str
) -> None:
    before = [one.id for one in open_patient(served.ward[Role.PHYSICIAN], served.ward.records, patient)]
    sent = {"file": ("x.edf", edf_of("sinus") if data is None else data, "application/octet-stream")}
    answer = served.client(Role.PHYSICIAN).post(
        f"/patients/{patient}/ecg", files=sent, data={"recorded": recorded}, headers=PART
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert "<html lang" not in answer.text
    assert [one.id for one in open_patient(served.ward[Role.PHYSICIAN], served.ward.records, patient)] == before


def test_who_may_not_write_cannot_bring_in(served: Served, patient: str) -> None:
    sent = {"file": ("x.edf", edf_of("sinus"), "application/octet-stream")}
    assert served.client(Role.PHYSICIAN).post(f"/patients/{served.other}/ecg", files=sent).status_code == 403
    assert served.client(Role.AUDITOR).post(f"/patients/{patient}/ecg", files=sent).status_code == 403


def test_an_empty_record(served: Served) -> None:
    assert "holds no electrocardiogram" in served.client(Role.PHYSICIAN).get(f"/patients/{served.own}/ecg").text


def test_a_long_recording_waits_for_a_job(served: Served) -> None:
    """It is not read while somebody waits; asking for it begins a job, which is then one's own to follow."""
    found = served.ward.patient(34)
    one = synthetic_ecg(np.random.default_rng(3), seconds=LIVE + 60, rate=20.0, names=("II",))
    recording = Recording("long", ("II",), 20.0, one.values.astype(np.float32))
    store_samples(served.ward[Role.PHYSICIAN], served.ward.records, found, recording, recorded="2026-02-01")
    client = served.client(Role.PHYSICIAN)
    page = client.get(f"/patients/{found}/ecg").text
    path = re.search(rf'href="(/patients/{found}/ecg/[0-9a-f]+/0)"', page)
    assert path
    assert "runs as a job" in client.get(f"{path[1]}/reading", headers=PART).text
    assert client.get(f"{path[1]}/paper", headers=PART).status_code == 422
    begun = client.post(f"{path[1]}/read")
    assert begun.status_code == 303
    job = begun.headers["location"].removeprefix("/jobs/")
    desk = jobs_of(served.house)
    assert desk.get(served.ward[Role.PHYSICIAN], job).kind == "ecg-reading"
    desk.cancel(served.ward[Role.PHYSICIAN], job)
    desk.stop()
