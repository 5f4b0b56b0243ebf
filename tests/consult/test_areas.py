"""What each area is given: a noun without name, identifier, address or calendar; and what it answers to that."""

from __future__ import annotations

import copy
import gzip
import random
from decimal import Decimal

import pytest
from bedside import HPO, coded, condition, observation, patient_resource, resource
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen import datasets
from suwen.consult import projections
from suwen.consult.areas import consistency_area, default_areas, differential_area
from suwen.consult.nouns import Area, Given, Status, Weighed
from suwen.diagnosis import NONE_OF_THESE, Engine, Prior, differential
from suwen.diagnosis.features import resolve
from suwen.errors import InputError
from suwen.formats.fhir import parse_tree
from suwen.records.demographics import Demographics
from suwen.subject import Code, Feature, Patient, Sex

ID = "ab" * 16
SECRETS = ("Secret", "SECRET", "Hidden", "1990", "2019", "2020", "06-15")
SNOMED = "http://snomed.info/sct"
READ_ALL = ("differential", "consistency")  # areas to which every resource of their types says something


def gave(*resources: dict) -> Given:
    return projections.features(list(resources), ID)


def told(*resources: dict) -> Given:
    return projections.chronicle(list(resources), ID)


def issues(*resources: dict) -> dict[str, list[str]]:
    weighed = consistency_area().weigh(told(*resources).noun)
    return {
        one.finding.code.value.partition(":")[2]: [each.source for each in one.finding.evidence]
        for one in weighed.findings
    }


FULL = (
    patient_resource(deceasedDateTime="2020-12-01", contact=[{"name": {"text": "Secretname"}}]),
    observation("HP:0001100", note=[{"text": "Secret note"}], performer=[{"display": "Dr. Secret"}]),
    observation("HP:0002100", present=False),
    condition("HP:0001200", recorder={"display": "Dr. Secret"}),
    resource("Encounter", "e", status="finished", period={"start": "2020-01-02", "end": "2020-01-03"}),
)


@pytest.mark.parametrize("area", default_areas(None), ids=lambda one: one.name)
def test_the_noun_names_nobody(area: Area) -> None:
    """Proves that neither area is given a name, an identifier, an address, a note or a date of the calendar."""
    given_ = area.prepare([one for one in FULL if one["resourceType"] in area.kinds], ID)
    assert ID in repr(given_.noun)
    assert not [one for one in SECRETS if one in repr(given_.noun)]


def test_the_differential_is_given_features_sex_and_age() -> None:
    """Proves the whole noun: codes without labels, sex, the age at death in whole months, and what went into it."""
    displayed = {"coding": [{"system": HPO, "code": "HP:0003100", "display": "as the source words it"}]}
    given_ = gave(*FULL, {**observation("HP:0003100"), "code": displayed})
    features = (
        Feature(Code("HP:0001100")),
        Feature(Code("HP:0001200")),
        Feature(Code("HP:0002100"), excluded=True),
        Feature(Code("HP:0003100")),
    )
    assert given_.noun == Patient(ID, features, Sex.FEMALE, 30 + 5 / 12)
    assert all(one.code.label == "" and one.onset_years is None and one.where == "" for one in given_.noun.features)
    assert given_.used == {"Patient": 1, "Observation": 3, "Condition": 1}
    assert given_.left_out == {}


def test_age_without_a_death_is_that_at_the_latest_date() -> None:
    """Proves that the same record has the same age on every day it is consulted on, and days count below two years."""
    assert gave(patient_resource(), observation("HP:0001100", on="2020-07-01")).noun.age_years == 30.0
    infant = gave(patient_resource(birthDate="2020-01-01"), observation("HP:0001100", on="2020-01-11"))
    assert infant.noun.age_years == pytest.approx(10 / 365.25)
    assert gave(patient_resource()).noun.age_years is None


def test_the_newest_patient_counts_and_the_register_fills_in() -> None:
    """Proves the order of trust: the last Patient, then the register for what it does not say, never an error."""
    register = projections.from_register(Demographics(("MRN",), ("Secretname",), "1950-01-01", Sex.MALE))
    old, new = patient_resource("1", gender="male"), patient_resource("2", gender="other")
    silent = resource("Patient", "3")
    wrong = patient_resource("4", gender="male", meta={"tag": []}, status="entered-in-error")
    seen = observation("HP:0001100")
    assert "Secret" not in repr(register)
    assert gave(register, old, new, seen).noun.sex is Sex.OTHER
    assert gave(register, old, new, wrong, seen).noun.sex is Sex.OTHER
    assert gave(register, old, new, seen).used == {"Patient": 1, "Observation": 1}
    filled = gave(register, old, silent, seen)
    assert (filled.noun.sex, filled.noun.age_years) == (Sex.MALE, 70.0)
    assert filled.used == {"Patient": 1, "Demographics": 1, "Observation": 1}
    assert gave(register, seen).used == {"Demographics": 1, "Observation": 1}
    unknown = projections.from_register(Demographics((), ("A",)))
    assert gave(unknown, seen).noun == Patient(ID, (Feature(Code("HP:0001100")),))


