"""Terminologies: every address is understood, check digits find what they promise to find, maps are followed and
never guessed, and units of measure are read and converted as UCUM defines them.
"""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen import datasets
from suwen.errors import InputError
from suwen.formats.fhir import parse_tree, read_fhir
from suwen.formats.fhir.terms.terminology import (
    TERMINOLOGIES,
    Terminology,
    code_of,
    coding,
    coding_problem,
    system_of,
    terminology,
)
from suwen.formats.fhir.terms.translate import find_maps, make_maps, translate, translate_all, unmapped
from suwen.knowledge import Knowledge
from suwen.knowledge.obo import Obo, OboTerm
from suwen.knowledge.ucum import convert, is_commensurable, is_ucum
from suwen.subject import Code

# Published codes: LOINC (height, creatinine, heart rate, body weight, problem list), SNOMED CT (myocardial infarction,
# root, clinical finding, a module of an extension), and one of each other system.
CODES = {
    "LOINC": ["8302-2", "2160-0", "8867-4", "29463-7", "11450-4", "LA6576-8"],
    "SNOMEDCT": ["22298006", "138875005", "404684003", "900000000000207008", "731000124108"],
    "HP": ["HP:0001250"],
    "MONDO": ["MONDO:0007947"],
    "OMIM": ["154700", "PS154700"],
    "ORPHA": ["558"],
    "ICD10": ["I21.9", "A00"],
    "ICD10CM": ["Q87.40", "S72.001A", "C7A"],
    "ICD11": ["5A11", "2C6Z&XS25", "NA07.0Y"],
    "UCUM": ["mg/dL", "mm[Hg]", "{score}"],
    "RXNORM": ["1049221"],
    "ATC": ["A10BA02", "A"],
    "CVX": ["08", "140"],
    "HGNC": ["HGNC:3603"],
    "DCM": ["CT"],
    "ACTCODE": ["AMB"],
    "ROLECODE": ["FTH"],
    "INTERPRETATION": ["H"],
    "UMLS": ["C0036572"],
    "NCIT": ["C2985"],
}
PAIRS = [(prefix, code) for prefix, codes in CODES.items() for code in codes]


def test_every_terminology_has_a_published_code_here() -> None:
    assert {one.prefix for one in TERMINOLOGIES} == set(CODES)
    assert len({one.url for one in TERMINOLOGIES}) == len(TERMINOLOGIES)
    assert all(one.en and one.zh and one.licence for one in TERMINOLOGIES)


@pytest.mark.parametrize("system", TERMINOLOGIES, ids=lambda one: one.prefix)
def test_an_address_is_understood_however_it_is_dressed(system: Terminology) -> None:
    plain = system.url.removeprefix("http://").removeprefix("www.")
    names = [*system.aliases, plain, *([f"urn:oid:{system.oid}"] if system.oid else [])]
    for name in names:
        assert system_of(name) is system
        if not name.startswith("urn:"):
            for dressed in (f"http://{name}", f"https://www.{name}/", f" HTTP://{name.upper()}#"):
                assert system_of(dressed) is system
    assert system_of(system.url + "x") is None


@pytest.mark.parametrize(("prefix", "text"), PAIRS)
def test_a_code_is_read_and_written_as_its_system_has_it(prefix: str, text: str) -> None:
    system = terminology(prefix)
    assert system is not None
    said = {"system": system.url, "code": text, "display": "as shown"}
    code = code_of(said)
    assert code is not None
    assert code.system == prefix
    assert (coding_problem(said), coding(code)) == ("", said)
    assert coding(code, version="7")["version"] == "7"


def test_the_prefix_that_exporters_add_is_taken_off() -> None:
    for system, text, value in (
        ("http://www.orpha.net", "ORPHA:558", "ORPHA:558"),
        ("http://www.orpha.net", "Orphanet_558", "ORPHA:558"),
        ("http://www.omim.org", "OMIM:154700", "OMIM:154700"),
        ("http://human-phenotype-ontology.org", "hp:0001250", "HP:0001250"),
        ("http://human-phenotype-ontology.org", "0001250", "HP:0001250"),
    ):
        assert code_of({"system": system, "code": text}) == Code(value)


@pytest.mark.parametrize("text", [code for code in CODES["LOINC"] if code[0] != "L"])
def test_the_check_digit_of_loinc_finds_every_wrong_digit(text: str) -> None:
    for wrong in one_digit_off(text):
        assert code_of({"system": "http://loinc.org", "code": wrong}) is None
        assert "mod 10" in coding_problem({"system": "http://loinc.org", "code": wrong})


