"""Nothing that goes out names a patient: pseudonyms, shifted dates, ages, texts; searched byte by byte."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from study import SECRETS, Json, admit, approve, criteria, hba1c, note, select, study
from ward import Ward

from suwen.cohort import Cohort, examples_of, open_cohort, write_cohort
from suwen.cohort.columns import Age, AgeBand
from suwen.cohort.facts import facts_of
from suwen.cohort.leaves import Index, age_at
from suwen.cohort.pseudonyms import Disguise, new_key
from suwen.cohort.terms import Terms
from suwen.consult import import_fhir
from suwen.datasets import folder
from suwen.errors import InputError
from suwen.formats.fhir import read_document
from suwen.learn.examples import read_examples
from suwen.records.access import Role
from suwen.subject import Sex

SYNTHEA = folder() / "platform" / "synthea_r4"
NOTE = (
    "Patient: Secretname{n} Hidden{n}, MRN-{n}00{n}, born {born}, lives at 12 Secret Street {n}, 90210-{n} "
    "Secretville{n}.\nSeen by Dr. Jane Quimby on 2021-03-01 and 3/5/2021. Phone 555-0199-{n}, mail "
    "hidden{n}@example.org; Hidden{n} asks for SECRET-ID-{n}.\n"
    "病患{n}号，住院号：A1234567，2020年2月3日入院，92 years old. "
    "HbA1c 7.5 %, glucose 11.2 mmol/L, weight 81.5 kg."
)


def noted(ward: Ward, on: str, *more: Json) -> list[str]:
    """Six patients, each with a note that says all that the record knows them by."""
    found = []
    for n in range(1, 7):
        text = NOTE.format(n=n, born=f"19{50 + n}-04-17")
        found.append(admit(ward, n, note(text, id_=f"n{n}", on=on), *more))
    return found


def rows(cohort: Cohort) -> list[dict[str, str]]:
    return [dict(zip(cohort.table.header, one, strict=True)) for one in cohort.table.rows]


def test_pseudonyms_join_no_two_cohorts(ward: Ward) -> None:
    """Proves that one cohort names a patient always alike, and two never: neither by pseudonym, digest nor date."""
    study(ward)
    approve(ward, Role.RESEARCHER)
    one, other = select(ward), select(ward)
    again = open_cohort(ward[Role.RESEARCHER], ward.records, one.id)
    assert again.table == one.table
    for kind in ("pseudonym", "records"):
        first, second = ({getattr(row, kind) for row in each.manifest.rows} for each in (one, other))
        assert len(first) == 6
        assert first.isdisjoint(second)
    dates = [{row["index_date"] for row in rows(each)} for each in (one, other)]
    assert dates[0] != dates[1]
    assert max(dates[0] | dates[1]) < "2020-02-07"  # the latest of the true ones: everybody's is set back


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=16, max_size=16),
    st.lists(st.dates(date(1900, 1, 1)), min_size=2),
)
def test_shifting_keeps_every_interval(key: bytes, patient: bytes, days: list[date]) -> None:
    """Proves the law: whatever the key and patient, all dates move by the same number of days, 1 to 365, backwards."""
    disguise = Disguise(key)
    moved = [disguise.moved(patient, one) for one in days]
    assert {one - other for one, other in zip(days, moved, strict=True)} == {timedelta(days=disguise.days(patient))}
    assert 1 <= disguise.days(patient) <= 365


def test_offsets_differ_and_use_the_whole_year() -> None:
    """Proves that the offset is the patient's own: known for one it tells nothing of another."""
    disguise = Disguise(new_key())
    offsets = {disguise.days(number.to_bytes(16, "big")) for number in range(4000)}
    assert offsets == set(range(1, 366))


@pytest.mark.parametrize(
    ("born", "day", "age", "band"),
    [
        ("1936-06-01", "2025-05-31", "88", "85-89"),
        ("1936-06-01", "2025-06-01", "89", "85-89"),
        ("1936-06-01", "2026-06-01", "90", "90+"),
        ("1900-06-01", "2026-06-01", "90", "90+"),
        ("2026-01-01", "2026-06-01", "0", "0-4"),
        ("1990", "2026-06-01", "", "35-39"),
        ("1991", "2026-06-01", "", ""),
        ("", "2026-06-01", "", ""),
        ("nonsense", "2026-06-01", "", ""),
        ("1930", "2026-06-01", "90", "90+"),
    ],
)
def test_ages_over_89_are_one(born: str, day: str, age: str, band: str) -> None:
    """Proves 45 CFR 164.514(b)(2)(i)(C), and that a partial birth date is not taken for a whole one."""
    facts = replace(facts_of([]), birth=born)
    index = Index(date.fromisoformat(day))
    assert Age().cell(facts, index, Terms(), lambda one: one) == age
    assert AgeBand().cell(facts, index, Terms(), lambda one: one) == band