def test_what_is_left_out_is_counted_by_reason() -> None:
    """Proves that nothing vanishes in silence: errors, others' facts, contained resources, codings, unclear answers."""
    given_ = gave(
        patient_resource(),
        observation("HP:0001100"),
        observation("HP:0001200", status="entered-in-error"),
        condition("HP:0002100", verificationStatus={"coding": [{"code": "entered-in-error"}]}),
        observation("HP:0002100", id_="device", subject={"reference": "Device/7"}),
        observation("HP:0003100", contained=[resource("Observation", "inner", code=coded("HP:0002000"))]),
        observation("2345-7", system="http://loinc.org"),
        observation("HP:0002000", id_="unclear", present=None, valueString="perhaps"),
        condition("HP:0002000", id_="dd", verificationStatus={"coding": [{"code": "differential"}]}),
    )
    assert [one.code.value for one in given_.noun.features] == ["HP:0001100", "HP:0003100"]
    assert given_.left_out == {
        "entered in error": 2,
        "subject is not a patient": 1,
        "contained in another resource": 1,
        "http://loinc.org": 1,
        "observation that says neither present nor absent": 1,
        "condition not confirmed": 1,
    }
    chinese = {projections.reason_in(one, "zh") for one in given_.left_out}
    assert not [one for one in chinese if one.isascii()]
    assert projections.reason_in("entered in error", "en") == "entered in error"


def test_what_cannot_be_read_takes_nothing_else_with_it() -> None:
    """Proves that one malformed resource, and a birth date that cannot be, cost themselves and no more."""
    given_ = gave(
        patient_resource(birthDate="15.6.1990"),
        observation("HP:0001100"),
        condition("HP:0001200", on="sometime"),
        condition("HP:0002100", on="2019"),
        observation("no code", id_="wrong"),
    )
    assert [one.code.value for one in given_.noun.features] == ["HP:0001100", "HP:0002100"]
    assert (given_.noun.sex, given_.noun.age_years) == (Sex.FEMALE, None)
    assert given_.left_out == {"cannot be read": 3}
    assert given_.used == {"Patient": 1, "Observation": 1, "Condition": 1}
    before_birth = gave(patient_resource(), condition("HP:0001200", on="1980"), observation("HP:0001100"))
    assert [one.code.value for one in before_birth.noun.features] == ["HP:0001100"]


def test_numbers_with_a_decimal_point_are_read() -> None:
    """Proves that an age that a record holds as a decimal is no reason to leave a Condition out."""
    aged = condition("HP:0001100")
    del aged["onsetDateTime"]
    aged["onsetAge"] = {"value": Decimal("1.50"), "code": "a"}
    assert gave(patient_resource(), aged).left_out == {}
    assert len(gave(patient_resource(), aged).noun.features) == 1


def test_the_order_in_the_record_decides_nothing() -> None:
    """Proves that the same resources in any order are the same input, and that any change of a fact is another."""
    one = list(FULL)
    for area in default_areas(None):
        mine = [each for each in one if each["resourceType"] in area.kinds]
        digests = {area.prepare(random.Random(seed).sample(mine, len(mine)), ID).digest for seed in range(5)}  # noqa: S311
        assert len(digests) == 1
        for at in range(1, len(mine) if area.name in READ_ALL else 1):
            assert area.prepare(mine[:at] + mine[at + 1 :], ID).digest not in digests
        other = copy.deepcopy(mine)
        other[0]["name"] = [{"text": "Another"}]
        assert area.prepare(other, ID).digest in digests
        assert area.prepare(mine, "cd" * 16).digest not in digests