@pytest.mark.parametrize("text", CODES["SNOMEDCT"])
def test_the_check_digit_of_snomed_finds_every_wrong_digit_and_exchange(text: str) -> None:
    exchanged = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)} - {text}
    for wrong in {*one_digit_off(text), *exchanged}:
        assert code_of({"system": "http://snomed.info/sct", "code": wrong}) is None


def one_digit_off(text: str) -> Iterator[str]:
    for place, digit in enumerate(text):
        if digit.isdigit():
            yield from (text[:place] + other + text[place + 1 :] for other in "0123456789" if other != digit)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "has no code"),
        ({"code": 5, "system": "http://loinc.org"}, "has no code"),
        ({"code": "x"}, "names no system"),
        ({"code": "x", "system": "urn:somewhere"}, "not one that is understood"),
        ({"code": "x", "system": ["http://loinc.org"]}, "not one that is understood"),
        ({"code": "HP:1", "system": "http://human-phenotype-ontology.org"}, "shape"),
        ({"code": "ORPHA:558", "system": "http://www.omim.org"}, "shape"),
        ({"code": "73211009 |Diabetes|", "system": "http://snomed.info/sct"}, "shape"),
        ({"code": "680946014", "system": "http://snomed.info/sct"}, "description"),
        ({"code": "mmHg", "system": "http://unitsofmeasure.org"}, "UCUM"),
    ],
)
def test_what_is_no_code_is_said_without_repeating_it(said: dict[str, Any], problem: str) -> None:
    assert code_of(said) is None
    assert problem in coding_problem(said)


def test_no_coding_is_written_that_would_not_be_read() -> None:
    for value in ("nonsense", "XYZ:1", "HP:1", "LOINC:8302-3", "SNOMEDCT:22298007"):
        with pytest.raises(InputError):
            coding(Code(value))


def test_codings_of_other_known_systems_are_still_counted_as_not_read() -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
    condition["code"] = {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}  # type: ignore[assignment]
    assert read_fhir(condition).skipped == {"http://loinc.org": 1}


# Maps


MAPPED = Obo(
    "2020-02-02",
    (
        OboTerm("HP:0001250", xrefs=["SNOMEDCT_US:91175000", "UMLS:C0036572"]),
        OboTerm("HP:0000002", xrefs=["SNOMEDCT_US:22298006", "MEDDRA:1"]),
        OboTerm("HP:0000003", xrefs=["SNOMEDCT_US:22298006"]),
        OboTerm("HP:0000004", xrefs=["SNOMEDCT_US:138875005"], obsolete=True),
    ),
)
MONDO = {
    "OMIM": [("MONDO:0000001", "OMIM:100000"), ("MONDO:0000002", "OMIM:200000")],
    "ORPHA": [("MONDO:0000001", "ORPHA:1"), ("MONDO:0000001", "ORPHA:2")],
}


def test_maps_are_followed_both_ways_and_over_mondo(knowledge: Knowledge) -> None:
    maps = make_maps(knowledge, MAPPED, MONDO, "2021-01-01")
    found = translate(Code("SNOMEDCT:91175000"), "HP", maps)
    assert (found.targets, found.equivalence) == ((Code("HP:0001250"),), "relatedto")
    assert found.targets[0].label == "Seizure"
    assert "2020-02-02" in found.map_source
    assert translate(Code("HP:0001250"), "UMLS", maps).targets == (Code("UMLS:C0036572"),)
    there = translate(Code("OMIM:100000"), "ORPHA", maps)
    assert (there.targets, there.equivalence) == ((Code("ORPHA:1"), Code("ORPHA:2")), "equivalent")
    assert "ambiguous" in there.reason
    assert "不唯一" in there.reason_zh
    assert translate(Code("ORPHA:2"), "OMIM", maps).targets == (Code("OMIM:100000"),)


def test_nothing_is_mapped_by_name_or_from_what_is_obsolete(knowledge: Knowledge) -> None:
    maps = make_maps(knowledge, MAPPED, MONDO, "2021-01-01")
    for code, to, needed in (
        (Code("SNOMEDCT:84757009", "Seizure"), "HP", "no entry"),
        (Code("SNOMEDCT:138875005"), "HP", "no entry"),
        (Code("OMIM:200000"), "ORPHA", "no entry"),
        (Code("SNOMEDCT:22298006"), "ICD10", "SNOMED CT licence"),
        (Code("MONDO:0000001"), "ICD11", "foundation"),
        (Code("Seizure", "Seizure"), "HP", "no map"),
        (Code("HP:0001250", "Seizure"), "MEDDRA", "no map"),
    ):
        found = translate(code, to, maps)
        assert (found.targets, found.equivalence) == ((), "unmatched")
        assert found.reason.startswith("unmapped: ")
        assert needed in found.reason
        assert found.reason_zh.startswith("未映射：")