@given(st.dates(date(1850, 1, 1), date(2030, 1, 1)), st.dates(date(1850, 1, 1), date(2040, 1, 1)))
def test_age_is_that_of_the_calendar(born: date, day: date) -> None:
    """Proves age in whole years against counting birthdays."""
    ages = age_at(born.isoformat(), day)
    if day < born:
        assert ages is None or ages[0] == ages[1]
    else:
        birthdays = sum(
            (born.month, born.day) <= (day.month, day.day) or year < day.year
            for year in range(born.year + 1, day.year + 1)
        )
        assert ages == (birthdays, birthdays)


def test_nothing_that_names_a_patient_goes_out(ward: Ward, tmp_path: Path) -> None:
    """Proves it for table, manifest, texts and names of files: no name, number, address, telephone or true date."""
    ids = noted(ward, "2021-03-01")
    approve(ward, Role.RESEARCHER, texts=True)
    made = select(ward, criteria(index={"last": {"document": {}}}, texts={}), export=True)
    write_cohort(made, tmp_path / "out")
    files = [one for one in (tmp_path / "out").rglob("*") if one.is_file()]
    assert len(made.texts) == 6
    whole = b"\n".join(str(one).encode() + one.read_bytes() for one in files).decode()
    born = [f"19{50 + number}-04-17" for number in range(1, 7)]
    # the two dates of the notes lie more than a year apart: neither can be moved to where the other was
    for secret in (*SECRETS, *ids, *born, "2021-03-01", "2020-02-03", "fhir-1", "90210-", "Secretville"):
        assert secret not in whole, secret
    for one in files:
        assert one.stat().st_mode & 0o077 == 0


def test_texts_before_the_index_go_out_scrubbed(ward: Ward, tmp_path: Path) -> None:
    """Proves that a note that goes out keeps what is medical and loses what the record knows the patient by."""
    noted(ward, "2019-01-01")
    approve(ward, Role.RESEARCHER, texts=True)
    made = select(ward, criteria(texts={"code": "LOINC:34133-9"}), export=True)
    assert len(made.texts) == 6
    write_cohort(made, tmp_path / "out")
    assert (tmp_path / "out" / "READ-THE-TEXTS-FIRST.txt").exists()
    for text in made.texts.values():
        assert "HbA1c 7.5 %, glucose 11.2 mmol/L, weight 81.5 kg" in text
        for secret in (
            "Secret",
            "SECRET",
            "Hidden",
            "hidden",
            "病患",
            "Quimby",
            "2021-03-01",
            "3/5/2021",
            "555-0199",
            "example.org",
        ):
            assert secret not in text
        for secret in ("A1234567", "2020年2月3日", "92 years", "90210"):
            assert secret not in text
        # the year belongs to it: another date may be moved to the same day of another year
        assert re.search(r"19\d\d-04-17", text) is None


