"""The timeline holds everything of a record by date, one kind where asked, and never more than a page at once."""

from __future__ import annotations

import pytest
from clinical import a_note, file_findings, patient_resource, put
from served import Served

from suwen.govern import Role


def furnished(served: Served, number: int) -> str:
    patient = served.ward.patient(number)
    put(
        served.ward,
        patient,
        patient_resource(f"p{number}"),
        {"resourceType": "Condition", "id": "c1", "code": {"text": "Asthma"}, "onsetDateTime": "2001-02-03"},
        {"resourceType": "Procedure", "id": "s1", "code": {"text": "Appendectomy"}, "performedDateTime": "2011-02-03"},
        {"resourceType": "Observation", "id": "n", "code": {"text": "Undated thing"}},
        a_note(),
    )
    return patient


def test_latest_first_and_the_undated_last(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).get(f"/patients/{furnished(served, 60)}/timeline").text
    order = [page.index(one) for one in ("Ward round", "Appendectomy", "Asthma", "Undated thing") if one in page]
    assert len(order) >= 3
    assert order == sorted(order)
    assert "Without a date" in page


def test_one_kind(served: Served) -> None:
    patient = furnished(served, 61)
    client = served.client(Role.PHYSICIAN)
    page = client.get(f"/patients/{patient}/timeline/Condition").text
    assert "Asthma" in page
    assert "Appendectomy" not in page
    assert client.get(f"/patients/{patient}/timeline/Nothing").status_code == 404


@pytest.mark.parametrize(("lang", "words"), [("en", "confirmed"), ("zh", "已确认")])
def test_findings_and_what_people_said(served: Served, lang: str, words: str) -> None:
    patient = served.ward.patient(62 + (lang == "zh"))
    (found,) = file_findings(served, patient, ("OMIM:7", 0.5, 0))
    client = served.client(Role.PHYSICIAN, lang=lang)
    said = {"what": "confirm", "base": str(found.version), "reason": "seen with my own eyes"}
    client.post(f"/patients/{patient}/findings/{found.record}", data=said)
    page = client.get(f"/patients/{patient}/timeline/Review").text
    assert words in page
    assert "seen with my own eyes" in page
    assert "OMIM:7" in client.get(f"/patients/{patient}/timeline/Finding").text


def test_pages(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suwen.server.pages.timeline.ON_A_PAGE", 2)
    patient = furnished(served, 64)
    client = served.client(Role.PHYSICIAN)
    first, last = (
        client.get(f"/patients/{patient}/timeline").text,
        client.get(f"/patients/{patient}/timeline?page=3").text,
    )
    assert "Page 1 of 3" in first
    assert "Undated thing" not in first
    assert "Undated thing" in last
    assert client.get(f"/patients/{patient}/timeline?page=-1").status_code == 200
    assert client.get(f"/patients/{patient}/timeline?page=x").status_code == 422


def test_what_one_consult_filed_is_one_entry_among_all_and_each_alone(served: Served) -> None:
    patient = furnished(served, 66)
    file_findings(served, patient, ("OMIM:7", 0.5, 0), ("OMIM:8", 0.3, 0), ("OMIM:9", 0.1, 0))
    client = served.client(Role.PHYSICIAN)
    everything = client.get(f"/patients/{patient}/timeline").text
    assert "3 findings filed" in everything
    assert everything.count("kind-finding") == 1
    assert client.get(f"/patients/{patient}/timeline/Finding").text.count("kind-finding") == 3