def test_days_count_from_birth() -> None:
    """Proves that the chart's times are ages: shifting the whole life by years changes nothing."""
    lives = (
        (
            patient_resource(birthDate=f"{year}-01-01"),
            resource("Encounter", "e", period={"start": f"{year + 1}-03-04T05:06:07Z", "end": f"{year + 1}-03-05"}),
        )
        for year in (1990, 1950)
    )
    shifted = [told(*life).noun for life in lives]
    assert shifted[0] == shifted[1]
    start = shifted[0].events[0].start
    assert start.low == start.exact == pytest.approx(365 + 31 + 28 + 3 + (5 * 3600 + 6 * 60 + 7) / 86_400)
    alone = told(resource("Procedure", "x", performedDateTime="2020-05-06")).noun
    assert alone.events[0].start.low == 0


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2000", 0, 366),
        ("2000-02", 31, 60),
        ("2000-12", 335, 366),
        ("2000-01-02", 1, 2),
        ("2000-01-02T12:00:00.000+08:00", 1.5, 1.5),
        ("2000-01-02T06:00Z", 1.25, 1.25),
    ],
)
def test_a_day_means_all_its_hours(text: str, low: float, high: float) -> None:
    (event,) = told(
        patient_resource(birthDate="2000-01-01"), resource("Procedure", "x", performedDateTime=text)
    ).noun.events
    assert (event.start.low, event.start.high) == (low, high)
    offset = 8 / 24 if "+08" in text else 0
    assert event.start.exact == (pytest.approx(low - offset) if "T" in text else None)


def test_what_did_not_happen_has_no_date() -> None:
    """Proves that an error and a plan are in no chart, and are counted."""
    period = {"start": "2020-01-02"}
    given_ = told(
        resource("Encounter", "wrong", status="entered-in-error", period=period),
        resource("Encounter", "planned", status="planned", period=period),
        resource("Encounter", "done", status="finished", period=period),
    )
    assert [one.where for one in given_.noun.events] == ["Encounter/done"]
    assert given_.left_out == {"entered in error": 1, "planned, cancelled or not done": 1}


def test_dates_that_are_none_are_counted() -> None:
    given_ = told(
        *(resource("Procedure", str(at), performedDateTime=one) for at, one in enumerate(["x", "2000-13", 7]))
    )
    assert given_.left_out == {"date that cannot be read": 3}
    assert [one.start for one in given_.noun.events] == [None] * 3


def test_the_chart_is_held_against_itself() -> None:
    """Proves each kind of issue from resources to the reference a reader follows."""
    dead = patient_resource(deceasedDateTime="2020-12-01T10:00:00Z")
    value = {"valueQuantity": {"value": Decimal("1.50"), "unit": "mmol/L"}}
    twice = [
        observation("2345-7", id_=name, system="http://loinc.org", present=None, on="2020-05-06T07:08:09Z", **value)
        for name in ("t1", "t2")
    ]
    assert issues(
        dead,
        observation("HP:0001100", id_="yes"),
        observation("HP:0001100", id_="no", present=False),
        observation("HP:0001200", id_="early", on="1985"),
        condition("HP:0002100", id_="antenatal", on="1990-03-01"),
        resource("Encounter", "late", period={"start": "2020-12-03T10:00:00Z"}),
        resource("Encounter", "certified", type=[coded("308646001", SNOMED)], period={"start": "2020-12-03T10:00:00Z"}),
        resource("MedicationRequest", "ordered", authoredOn="2021-01-01"),
        resource("MedicationRequest", "called-off", status="cancelled", authoredOn="2021-01-01"),
        resource("Procedure", "back", performedPeriod={"start": "2020-02-02", "end": "2020-02-01"}),
        *twice,
    ) == {
        "contradiction": ["Observation/yes; Observation/no"],
        "before-birth": ["Observation/early"],
        "after-death": ["Encounter/late", "MedicationRequest/ordered"],
        "ends-first": ["Procedure/back"],
        "stated-twice": ["Observation/t1, Observation/t2"],
    }


def test_the_left_eye_is_not_the_right() -> None:
    """Proves that two equal values are one observation only when site and method agree, and digits count."""
    said = {"system": "http://loinc.org", "present": None, "valueInteger": 5}
    one, other = (observation("1-8", id_=name, bodySite={"text": name}, **said) for name in ("left", "right"))
    assert issues(patient_resource(), one, other) == {}
    assert "stated-twice" in issues(patient_resource(), one, {**other, "bodySite": {"text": "left"}})


def test_an_empty_record_gives_no_answer_and_says_why(tiny_engine: Engine) -> None:
    for area in default_areas(tiny_engine):
        weighed = area.weigh(area.prepare([], ID).noun)
        assert weighed.status is Status.NOTHING
        assert set(weighed.reason) == {"en", "zh"}
        assert weighed.findings == ()


# The differential


def weighed_(engine: Engine, *resources: dict, **settings_: object) -> Weighed:
    area = differential_area(engine, **settings_)
    return area.weigh(area.prepare(list(resources), ID).noun)