def test_a_batch_keeps_its_order_and_counts_what_found_nothing(knowledge: Knowledge) -> None:
    maps = make_maps(knowledge, MAPPED, {}, "")
    codes = [Code("SNOMEDCT:22298006"), Code("OMIM:100000"), Code("HP:0001250"), Code("SNOMEDCT:1")]
    found = translate_all(codes, "HP", maps)
    assert [one.source for one in found] == codes
    assert [len(one.targets) for one in found] == [2, 0, 1, 0]
    assert found[2].equivalence == "equal"
    assert unmapped(found) == Counter({"OMIM": 1, "SNOMEDCT": 1})
    assert "fetch mondo" in translate(Code("OMIM:100000"), "MONDO", maps).reason


def test_the_maps_at_hand_agree_with_the_compiled_ontology(knowledge: Knowledge) -> None:
    maps = find_maps(knowledge)
    assert len(knowledge.ontology.snomed) > 4_000
    for concept, term in knowledge.ontology.snomed.items():
        found = translate(Code(f"SNOMEDCT:{concept}"), "HP", maps)
        assert found.targets == (Code(term),)
    if datasets.present("mondo"):
        assert Code("ORPHA:558") in translate(Code("OMIM:154700"), "ORPHA", maps).targets
        assert translate(Code("OMIM:154700"), "ICD10CM", maps).targets == (Code("ICD10CM:Q87.4"),)


# Units. Cases 1-xxx and 3-xxx of the UCUM functional tests (ucum.org, 2018), where they are met in medicine.


VALID = """m /m 10*3/ul 10*-3/ul 10*+3/ul m[H2O] 10*23 rad2 m3.kg-1.s-2 4.[pi].10*-7.N/A2 rad2{a} {a}.rad2{b} 1{c} {e} %
    dB[10.nV] [cup_us] [foz_br] [ft_i] [lb_av] 1/d dg dl meq mmol mm[Hg] /[HPF] [APL'U] [GPL'U] m[IU]/L u[IU]/mL
    10*12/L nmol/h/mL umol/2.h [arb'U] dyn.s/(cm5.m2) mL/(kg.min) meq/(kg.d) 10.L/min pkat mosm/L mbar.s/L Sv a/m"""
INVALID = """m/ 10+3/ul rad2{錠} {a}rad2{b} {|}1 iU molv [BETH'U] [iIU] m[iIU]/L g/12h mL/2h mmol/kg[H20] U/1h
    (score) mmHg mcg cc IU mEq/L µg m//s m..s ( ) () { } m{ kg( mg/dL. k md kwk da[lb_av]"""


@pytest.mark.parametrize("text", VALID.split())
def test_a_unit_of_ucum_is_one(text: str) -> None:
    assert is_ucum(text)


@pytest.mark.parametrize("text", [*INVALID.split(), "", " ", "m g", "mg/dL ", "m" * 300, "(" * 150])
def test_what_is_no_unit_of_ucum_is_none(text: str) -> None:
    assert not is_ucum(text)


@pytest.mark.parametrize(
    ("value", "from_", "to_", "result"),
    [
        ("6.3", "mm", "m", "0.0063"),
        ("6.3", "s.mm-1", "s.m-1", "6300"),
        ("6.3", "s.mm-2", "s.m-2", "6300000"),
        ("6.3", "s/m/mg", "s.m-1.g-1", "6300"),
        ("6.3", "s/m.mg", "s.m-1.g", "0.0063"),
        ("6.30", "4.s/m", "s/m", "25.2"),
        ("6.300", "[in_i]", "cm", "16.002"),
        ("1", "m[Hg]", "g.s-2.m-1", "133322000"),
        ("1", "S", "g-1.m-2.C2.s", "0.001"),
        ("1", "[ly]", "cm", "946073047258080000"),
        ("120", "mm[Hg]", "kPa", "15.99864"),
        ("1", "mg/dL", "g/L", "0.01"),
        ("5", "%", "1", "0.05"),
        ("4.5", "10*3/uL", "10*9/L", "4.5"),
        ("2", "wk", "d", "14"),
        ("1", "a", "d", "365.25"),
        ("60", "U/L", "ukat/L", "1"),
        ("37.0", "Cel", "[degF]", "98.6"),
        ("98.6", "[degF]", "Cel", "37"),
        ("-40", "Cel", "[degF]", "-40"),
        ("0", "K", "Cel", "-273.15"),
        ("1.50", "mg", "mg", "1.50"),
    ],
)
def test_a_quantity_in_another_unit(value: str, from_: str, to_: str, result: str) -> None:
    assert convert(Decimal(value), from_, to_) == Decimal(result)