def test_a_note_after_the_index_stays(ward: Ward) -> None:
    """Proves that no text of a later day goes out, as no column may know what came after."""
    noted(ward, "2021-03-01", hba1c(12.0, "2021-01-01"))
    approve(ward, Role.RESEARCHER, texts=True)
    made = select(ward, criteria(texts={}))
    assert made.texts == {}
    assert {row["hba1c"] for row in rows(made)} == {"7.5"}
    assert {row["results"] for row in rows(made)} == {"1"}


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the synthetic patients of Synthea are not here (SUWEN_DATA)")
def test_synthetic_patients_are_not_found_again(ward: Ward, tmp_path: Path) -> None:
    """Proves on Synthea's patients: no name, identifier, address, telephone, birth date or id of theirs goes out."""
    physician, known = ward[Role.PHYSICIAN], set[str]()
    for data in bundles(6):
        import_fhir(physician, ward.records, read_document(data))
        (person,) = [
            one["resource"] for one in json.loads(data)["entry"] if one["resource"]["resourceType"] == "Patient"
        ]
        known |= set(
            texts_in(
                {name: person.get(name) for name in ("identifier", "name", "telecom", "address", "birthDate", "id")}
            )
        )
    approve(ward, Role.RESEARCHER, texts=True)
    wanted = criteria(
        index=None,
        all=None,
        texts={},
        features=[
            "sex",
            "age",
            {"name": "height", "last": {"code": "LOINC:8302-2", "unit": "m"}},
            {"name": "weight", "last": {"code": "LOINC:29463-7", "unit": "kg"}},
            {"name": "heights", "count": {"observation": {"code": "LOINC:8302-2"}}},
            {"name": "since", "since": {"observation": {"code": "LOINC:8302-2"}}},
        ],
    )
    made = select(ward, wanted, export=True)
    assert made.manifest.number == 6
    heights = [float(row["height"]) for row in rows(made) if row["height"]]
    assert heights
    assert all(0.4 < one < 2.3 for one in heights)
    assert all(
        len(row["height"].replace(".", "").lstrip("0")) <= 4 for row in rows(made)
    )  # and by no length of a number
    write_cohort(made, tmp_path / "out")
    whole = "\n".join(
        str(one.relative_to(tmp_path)) + one.read_text() for one in (tmp_path / "out").rglob("*") if one.is_file()
    )
    searched = {one for one in known if len(one) >= 4}
    assert len(searched) > 40
    for secret in searched:  # as a word: the digits of a postal code may stand within a random pseudonym by chance
        assert re.search(rf"(?<![0-9a-z]){re.escape(secret)}(?![0-9a-z])", whole) is None


def bundles(count: int) -> list[bytes]:
    """The smallest bundles that are of a patient."""
    files = sorted(SYNTHEA.glob("*.json.gz"), key=lambda one: one.stat().st_size)
    read = (gzip.decompress(one.read_bytes()) for one in files)
    return list(islice((one for one in read if b'"resourceType": "Patient"' in one), count))


def texts_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if not value.startswith(("http", "urn:oid", "urn:ietf")) and value not in PLAIN else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in parts for text in texts_in(one)]


PLAIN = {"home", "official", "phone", "maiden", "old", "usual", "Patient", "work", "mobile"}


def test_the_table_is_plain_csv(ward: Ward, tmp_path: Path) -> None:
    """Proves that the table reads back as it was, and is what `suwen clean` and `suwen train` read."""
    for number in range(1, 13):
        admit(ward, number, value=6.0 + number / 4)
    approve(ward, Role.RESEARCHER)
    label = {"observation": {"code": "LOINC:4548-4", "is": ">=", "value": 7.5, "unit": "%"}}
    made = select(ward, criteria(label=label), export=True)
    write_cohort(made, tmp_path / "out")
    file = tmp_path / "out" / "cohort.csv"
    read = list(csv.reader(io.StringIO(file.read_text())))
    assert tuple(read[0]) == made.table.header
    assert [tuple(one) for one in read[1:]] == list(made.table.rows)
    (examples,) = read_examples(file).values()
    ours = examples_of(made)
    assert examples.names == ours.names == ours.groups
    assert examples.labels.tolist() == ours.labels.tolist()
    assert set(examples.features) >= {"hba1c", "sex = female"}
    shared = [name for name in ours.features if name in examples.features]
    for name in shared:
        mine = ours.inputs[:, ours.features.index(name)].tolist()
        assert examples.inputs[:, examples.features.index(name)].tolist() == mine
    assert sum(ours.labels.tolist()) == 7


def test_rows_that_too_few_share_are_left_out(ward: Ward) -> None:
    """Proves k: who differs in a quasi-identifier, also one the criteria name, is not in it, and is counted."""
    for number in range(1, 8):
        admit(
            ward, number, born="1970-01-01", sex=Sex.MALE if number == 7 else Sex.FEMALE, value=9 if number == 6 else 7
        )
    approve(ward, Role.RESEARCHER)
    loose = select(ward)
    assert loose.manifest.anonymity == {
        "columns": ["sex", "age_band"],
        "classes": 2,
        "k": 1,
        "unique": 1,
        "required": 1,
    }
    tight = select(ward, criteria(k=5))
    assert (tight.manifest.number, tight.manifest.anonymity["k"]) == (6, 6)
    assert tight.left is not None
    assert tight.left.suppressed == "<5"
    leaf = {"observation": {"code": "LOINC:4548-4", "is": ">", "value": 8, "unit": "%"}}
    named = criteria(k=5, features=["sex", "age_band", {"name": "bad", "quasi": True, "present": leaf}])
    assert select(ward, named).manifest.number == 5
    with pytest.raises(InputError, match="fewer than 5"):
        select(ward, criteria(k=7))
