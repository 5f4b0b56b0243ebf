"""Solved cases: the library compiled from them, what it adds, and that a patient's own publication never counts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clinic import TEXTBOOK, patient, solved
from suwen.diagnosis import Engine, Explainer, Library, assess, build_library, differential, load_library, similar
from suwen.diagnosis.extend import extend
from suwen.errors import DataError
from suwen.formats import write_phenopacket
from suwen.knowledge import Knowledge
from suwen.knowledge.index import read_index
from suwen.knowledge.profiles import PRIOR_FREQUENCY, PRIOR_WEIGHT
from suwen.subject import Patient

MARFAN, NF1 = TEXTBOOK["OMIM:154700"], TEXTBOOK["OMIM:162200"]
NEW = "OMIM:999999"  # a disease no annotation describes
CASES = (
    *(solved(f"m{n}", "OMIM:154700", *MARFAN[n:], publication=f"PMID:{n}") for n in range(4)),
    *(solved(f"n{n}", "OMIM:162200", *NF1[:3], publication="PMID:50") for n in range(3)),
    solved("h1", "OMIM:143100", *TEXTBOOK["OMIM:143100"], publication="PMID:60"),
    solved("x1", NEW, "HP:0001250", "HP:0000252", publication="PMID:70", absent=("HP:0001263",)),
    solved("x2", NEW, "HP:0001250", publication="PMID:70", absent=("HP:0000252",)),
    solved("x3", NEW, "HP:0001250", publication="PMID:71"),
)


@pytest.fixture(scope="module")
def library(knowledge: Knowledge) -> Library:
    return build_library(CASES, knowledge.ontology, "digest")


@pytest.fixture(scope="module")
def with_library(knowledge: Knowledge, library: Library) -> Engine:
    return Engine(knowledge, library)


def with_cases(knowledge: Knowledge, *more: Patient) -> Engine:
    return Engine(knowledge, build_library((*CASES, *more), knowledge.ontology, "digest"))


def packet(case: Patient) -> dict:
    from datetime import UTC, datetime  # noqa: PLC0415

    noon = datetime(2026, 1, 5, tzinfo=UTC)
    return write_phenopacket(case, clock=lambda: noon, created_by="tests", versions={"HP": "2025-01-16"})


# --- the library ------------------------------------------------------------------------------------------------------


def test_cases_that_cannot_be_used_are_counted_not_guessed(knowledge: Knowledge) -> None:
    undiagnosed = patient("HP:0001250", id_="u")
    featureless = solved("f", "OMIM:1", publication="PMID:1")
    unknown = solved("w", "OMIM:1", "HP:9999999", publication="PMID:1")
    partly = solved("v", "OMIM:1", "HP:0001250", "HP:9999999", publication="PMID:1")
    found = build_library([undiagnosed, featureless, unknown, partly, *CASES], knowledge.ontology)
    assert found.skipped == 3
    assert found.ids[0] == "v"
    assert len(found) == len(CASES) + 1


def test_implied_terms_are_the_closure(library: Library, knowledge: Knowledge) -> None:
    for case in range(len(library)):
        closed = {int(a) for term in library.observed.columns(case) for a in knowledge.ontology.ancestors(int(term))}
        assert set(library.implied.columns(case).tolist()) == closed


def write_library(folder: Path) -> Path:
    folder.mkdir()
    lines = [json.dumps(packet(case)) for case in CASES]
    (folder / "all.jsonl").write_text("\n".join(lines) + "\n{broken\n", "utf-8")
    (folder / "again.json").write_text(lines[0], "utf-8")
    return folder


def test_a_library_is_compiled_once_and_loaded_alike(
    knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUWEN_CACHE", str(tmp_path / "cache"))
    folder, said = write_library(tmp_path / "cases"), list[str]()
    compiled, loaded = (load_library([folder], knowledge, notify=said.append) for _ in range(2))
    assert len(said) == 1
    assert sorted(compiled.ids) == sorted(case.id for case in CASES)  # the one in two files is there once
    for name in ("ids", "diagnoses", "publications", "digest", "skipped"):
        assert getattr(compiled, name) == getattr(loaded, name)
    for name in ("observed", "excluded", "implied"):
        assert getattr(compiled, name).column.tolist() == getattr(loaded, name).column.tolist()
    index = next((tmp_path / "cache").glob("library-*.safetensors"))
    index.write_bytes(index.read_bytes()[:-10])
    assert read_index(index) is None
    assert load_library([folder], knowledge, notify=said.append).ids == compiled.ids
    assert len(said) == 2


def test_a_library_that_is_not_there_is_named(knowledge: Knowledge, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        load_library([tmp_path / "nowhere"], knowledge)


# --- what cases add to the knowledge ----------------------------------------------------------------------------------


def test_a_disease_only_cases_describe_becomes_rows_that_cite_them(knowledge: Knowledge, library: Library) -> None:
    found = extend(knowledge, library)
    number, ontology = found.diseases.number[NEW], found.ontology
    assert len(found.diseases) == len(knowledge.diseases) + 1
    rows = {
        (ontology.ids[found.rows.term[row]], found.references[int(found.rows.references.columns(int(row))[0])]): (
            float(found.rows.seen[row]),
            float(found.rows.of[row]),
        )
        for row in found.rows_of_disease.columns(number)
    }
    assert rows == {
        ("HP:0001250", "cases:PMID:70"): (2.0, 2.0),
        ("HP:0000252", "cases:PMID:70"): (1.0, 2.0),
        ("HP:0001263", "cases:PMID:70"): (0.0, 1.0),
        ("HP:0001250", "cases:PMID:71"): (1.0, 1.0),
    }
    terms = found.profiles.by_disease.columns(number)
    seizure = found.profiles.by_disease.values(number)[np.searchsorted(terms, ontology.number["HP:0001250"])]
    assert seizure == pytest.approx((3 + PRIOR_WEIGHT * PRIOR_FREQUENCY) / (3 + PRIOR_WEIGHT), abs=1e-6)
    assert ontology.number["HP:0001263"] not in terms
    assert found.background is knowledge.background
    assert found.digest != knowledge.digest


def test_knowledge_with_nothing_new_stays_itself(knowledge: Knowledge) -> None:
    known = build_library(CASES[:4], knowledge.ontology)
    assert extend(knowledge, known) is knowledge


def test_such_a_disease_is_listed_but_not_for_its_own_publication(with_library: Engine) -> None:
    subject, number = patient("HP:0001250", "HP:0000252"), with_library.knowledge.diseases.number[NEW]
    assert assess(subject, knowledge=with_library).scope[number]
    one, both = (
        assess(replace(subject, publication=publication), knowledge=with_library)
        for publication in ("PMID:71", "PMID:70")
    )
    assert one.scope[number]
    assert both.scope[number]
    assert both.logit[number] != one.logit[number]
    alone = Engine(with_library.knowledge, None)
    only = with_cases(alone.knowledge, solved("y", "OMIM:999998", "HP:0001250", publication="PMID:80"))
    mine = assess(replace(subject, publication="PMID:80"), knowledge=only)
    assert not mine.scope[only.knowledge.diseases.number["OMIM:999998"]]


# --- a patient's own publication never counts -------------------------------------------------------------------------

OWN = (
    solved("o1", "OMIM:154700", *MARFAN, publication="PMID:77"),
    solved("o2", "OMIM:219700", *MARFAN[:2], publication="PMID:77"),
    solved("o3", NEW, *MARFAN, publication="PMID:77"),
)


@pytest.mark.parametrize("without", [False, True])
@pytest.mark.parametrize("own", [OWN[:1], OWN[:2], OWN], ids=["its disease", "two diseases", "a new disease"])
def test_cases_of_the_own_publication_change_nothing(
    own: tuple[Patient, ...], without: bool, knowledge: Knowledge, with_library: Engine
) -> None:
    subject = patient(*MARFAN[:3], absent=("HP:0001250",), publication="PMID:77")
    before = assess(subject, knowledge=with_library, without=without)
    after = assess(subject, knowledge=with_cases(knowledge, *own), without=without)
    assert after.chance == pytest.approx(before.chance, abs=1e-9)
    assert after.none == pytest.approx(before.none, abs=1e-9)
    assert similar(after, most=20) == similar(before, most=20)
    for disease in before.order[:5].tolist():
        one, other = (Explainer(weighed).finding(disease).evidence for weighed in (before, after))
        assert [e.sentence for e in one] == [e.sentence for e in other]
        assert [e.weight for e in one] == pytest.approx([e.weight for e in other], abs=1e-6)


def test_cases_of_other_publications_do_change_something(knowledge: Knowledge, with_library: Engine) -> None:
    subject = patient(*MARFAN[:3], publication="PMID:78")
    before, after = (assess(subject, knowledge=one) for one in (with_library, with_cases(knowledge, *OWN[:2])))
    number = knowledge.diseases.number["OMIM:154700"]
    assert after.components.values["cases"][number] != before.components.values["cases"][number]


def test_the_evidence_adds_up_for_a_disease_only_cases_describe(with_library: Engine) -> None:
    subject = patient("HP:0001250", "HP:0000252", absent=("HP:0000707",), publication="PMID:71")
    for without in (False, True):
        weighed = assess(subject, knowledge=with_library, without=without, lenient=True)
        explainer, number = Explainer(weighed), with_library.knowledge.diseases.number[NEW]
        rest = [
            np.log10(weighed.chance[one]) - sum(e.weight for e in explainer.finding(one).evidence)
            for one in (number, *weighed.order[:5].tolist())
        ]
        none = explainer.none()
        rest.append(np.log10(none.chance.value) - none.evidence[0].weight)
        assert np.ptp(rest) < 1e-6


# --- similar cases ----------------------------------------------------------------------------------------------------


def test_the_nearest_case_is_the_one_alike(with_library: Engine) -> None:
    found = similar(assess(patient(*MARFAN), knowledge=with_library), most=10)
    assert found[0].id == "m0"
    assert found[0].similarity == pytest.approx(1.0)
    assert len(found[0].shared) == len(MARFAN)
    assert found[0].only_case == found[0].only_patient == ()
    assert max(Counter(one.diagnosis.value for one in found).values()) == 2
    assert [one.diagnosis.value for one in found[:2]] == ["OMIM:154700"] * 2


def test_neither_the_own_publication_nor_the_case_itself(with_library: Engine) -> None:
    for subject, absent in (
        (patient(*MARFAN, publication="PMID:0"), "m0"),
        (patient(*MARFAN, id_="m1"), "m1"),
        (patient(*NF1, publication="PMID:50"), "n0"),
    ):
        found = similar(assess(subject, knowledge=with_library), most=20)
        assert absent not in {one.id for one in found}
        assert all(not subject.publication or one.publication != subject.publication for one in found)


def test_no_library_or_nothing_present_means_no_similar_case(engine: Engine, with_library: Engine) -> None:
    assert similar(assess(patient(*MARFAN), knowledge=engine)) == ()
    assert similar(assess(patient(absent=("HP:0001250",)), knowledge=with_library)) == ()


def test_similar_cases_of_the_open_library(open_engine: Engine) -> None:
    library = open_engine.library
    assert library is not None
    for case in range(0, len(library), len(library) // 12):
        codes = [open_engine.knowledge.ontology.ids[int(one)] for one in library.observed.columns(case)]
        subject = patient(*codes, id_=library.ids[case], publication=library.publications[case])
        found = similar(assess(subject, knowledge=open_engine, without=True), most=10)
        assert max(Counter(one.diagnosis.value for one in found).values(), default=0) <= 2
        assert all(one.publication != subject.publication for one in found if subject.publication)
        assert subject.id not in {one.id for one in found}
        for one in found:
            assert 0 <= one.similarity <= 1
            mine = {*(pair[0] for pair in one.shared), *one.only_patient}
            assert mine == {open_engine.knowledge.ontology.code(t) for t in leaves_of(subject, open_engine)}


def leaves_of(subject: Patient, engine: Engine) -> tuple[int, ...]:
    return assess(subject, knowledge=engine).features.leaves


def test_the_library_is_named_in_what_calibrated_the_chance(with_library: Engine) -> None:
    found = differential(patient(*MARFAN), knowledge=with_library, top=1)
    assert f"{len(CASES)} solved cases" in found[0].chance.calibration
