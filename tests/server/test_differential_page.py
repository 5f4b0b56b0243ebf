"""The differential is worked out from what the record holds now, gives its reasons, takes answers into the record."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from clinical import a_note, observation, put, treat
from served import Served, serve_ward
from ward import open_ward

from suwen.consult import consult, list_findings, open_patient, resource_of
from suwen.diagnosis import Engine
from suwen.govern import Role
from suwen.language.reader import NoteReader

HTMX = {"hx-request": "true"}
FEATURES = ("HP:0001166", "HP:0001083", "HP:0002616")  # arachnodactyly, ectopia lentis, aortic root aneurysm


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Served]:
    """A ward with the knowledge of a bare installation."""
    with open_ward(tmp_path_factory.mktemp("differential") / "store") as ward:
        served = serve_ward(ward, science=lambda: (engine, NoteReader(engine.knowledge)))
        served.house.science.areas()
        put(ward, served.own, *(observation(one) for one in FEATURES))
        treat(served, Role.NURSE)
        yield served


def path(clinic: Served, patient: str = "") -> str:
    return f"/patients/{patient or clinic.own}/differential"


def ranked(text: str) -> list[tuple[str, str]]:
    """Names and probabilities as the page shows them, in its order."""
    part = text.split('<ol class="ranking">')[1].split('aria-labelledby="similar"', maxsplit=1)[0]
    return re.findall(r'<span class="disease"><bdi>([^<]+)</bdi>.*?<b>([^<]+)</b>', part, re.DOTALL)


def furnished(clinic: Served, number: int) -> str:
    patient = clinic.ward.patient(number)
    put(clinic.ward, patient, *(observation(one) for one in FEATURES))
    return patient


def test_ranked_with_reasons_sources_and_limits(clinic: Served) -> None:
    page = clinic.client(Role.PHYSICIAN).get(path(clinic)).text
    assert any("Marfan" in name for name, _ in ranked(page)[:3])
    for words in ("Why not", "Typical, but not seen here", "What to ask or examine next", "not a diagnosis", "SHA-256"):
        assert words in page


def test_in_chinese(clinic: Served) -> None:
    page = clinic.client(Role.PHYSICIAN, lang="zh").get(path(clinic)).text
    for words in ("支持理由", "反对理由", "典型但本例未见", "建议询问或检查", "来源与局限"):
        assert words in page


def test_it_is_what_a_consult_files(clinic: Served) -> None:
    patient = furnished(clinic, 100)
    put(clinic.ward, patient, a_note("He has scoliosis. No seizures."))
    page = clinic.client(Role.PHYSICIAN).get(path(clinic, patient)).text
    physician = clinic.ward[Role.PHYSICIAN]
    consult(physician, clinic.ward.records, patient, areas=clinic.house.science.areas())
    filed = [one for _, one in list_findings(physician, clinic.ward.records, patient) if one.chance.value is not None]
    shown = dict(ranked(page))
    for one in filed:
        if one.code.label in shown and one.chance.value is not None and one.chance.value >= 0.001:
            assert shown[one.code.label] == f"{one.chance.value * 100:.1f}%"
    assert sum(one.code.label in shown for one in filed) >= 3


def test_an_answer_becomes_an_observation_and_a_new_differential(clinic: Served) -> None:
    patient = furnished(clinic, 101)
    client = clinic.client(Role.NURSE)
    treat(clinic, Role.NURSE, patient)
    before = ranked(client.get(path(clinic, patient)).text)
    given = {"code": "HP:0001250", "present": "yes"}
    answer = client.post(f"{path(clinic, patient)}/answers", data=given, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert ranked(answer.text) != before
    kept = open_patient(clinic.ward[Role.PHYSICIAN], clinic.ward.records, patient, kinds=["Observation"])[-1]
    resource = resource_of(kept)
    assert resource is not None
    assert (resource["code"]["coding"][0]["code"], resource["valueBoolean"]) == ("HP:0001250", True)
    taken = {"record": kept.id, "base": str(kept.version)}
    again = client.post(f"{path(clinic, patient)}/withdrawn", data=taken, headers=HTMX)
    assert ranked(again.text) == before
    assert client.post(f"{path(clinic, patient)}/withdrawn", data=taken, headers=HTMX).status_code in {404, 409}


def test_absent_is_not_present(clinic: Served) -> None:
    patient = furnished(clinic, 102)
    client = clinic.client(Role.PHYSICIAN)
    yes = client.post(
        f"{path(clinic, patient)}/answers", data={"code": "HP:0002650", "present": "no"}, headers=HTMX
    ).text
    chips = yes.split('id="weighed"')[1].split("</ul>")[0]
    assert re.search(r'class="excluded".{0,160}Scoliosis', chips, re.DOTALL)


def test_without_script_it_leads_back_to_the_page(clinic: Served) -> None:
    patient = furnished(clinic, 103)
    answer = clinic.client(Role.PHYSICIAN).post(
        f"{path(clinic, patient)}/answers", data={"code": "HP:0001250", "present": "no"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, path(clinic, patient))


@pytest.mark.parametrize(
    "given",
    [
        {"code": "HP:0001250", "present": "maybe"},
        {"code": "HP:9999999", "present": "yes"},
        {"code": "HP:0000006", "present": "yes"},  # a mode of inheritance
        {"code": "OMIM:154700", "present": "yes"},
        {"present": "yes"},
    ],
    ids=["maybe", "unknown", "inheritance", "disease", "nothing"],
)
def test_what_is_no_answer(clinic: Served, given: dict[str, str]) -> None:
    client = clinic.client(Role.PHYSICIAN)
    assert client.post(f"{path(clinic)}/answers", data=given, headers=HTMX).status_code == 422


def test_of_others_and_by_others(clinic: Served) -> None:
    client = clinic.client(Role.PHYSICIAN)
    given = {"code": "HP:0001250", "present": "yes"}
    assert client.get(path(clinic, clinic.other)).status_code == 403
    assert client.post(f"{path(clinic, clinic.other)}/answers", data=given).status_code == 403
    stranger = clinic.client_of(clinic.ward.hire("stranger", Role.RESEARCHER))
    assert stranger.post(f"{path(clinic)}/answers", data=given).status_code == 403
    assert clinic.client().post(f"{path(clinic)}/answers", data=given).headers["location"] == "/sign-in"


def test_nothing_to_weigh_is_said(clinic: Served) -> None:
    patient = clinic.ward.patient(104)
    for lang, words in (("en", "holds no feature"), ("zh", "病历中没有鉴别诊断可用的表型")):
        assert words in clinic.client(Role.PHYSICIAN, lang=lang).get(path(clinic, patient)).text


def test_without_knowledge_it_says_so(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    assert "No knowledge of diseases" in client.get(path(served)).text
    answer = client.post(f"{path(served)}/answers", data={"code": "HP:0001250", "present": "yes"}, headers=HTMX)
    assert answer.status_code == 503


def test_what_came_from_elsewhere_is_not_taken_back_here(clinic: Served) -> None:
    patient = furnished(clinic, 105)
    client = clinic.client(Role.PHYSICIAN)
    assert "Take back" not in client.get(path(clinic, patient)).text
    (first, *_) = open_patient(clinic.ward[Role.PHYSICIAN], clinic.ward.records, patient, kinds=["Observation"])
    given = {"record": first.id, "base": "1"}
    assert client.post(f"{path(clinic, patient)}/withdrawn", data=given, headers=HTMX).status_code == 404


# What somebody types


@pytest.mark.parametrize(
    ("typed", "of", "code"),
    [("seizure", "feature", "HP:0001250"), ("SEIZ", "feature", "HP:0001250"), ("marfan", "disease", "OMIM:154700")],
)
def test_suggestions(clinic: Served, typed: str, of: str, code: str) -> None:
    answer = clinic.client(Role.PHYSICIAN).post("/terms", data={"q": typed, "of": of}, headers=HTMX)
    assert code in answer.text


def test_suggestions_of_nothing(clinic: Served) -> None:
    client = clinic.client(Role.PHYSICIAN)
    assert "radio" not in client.post("/terms", data={"q": ""}).text
    assert "No term" in client.post("/terms", data={"q": "qqqqqq"}).text
    assert "radio" not in client.post("/terms", data={"q": "s"}).text
    assert client.post("/terms", data={"q": "seizure", "of": "drug"}).status_code == 422
    assert clinic.client().post("/terms", data={"q": "seizure"}).headers["location"] == "/sign-in"
