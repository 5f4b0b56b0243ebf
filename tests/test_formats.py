"""The borders: documents become patients or one clear error, and what is written reads back the same."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import suwen.formats
from mutations import mutations
from suwen.errors import FormatError, InputError, SuwenError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.formats import (
    read,
    read_bytes,
    read_fhir,
    read_phenopackets,
    read_terms,
    read_text,
    write_phenopacket,
)
from suwen.formats.ages import duration_text, duration_years
from suwen.subject import Code, Diagnosis, Feature, Kind, Patient, Reference, Sex

GOLDEN = Path(__file__).parent / "golden" / "formats"
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
DAY = 1 / 365.25


def written(patient: Patient, **kwargs) -> dict:
    return write_phenopacket(patient, clock=lambda: NOON, created_by="tests", versions={"HP": "2025-01-16"}, **kwargs)


def packet(**members) -> dict:
    return {"id": "p", "subject": {"id": "s"}, "phenotypicFeatures": [], **members}


def problems(document: object) -> dict[str, str]:
    with pytest.raises(FormatError) as caught:
        read_text(json.dumps(document))
    return {problem.where: problem.what for problem in caught.value.problems}


# --- laws -------------------------------------------------------------------------------------------------------------

years = st.one_of(
    st.floats(0, 150, allow_nan=False),
    st.integers(0, 150).map(float),
    st.integers(0, 54_000).map(lambda days: days / 365.25),
    st.integers(0, 1_800).map(lambda months: months / 12),
)
plain_text = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
hpo = st.integers(0, 9_999_999).map(lambda number: f"HP:{number:07d}")
disease = st.one_of(
    st.integers(100_000, 999_999).map(lambda number: f"OMIM:{number}"), st.integers(1, 999_999).map("ORPHA:{}".format)
)
features = st.builds(
    Feature, st.builds(Code, hpo, st.one_of(st.just(""), plain_text)), st.booleans(), st.none() | years
)
patients = st.builds(
    Patient,
    id=plain_text.filter(lambda text: text.strip() and not text.upper().startswith("PMID")),
    features=st.lists(features, max_size=6).map(tuple),
    sex=st.sampled_from(Sex),
    age_years=st.none() | years,
    diagnoses=st.lists(st.builds(Diagnosis, st.builds(Code, disease), st.none() | years), max_size=3).map(tuple),
    publication=st.one_of(
        st.just(""), st.integers(1, 99_999_999).map("PMID:{}".format), st.just("DOI:10.1038/s41586-020-2649-2")
    ),
)


@given(patients)
def test_a_patient_written_as_a_phenopacket_reads_back_the_same(patient):
    text = json.dumps(written(patient))
    assert read_text(text) == (patient,)
    labels = [feature.code.label for feature in read_text(text)[0].features]
    assert labels == [feature.code.label for feature in patient.features]


@given(years)
def test_an_age_survives_its_iso_8601_text_exactly(age):
    assert duration_years(duration_text(age)) == age


@given(st.integers(0, 120), st.integers(0, 11))
def test_ages_in_whole_years_and_months_are_written_as_people_write_them(whole, months):
    text = duration_text(duration_years(f"P{whole}Y{months}M"))
    assert text in {f"P{whole}Y{months}M", f"P{whole}Y" if not months else f"P{months}M", "P0D"}


def test_two_thousand_damaged_documents_end_in_patients_or_in_our_own_error():
    seeds = [
        json.loads((GOLDEN / name).read_text()) for name in ("marfan.json", "family.json", "two_patients.fhir.json")
    ]
    outcomes = {"read": 0, "refused": 0}
    for data in mutations(seeds, 2_000, seed=7):
        try:
            found = read_bytes(data, "mutant")
        except SuwenError as error:
            str(error).encode()
            outcomes["refused"] += 1
        else:
            assert found
            for patient in found:
                assert isinstance(patient, Patient)
                with suppress(InputError):  # names not resolved yet
                    json.dumps(written(patient)).encode()
            outcomes["read"] += 1
    assert min(outcomes.values()) > 200  # the mutator wounds some documents and leaves others alive


def test_the_mutator_is_reproducible():
    seeds = [packet()]
    assert list(mutations(seeds, 50, seed=1)) == list(mutations(seeds, 50, seed=1))
    assert list(mutations(seeds, 50, seed=1)) != list(mutations(seeds, 50, seed=2))


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_ends_in_patients_or_in_our_own_error(text):
    with suppress(SuwenError):
        assert read_text(text)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_patients_or_in_our_own_error(data):
    with suppress(SuwenError):
        assert read_bytes(data)


def test_the_face_lists_its_names_sorted_and_has_them_all():
    names = suwen.formats.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(suwen.formats, name) for name in names)


# --- phenopackets -----------------------------------------------------------------------------------------------------


def test_golden_phenopacket():
    (patient,) = read(GOLDEN / "marfan.json")
    assert patient == Patient(
        id="golden-marfan",
        sex=Sex.MALE,
        age_years=24.5,
        features=(
            Feature(Code("HP:0001519"), onset_years=3.0),  # childhood onset is 1 to 5 years
            Feature(Code("HP:0001083"), onset_years=6.0),
            Feature(Code("HP:0002616"), onset_years=7305 * DAY),  # 20 years with five leap days
            Feature(Code("HP:0001166"), onset_years=0.0),
            Feature(Code("HP:0001263"), excluded=True),
        ),
        diagnoses=(Diagnosis(Code("OMIM:154700"), 3.0),),
        publication="PMID:00000001",
    )
    assert patient.features[1].where == "phenotypicFeatures[1].type.id"
    assert patient.features[1].code.label == "Ectopia lentis"


def test_golden_version_1_in_yaml_with_snake_case_and_anchors():
    (patient,) = read(GOLDEN / "rett_v1.yaml")
    assert (patient.id, patient.sex, patient.age_years) == ("golden-rett", Sex.FEMALE, 4.0)
    assert [(feature.code.value, feature.excluded, feature.onset_years) for feature in patient.features] == [
        ("HP:0002376", False, 1.5),
        ("HP:0012171", False, 3.0),
        ("HP:0001250", True, None),
        ("HP:0002376", False, None),
    ]
    assert patient.diagnoses == (Diagnosis(Code("OMIM:312750")),)
    assert patient.features[0].where == "phenotypic_features[0].type.id"


def test_golden_family_gives_proband_then_relatives_and_no_opinion_becomes_a_diagnosis():
    child, sister = read(GOLDEN / "family.json")
    assert (child.id, child.sex, child.age_years) == ("golden-cf-child", Sex.FEMALE, 0.0)
    assert child.diagnoses == (Diagnosis(Code("ORPHA:586")),)
    assert [feature.code.value for feature in child.features] == ["HP:0001738", "HP:0001508"]
    assert sister.features[0].where == "relatives[0].phenotypicFeatures[0].type.id"
    assert sister.excluded


def test_cohort_members_are_each_a_patient():
    found = read_phenopackets({"id": "c", "members": [packet(id="a"), packet(id="b")]})
    assert [patient.id for patient in found] == ["a", "b"]


def test_every_problem_is_reported_at_its_path():
    document = packet(
        id=None,
        subject={"sex": "LADY", "timeAtLastEncounter": {"age": {"iso8601duration": "12 years"}}},
        phenotypicFeatures=[
            {"type": {"id": "HP:0001250"}},
            {"type": {"id": "HP:125"}},
            {"excluded": True},
            "HP:0001250",
            {
                "type": {"id": 1250},
                "excluded": "yes",
                "onset": {"ageRange": {"start": {"age": "P9Y"}, "end": {"age": "P1Y"}}},
            },
        ],
        diseases={"term": 1},
    )
    assert set(problems(document)) == {
        "id",
        "subject.sex",
        "subject.timeAtLastEncounter.age.iso8601duration",
        "phenotypicFeatures[1].type.id",
        "phenotypicFeatures[2].type",
        "phenotypicFeatures[3]",
        "phenotypicFeatures[4].type.id",
        "phenotypicFeatures[4].excluded",
        "phenotypicFeatures[4].onset.ageRange",
        "diseases",
    }


def test_errors_quote_neither_names_nor_dates_of_birth():
    document = packet(
        id="",
        subject={"dateOfBirth": "31.12.1999", "sex": "Mustermann"},
        phenotypicFeatures=[{"type": {"id": "Erika Mustermann"}, "onset": {"age": {"iso8601duration": "31.12.1999"}}}],
    )
    bundle = json.loads((GOLDEN / "two_patients.fhir.json").read_text())
    bundle["entry"][0]["resource"] |= {"birthDate": "31.12.1999", "gender": "Erika"}
    for damaged in (document, bundle, "Erika Mustermann: 31.12.1999 = 5", "{Mustermann 31.12.1999"):
        with pytest.raises(FormatError) as caught:
            read_text(damaged if isinstance(damaged, str) else json.dumps(damaged))
        assert not any(secret in str(caught.value) for secret in ("Mustermann", "Erika", "1999"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1Y", 1.0),
        ("P18M", 1.5),
        ("P12Y6M", 12.5),
        ("P2W", 14 * DAY),
        ("P6M2W", 0.5 + 14 * DAY),
        ("P1DT12H", 1.5 * DAY),
        ("P0.5Y", 0.5),
        ("P0,5Y", 0.5),
        ("p3y", 3.0),
        *(
            (bad, None)
            for bad in ("", "P", "PT", "P1", "1Y", "P-1Y", "P1Y1Y", "P1M1Y", "P151Y", "P1YT", "PNaNY", "P١Y")
        ),
    ],
)
def test_iso_8601_durations(text, expected):
    found = duration_years(text)
    assert found == expected or (found is not None and abs(found - expected) < 1e-12)


def test_a_timestamp_without_date_of_birth_is_unknown_and_one_before_the_pregnancy_is_a_problem():
    seen = {"timestamp": "2020-01-01T00:00:00Z"}
    (patient,) = read_phenopackets(packet(subject={"id": "s", "timeAtLastEncounter": seen}))
    assert patient.age_years is None
    born_later = {"id": "s", "dateOfBirth": "2021-01-01T00:00:00Z", "timeAtLastEncounter": seen}
    assert set(problems(packet(subject=born_later))) == {"subject.timeAtLastEncounter.timestamp"}


def test_publication_comes_from_references_or_else_from_the_id():
    reference = {"externalReferences": [{"id": "PMID:42"}]}
    assert read_phenopackets(packet(id="PMID_15266616_100", metaData=reference))[0].publication == "PMID:42"
    assert read_phenopackets(packet(id="PMID_15266616_100"))[0].publication == "PMID:15266616"
    by_address = {"externalReferences": [{"reference": "https://pubmed.ncbi.nlm.nih.gov/10874631/"}]}
    assert read_phenopackets(packet(metaData=by_address))[0].publication == "PMID:10874631"


def finding(patient_id: str) -> Finding:
    evidence = Evidence(
        Bearing.SUPPORTS, Code("HP:0001083"), 1.23, "Ectopia lentis is present in 60 %", "HPOA 2025-01-16"
    )
    return Finding(
        subject=Reference(Kind.PATIENT, patient_id),
        code=Code("OMIM:154700", "Marfan syndrome"),
        chance=Chance(0.82, 0.7, 0.9, "held-out cases"),
        evidence=(evidence,),
        maker=Maker("suwen-diagnosis", "0.1.0"),
    )


def test_findings_stand_as_interpretations_in_progress_and_do_not_become_diagnoses():
    patient = Patient("p", (Feature(Code("HP:0001083")),))
    document = written(patient, findings=[finding("p")])
    (interpretation,) = document["interpretations"]
    assert interpretation["progressStatus"] == "IN_PROGRESS"
    assert interpretation["diagnosis"]["disease"] == {"id": "OMIM:154700", "label": "Marfan syndrome"}
    for part in ("0.82", "0.7 to 0.9", "held-out cases", "Ectopia lentis is present in 60 %", "HPOA 2025-01-16"):
        assert part in interpretation["summary"]
    metadata = document["metaData"]
    assert metadata["created"] == "2026-01-05T12:00:00Z"
    assert metadata["phenopacketSchemaVersion"] == "2.0"
    versions = {resource["namespacePrefix"]: resource["version"] for resource in metadata["resources"]}
    assert versions == {"HP": "2025-01-16", "OMIM": "unknown"}
    assert read_text(json.dumps(document)) == (patient,)
    with pytest.raises(InputError):
        written(patient, findings=[finding("somebody else")])


def test_a_name_that_is_not_resolved_yet_is_not_written():
    patient = read_terms("HP:0001250\nHeterochromia iridis")
    with pytest.raises(InputError) as caught:
        written(patient)
    assert [problem.where for problem in caught.value.problems] == ["features[1]"]


# --- FHIR -------------------------------------------------------------------------------------------------------------


def test_golden_bundle_keeps_two_patients_apart():
    girl, boy = read(GOLDEN / "two_patients.fhir.json")
    assert (girl.id, girl.sex) == ("nf1", Sex.FEMALE)
    assert girl.diagnoses == (Diagnosis(Code("OMIM:162200"), 1.5),)
    assert [(one.code.value, one.excluded) for one in girl.features] == [("HP:0000957", False), ("HP:0009737", True)]
    assert girl.features[0].onset_years == pytest.approx(0.5, abs=2 * DAY)
    assert girl.features[0].where == "entry[3].resource.code"
    assert (boy.id, boy.sex) == ("dmd", Sex.MALE)
    assert boy.age_years == pytest.approx(19.6, abs=0.6)  # born some day in 2008, died in February 2028
    assert [(one.code.value, one.excluded) for one in boy.features] == [
        ("HP:0003707", False),
        ("HP:0001250", True),
        ("HP:0002015", True),
        ("HP:0002650", True),
        ("SNOMEDCT:26544005", False),
    ]
    assert boy.diagnoses == ()  # provisional is not established


def test_what_a_bundle_holds_beyond_us_is_counted():
    skipped = read_fhir(json.loads((GOLDEN / "two_patients.fhir.json").read_text())).skipped
    assert skipped["http://hl7.org/fhir/sid/icd-10"] == 1
    assert skipped["entered in error"] == 1
    assert skipped["observation that says neither present nor absent"] == 1


def test_age_is_taken_at_today_or_else_at_the_latest_resource():
    bundle = json.loads((GOLDEN / "two_patients.fhir.json").read_text())
    at_latest, at_today = (read_fhir(bundle, today=day).patients[0] for day in (None, date(2025, 6, 15)))
    assert at_latest.age_years == pytest.approx(0.5, abs=2 * DAY)
    assert at_today.age_years == pytest.approx(15.0, abs=2 * DAY)


def condition(reference: str | None, code: str = "HP:0001250", **members) -> dict:
    subject = {"subject": {"reference": reference}} if reference else {}
    coding = {"coding": [{"system": "http://human-phenotype-ontology.org", "code": code}]}
    return {"resource": {"resourceType": "Condition", "code": coding, **subject, **members}}


def bundle_of(*entries: dict) -> dict:
    return {"resourceType": "Bundle", "entry": list(entries)}


def test_problems_of_a_bundle_are_gathered_with_paths():
    person = {"resource": {"resourceType": "Patient", "id": "a", "birthDate": "2000-01-01", "gender": "x"}}
    document = bundle_of(
        person,
        condition("Patient/a", "HP:99"),
        condition(None),
        condition("urn:uuid:nobody"),
        condition("Patient/a", onsetAge={"value": 3, "unit": "parsec"}),
        condition("Patient/a", onsetDateTime="1950-01-01"),
        {"resource": 5},
    )
    assert set(problems(document)) == {
        "entry[0].resource.gender",
        "entry[1].resource.code.coding[0].code",
        "entry[2].resource.subject",
        "entry[3].resource.subject.reference",
        "entry[4].resource.onsetAge.value",
        "entry[5].resource.onsetDateTime",
        "entry[6].resource",
    }


def test_one_id_on_two_servers_is_never_mixed_up():
    def person(server):
        return {"fullUrl": f"http://{server}/Patient/1", "resource": {"resourceType": "Patient", "id": "1"}}

    seen = {"fullUrl": "http://b/Condition/9", **condition("Patient/1")}
    first, second = read_fhir(bundle_of(person("a"), person("b"), seen)).patients
    assert (len(first.features), len(second.features)) == (0, 1)
    assert set(problems(bundle_of(person("a"), person("b"), condition("Patient/1")))) == {
        "entry[2].resource.subject.reference"
    }


def test_contained_resources_and_patients_only_referred_to():
    inner = {"resourceType": "Patient", "id": "p1", "gender": "male"}
    (contained,) = read_fhir(bundle_of(condition("#p1", contained=[inner]))).patients
    assert (contained.id, contained.sex, len(contained.features)) == ("p1", Sex.MALE, 1)
    (alone,) = read_fhir({"resourceType": "Patient", "id": "p", "contained": [condition("#")["resource"]]}).patients
    assert len(alone.features) == 1
    (referred,) = read_fhir(bundle_of(condition("Patient/x"), condition("https://a/Patient/x"))).patients
    assert (referred.id, len(referred.features)) == ("x", 1)


def test_the_dead_grow_no_older():
    def age(**members):
        person = {"resource": {"resourceType": "Patient", "id": "a", "birthDate": "2000-01-01", **members}}
        seen = condition("Patient/a", recordedDate="2010-01-01")
        return read_fhir(bundle_of(person, seen), today=date(2020, 1, 1)).patients[0].age_years

    assert age() == pytest.approx(20, abs=2 * DAY)
    assert age(deceasedBoolean=True) == pytest.approx(10, abs=2 * DAY)
    assert age(deceasedDateTime="2005-01-01") == pytest.approx(5, abs=2 * DAY)


# --- lists ------------------------------------------------------------------------------------------------------------


def test_golden_list():
    (patient,) = read(GOLDEN / "list.txt")
    assert (patient.id, patient.sex, patient.age_years) == ("golden-list", Sex.FEMALE, 2.5)
    assert [(one.code.value, one.code.label, one.excluded, one.where) for one in patient.features] == [
        ("HP:0000407", "Sensorineural hearing impairment", False, "line 5"),
        ("HP:0002211", "", False, "line 6"),
        ("HP:0000506", "", False, "line 6"),
        ("HP:0001250", "Seizure", True, "line 7"),
        ("HP:0000252", "小头畸形", True, "line 8"),
        ("HP:0001263", "", True, "line 9"),
        ("Heterochromia iridis", "", False, "line 10"),
        ("无虹膜", "", False, "line 11"),  # aniridia, not "no iris looked for"
        ("癫痫", "", True, "line 12"),
    ]


@given(
    st.lists(st.tuples(hpo, st.booleans()), min_size=2, max_size=8),
    st.sampled_from([",", ", ", ";", " ", "\n", "，", "；"]),
)
def test_separators_do_not_change_what_a_list_says(terms, separator):
    text = separator.join(("!" if excluded else "") + value for value, excluded in terms)
    assert [(one.code.value, one.excluded) for one in read_terms(text).features] == terms


@given(
    hpo,
    st.sampled_from(["-", "!", "not ", "no ", "无", "无 ", "！", "－", "没有", "否认"]),
    st.sampled_from([":", "_", "："]),
)
def test_every_spelling_of_an_absent_term_excludes_it(value, negation, joint):
    (feature,) = read_terms(f"{negation}{value.replace(':', joint).lower()} Some label").features
    assert (feature.code.value, feature.excluded) == (value, True)


@pytest.mark.parametrize(
    "text",
    [
        "HP:123",
        "12345",
        "OMIM:154700",
        "HP:0001250 Seizure, Ataxia, HP:0001251",  # is Ataxia a third term?
        "HP:0001250 - HP:0001251",  # a range, a separator, or an exclusion?
        "HP:0001250-HP:0001251",
        "- HP:0001250\n- HP:0001251",  # bullets, or exclusions?
        "HP:0001250 absent",
        "HP:0001250: 无",
        "HP:0001250 Seizure (excluded)",
        "HP:0001250 -",
        "sex: blue\nHP:0001250",
        "age: long ago\nHP:0001250",
        '"id": "x" }',
        "# nothing but a comment",
        "",
    ],
)
def test_a_list_that_could_mean_two_things_is_refused(text):
    with pytest.raises(FormatError):
        read_terms(text)


def test_a_commented_label_with_a_comma_stays_whole():
    (feature,) = read_terms("HP:0010864\tIntellectual disability, severe  # from the clinic").features
    assert feature.code.label == "Intellectual disability, severe"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12y", 12.0), ("12", 12.0), ("18 months", 1.5), ("2y6m", 2.5), ("2岁6个月", 2.5), ("3岁半", 3.5), ("P6M", 0.5)],
)
def test_ages_as_people_write_them(text, expected):
    assert read_terms(f"age: {text}\nHP:0001250").age_years == pytest.approx(expected)