@pytest.mark.parametrize(
    ("from_", "to_", "why"),
    [
        ("mmol/L", "mg/dL", "molar mass"),
        ("meq/L", "mmol/L", "valence"),
        ("mosm/L", "mmol/L", "different things"),
        ("mL/min", "mL/min/{1.73_m2}", "annotations"),
        ("[IU]/L", "[arb'U]/L", "different things"),
        ("[IU]/L", "U/L", "different things"),
        ("Cel/min", "K/min", "scale"),
        ("[pH]", "mol/L", "scale"),
        ("mg", "mmHg", "no UCUM unit"),
    ],
)
def test_what_a_unit_does_not_know_is_refused(from_: str, to_: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        convert(Decimal(1), from_, to_)
    assert not is_commensurable(from_, to_)
    assert not is_commensurable(to_, from_)


MASSES = ("g", "mg", "ug", "kg", "[lb_av]", "[oz_av]", "[gr]", "t")
TIMES = ("s", "min", "h", "d", "wk", "mo", "a", "ms")


@given(
    value=st.decimals(min_value="-1e6", max_value="1e6", places=4),
    from_=st.tuples(st.sampled_from(MASSES), st.sampled_from(TIMES)),
    to_=st.tuples(st.sampled_from(MASSES), st.sampled_from(TIMES)),
)
def test_converting_composes_part_by_part_and_back(
    value: Decimal, from_: tuple[str, str], to_: tuple[str, str]
) -> None:
    there = convert(value, "/".join(from_), "/".join(to_))
    mass, time = convert(value, from_[0], to_[0]), convert(Decimal(1), from_[1], to_[1])
    near = Decimal("1e-20") * (1 + abs(there))
    assert abs(there - mass / time) <= near
    assert abs(convert(there, "/".join(to_), "/".join(from_)) - value) <= Decimal("1e-20") * (1 + abs(value))


# Synthea


@pytest.fixture(scope="module")
def synthea() -> list[dict[str, Any]]:
    folder = datasets.folder() / "platform" / "synthea_r4"
    files = sorted(folder.glob("*.json.gz")) if folder.is_dir() else []
    if not files:
        pytest.skip("the Synthea records are not in the data folder (SUWEN_DATA)")
    return [entry["resource"] for file in files[:8] for entry in parse_tree(text(file))["entry"]]


def text(file: Path) -> str:
    return gzip.decompress(file.read_bytes()).decode()


def objects(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def test_the_codes_of_synthea_pass_but_for_its_own_slip(synthea: list[dict[str, Any]]) -> None:
    codings = [one for one in objects(synthea) if isinstance(one.get("code"), str) and system_of(one.get("system", ""))]
    assert len(codings) > 1_000
    refused = {(one["system"], one["code"]) for one in codings if code_of(one) is None}
    # Synthea gives the LOINC code of a panel the system SNOMED CT, and a score's unit in round brackets.
    assert refused <= {("http://snomed.info/sct", "34552-0"), ("http://unitsofmeasure.org", "(score)")}


def test_the_units_of_synthea_are_units(synthea: list[dict[str, Any]]) -> None:
    quantities = [one for one in objects(synthea) if one.get("system") == "http://unitsofmeasure.org"]
    units = {one["code"] for one in quantities}
    assert len(units) > 15
    assert {unit for unit in units if not is_ucum(unit)} <= {"(score)"}


def test_any_text_is_a_unit_or_none_without_failing() -> None:
    rng = random.Random(7)  # noqa: S311  a reproducible choice of texts
    pieces = ["m", "g", "/", ".", "(", ")", "{x}", "[", "]", "10*", "3", "-", "%", "k", "[degF]", "'", "错"]
    for _ in range(3_000):
        text = "".join(rng.choices(pieces, k=rng.randint(0, 12)))
        assert is_ucum(text) in {True, False}