def test_the_differential_says_what_became_of_codes(tiny_engine: Engine) -> None:
    """Proves a remark in both languages for each code that was mapped, replaced, unusable or contradicted."""
    weighed = weighed_(
        tiny_engine,
        condition("386661006", system=SNOMED),
        condition("444814009", system=SNOMED),
        condition("HP:0009999"),
        condition("HP:0003100"),
        observation("HP:0002000", present=False),
        observation("HP:0000005"),
    )
    assert weighed.remarks == (
        "HP:0009999 was read as HP:0001100 Feature 1100",
        "SNOMEDCT:386661006 was read as HP:0002200 Feature 2200",
        "HP:0002200 Feature 2200 is present, but HP:0002000, which it implies, is said to be absent",
        "HP:0003100 Feature 3100 is present, but HP:0002000, which it implies, is said to be absent",
        "Codes without a usable phenotype term: HP:0000005, SNOMEDCT:444814009",
    )
    assert [len(one) for one in weighed.remarks_in.values()] == [5]
    assert "HP:0001100" in weighed.remarks_in["zh"][0]
    assert not set(weighed.remarks) & set(weighed.remarks_in["zh"])
    assert weighed.left_out == {"code without a usable phenotype term": 2}


def test_remarks_lose_nothing_that_the_engine_notes(tiny_engine: Engine) -> None:
    """Proves that whatever the engine replaced or dropped is remarked: as many codes, by another way."""
    codes = ["HP:0001100", "HP:0009999", "SNOMEDCT:386661006", "SNOMEDCT:444814009", "HP:0000005", "HP:7777777"]

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.sampled_from(codes), unique=True, min_size=1))
    def law(chosen: list[str]) -> None:
        patient = Patient(ID, tuple(Feature(Code(one)) for one in sorted(chosen)))
        notes = resolve(patient, tiny_engine.knowledge.ontology, lenient=True).notes
        weighed = differential_area(tiny_engine).weigh(patient)
        remarked = len([one for one in weighed.remarks if "was read as" in one]) + sum(weighed.left_out.values())
        assert remarked == len(notes)

    law()


def test_the_differential_answers_as_the_differential_does(tiny_engine: Engine) -> None:
    """Proves setting and top, the two languages, the sources with their releases, and the limits for each setting."""
    noun = Patient(ID, (Feature(Code("HP:0001100")),), Sex.FEMALE)
    for setting in ("rare", "common"):
        weighed = weighed_(
            tiny_engine, patient_resource(), observation("HP:0001100"), setting=setting, top=2, least=0.0
        )
        said = differential(
            Patient(ID, noun.features, Sex.FEMALE, 29.5), knowledge=tiny_engine, prior=Prior(setting=setting), top=2
        )
        assert [repr(one.finding) for one in weighed.findings] == [repr(one) for one in said]
        assert len(weighed.findings) == 3
        few = weighed_(tiny_engine, patient_resource(), observation("HP:0001100"), setting=setting, top=2, least=0.5)
        assert {one.finding.code.value for one in few.findings} == {NONE_OF_THESE}  # what is improbable is not filed
        assert NONE_OF_THESE in {one.finding.code.value for one in weighed.findings}
        assert any("2020-02-02" in one for one in weighed.sources)
        assert [len(one) for one in weighed.limits.values()] == [4, 4]
        clinic = {"rare": "罕见病门诊", "common": "一般门诊"}[setting]
        assert clinic in "".join(weighed.limits["zh"])
    versions = {
        differential_area(tiny_engine, setting=one, top=top).version for one in ("rare", "common") for top in (2, 3)
    }
    assert len(versions | {differential_area(None).version}) == 5


def test_an_unknown_setting_is_refused(tiny_engine: Engine) -> None:
    with pytest.raises(InputError):
        default_areas(tiny_engine, setting="often")


def test_every_synthetic_patient_is_read_and_consistent_enough() -> None:
    """Proves on Synthea's patients that no resource is unreadable, no date is lost, and sound charts are found so."""
    folder = datasets.folder() / "platform" / "synthea_r4"
    files = sorted(folder.glob("*_*.json.gz")) if folder.is_dir() else []
    if not files:
        pytest.skip("the synthetic patients 'platform/synthea_r4' are not in the data folder (SUWEN_DATA)")
    for file in files[:8]:
        bundle = parse_tree(gzip.decompress(file.read_bytes()).decode())
        resources = [one["resource"] for one in bundle["entry"]]
        for area in default_areas(None):
            given_ = area.prepare([one for one in resources if one["resourceType"] in area.kinds], ID)
            assert not {"cannot be read", "date that cannot be read"} & set(given_.left_out)
            if area.name in READ_ALL:
                assert given_.used["Observation"] == sum(one["resourceType"] == "Observation" for one in resources)
        found = consistency_area().weigh(projections.chronicle(_allowed(resources), ID).noun).findings
        assert {one.finding.code.value for one in found} <= {"suwen-issue:stated-twice"}


def _allowed(resources: list[dict]) -> list[dict]:
    return [one for one in resources if one["resourceType"] in projections.CHRONICLE_KINDS]
