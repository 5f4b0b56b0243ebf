"""Files of one resource a line go in line by line, in any order and any split, each line once or told."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest
from bulk import WHOLE, Told, state, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from papers import document, lines, observation, order, person, practitioner, synthea
from ward import Ward, open_ward

from suwen.consult.fhir import lines as fhir_lines
from suwen.consult.fhir.directory import list_directory
from suwen.consult.fhir.export_lines import export_lines
from suwen.consult.fhir.imported import Imported, merged
from suwen.consult.fhir.importing import import_fhir
from suwen.consult.patients import list_my_patients
from suwen.formats.fhir.documents import read_document
from suwen.govern.care import grant_care, revoke_care
from suwen.govern.upkeep import verify_store
from suwen.records.access import Role


def test_any_order_of_files_and_again_is_nothing(ward: Ward, tmp_path: Path) -> None:
    """Proves the passes (patients, resources, what is about resources), the counts, the progress, and the rerun."""
    files = sorted(written(tmp_path / "in", WHOLE), reverse=True)
    told = Told()
    done = told.into(ward[Role.PHYSICIAN], ward.records, *files)
    assert (done.registered, done.written, done.changed, done.unchanged) == (4, 35, 0, 0)
    assert len(done.patients) == 4
    assert told.problems == []
    assert told.steps == sorted(told.steps)
    assert told.steps[-1] == (2 * sum(file.stat().st_size for file in files),) * 2
    again = Told().into(ward[Role.PHYSICIAN], ward.records, *files)
    assert (again.registered, again.written, again.changed, again.unchanged) == (0, 0, 0, 35)
    assert sum(state(ward).values()) == 35
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_synthea_as_lines_is_what_its_bundles_are(ward: Ward, tmp_path: Path) -> None:
    """Proves bulk out and in again over bundles of the sample: the same resources of the same patients, none lost."""
    physician = ward[Role.PHYSICIAN]
    for file in synthea()[:4]:
        import_fhir(physician, ward.records, read_document(file.read_bytes()))
    ids = [one.id for one in list_my_patients(physician, ward.records)]
    counts = export_lines(physician, ward.records, ids, tmp_path / "out", progress=lambda _now, _whole: None)
    with open_ward(tmp_path / "other") as other:
        told = Told()
        done = told.into(other[Role.PHYSICIAN], other.records, *sorted((tmp_path / "out").glob("*.ndjson")))
        houses = counts["Practitioner"] + counts["Organization"]
        assert len(told.problems) == houses  # of no patient here, and each told
        assert done.written == sum(counts.values()) - houses
        kinds = {"Practitioner", "Organization"}
        known = list_my_patients(other[Role.PHYSICIAN], other.records)
        back = export_lines(
            other[Role.PHYSICIAN],
            other.records,
            [one.id for one in known],
            tmp_path / "back",
            progress=lambda _now, _whole: None,
        )
        for kind in set(counts) - kinds:
            one, two = (
                sorted((tmp_path / where / f"{kind}.ndjson").read_bytes().splitlines()) for where in ("out", "back")
            )
            assert one == two
        assert back == {kind: count for kind, count in counts.items() if kind not in kinds}


def test_every_bad_line_is_told_and_the_rest_kept(ward: Ward, tmp_path: Path) -> None:
    """Proves file and number for what is no JSON, no FHIR, about nobody known, of no patient, or twice."""
    file = tmp_path / "mixed.ndjson"
    file.write_bytes(
        b"\n".join(
            [
                lines(observation("a", "1")),
                b"not JSON",
                lines({"resourceType": "Observation", "id": "x"}),
                lines(person("1")),
                lines(observation("b", "404")),
                b"",
                lines(practitioner()),
                lines(observation("c", "1")),
                lines(observation("c", "1", value="other")),
                lines(observation("d", "1") | {"resourceType": "Finding"}),
            ]
        )
    )
    told = Told()
    done = told.into(ward[Role.PHYSICIAN], ward.records, file)
    assert (done.registered, done.written) == (1, 3)
    rows = file.read_bytes().splitlines()
    blamed = [rows[number - 1] for _, number, _ in told.problems]
    assert Counter(blamed) == Counter(
        {
            b"not JSON": 1,
            lines({"resourceType": "Observation", "id": "x"}).strip(): 3 - 1,  # status and code
            lines(observation("b", "404")).strip(): 1,
            lines(practitioner()).strip(): 1,
            lines(observation("c", "1", value="other")).strip(): 1,
            lines(observation("d", "1") | {"resourceType": "Finding"}).strip(): 1,
        }
    )
    assert {name for name, _, _ in told.problems} == {"mixed.ndjson"}
    for _, _, problem in told.problems:
        assert "Abel" not in str(problem)
    again = Told()
    assert again.into(ward[Role.PHYSICIAN], ward.records, file).unchanged == 3
    assert Counter(number for _, number, _ in again.problems) == Counter(number for _, number, _ in told.problems)


def test_what_somebody_else_brings_meanwhile_is_not_brought_twice(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that what an import remembers of a chart is given up when another one has written to it."""
    monkeypatch.setattr(fhir_lines, "_BATCH", 4)
    files = written(tmp_path / "in", WHOLE)
    everything = document(*(one for those in WHOLE.values() for one in those))
    others: list[Imported] = []

    def meanwhile(now: int, whole: int) -> None:
        if now > 0.7 * whole and not others:
            others.append(import_fhir(ward[Role.PHYSICIAN], ward.records, everything))

    done = fhir_lines.import_lines(
        ward[Role.PHYSICIAN], ward.records, files, progress=meanwhile, problems=lambda *_: None
    )
    assert done.written + others[0].written == 35
    assert min(done.written, others[0].written) > 5
    assert sum(state(ward).values()) == 35
    assert {version for _, version, _ in state(ward)} == {1}


def test_packed_lines(ward: Ward, tmp_path: Path) -> None:
    file = tmp_path / "all.ndjson.gz"
    file.write_bytes(gzip.compress(lines(*WHOLE["Observation"], *WHOLE["Patient"])))
    told = Told()
    assert told.into(ward[Role.PHYSICIAN], ward.records, file).written == 27
    assert told.steps[-1] == (2 * file.stat().st_size,) * 2


def test_a_damaged_file_is_told_and_the_others_kept(ward: Ward, tmp_path: Path) -> None:
    """Proves that a file cut short does not keep its sound lines, nor other files, from being taken in."""
    cut = tmp_path / "cut.ndjson.gz"
    whole = gzip.compress(lines(*(observation(f"c{n}", "1", value=f"{n:x}" * 99) for n in range(400))), 0)
    cut.write_bytes(whole[: len(whole) // 2])
    sound = tmp_path / "sound.ndjson"
    sound.write_bytes(lines(person("1"), observation("s", "1")))
    told = Told()
    done = told.into(ward[Role.PHYSICIAN], ward.records, cut, sound)
    assert done.written > 100
    assert [(name, number) for name, number, _ in told.problems] == [("cut.ndjson.gz", 0)]


def test_what_is_not_in_ones_care_is_a_problem_of_its_line(ward: Ward, tmp_path: Path) -> None:
    """Proves that each patient is decided for each batch, and that a nurse's orders are told one by one."""
    physician, administrator = ward[Role.PHYSICIAN], ward[Role.ADMINISTRATOR]
    files = written(tmp_path / "in", WHOLE)
    Told().into(physician, ward.records, *files)
    before = state(ward)
    ward[Role.NURSE]
    mine = [one for one in list_my_patients(physician, ward.records) if one.demographics.names[0] != "Ruth Family0"]
    for one in mine:
        grant_care(administrator, ward.records, patient=one.id, who="nurse")
    more = {"Observation": [observation(f"n{n}", str(n)) for n in range(4)], "Order": [order("n9", "1")]}
    more["Order"] += [order(f"m{n}", str(n), status="stopped") for n in (1, 2)]
    told = Told()
    done = told.into(ward[Role.NURSE], ward.records, *written(tmp_path / "more", more))
    assert done.written == 3
    assert sorted((name, number) for name, number, _ in told.problems) == [
        ("Observation.ndjson", 1),
        ("Order.ndjson", 1),
        ("Order.ndjson", 2),
        ("Order.ndjson", 3),
    ]
    assert sum((state(ward) - before).values()) == 3
    for one in mine:
        revoke_care(administrator, ward.records, patient=one.id, who="nurse")
    again = Told()
    assert again.into(ward[Role.NURSE], ward.records, tmp_path / "more" / "Observation.ndjson").unchanged == 0
    assert len(again.problems) == 4


def test_the_administrator_fills_the_directory_by_lines(ward: Ward, tmp_path: Path) -> None:
    """Proves that resources of the house are filed, and that lines about patients are refused to whoever may do so."""
    told = Told()
    whole = {"Practitioner": [practitioner(f"d{n}") for n in range(7)], "Patient": [person()]}
    done = told.into(ward[Role.ADMINISTRATOR], ward.records, *written(tmp_path / "in", whole))
    assert (done.directory, done.registered, done.written) == (7, 0, 0)
    assert [(name, number) for name, number, _ in told.problems] == [("Patient.ndjson", 1)]
    assert len(list_directory(ward[Role.PHYSICIAN], ward.records)) == 7


# Any split and any order


@pytest.fixture(scope="module")
def meant(tmp_path_factory: pytest.TempPathFactory) -> Counter[tuple[str, int, bytes]]:
    """What one document with everything comes to."""
    with open_ward(tmp_path_factory.mktemp("one") / "store") as ward:
        everything = [one for those in WHOLE.values() for one in those]
        import_fhir(ward[Role.PHYSICIAN], ward.records, document(*everything))
        return state(ward)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), batch=st.integers(1, 40))
def test_any_split_and_order_comes_to_the_same(
    data: st.DataObject,
    batch: int,
    meant: Counter[tuple[str, int, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proves that however the lines are ordered, parted into files and calls, and doubled, the store is the same.

    A patient's call comes before those of what is about the patient, and a Provenance's goes with what it is for.
    """
    monkeypatch.setattr(fhir_lines, "_BATCH", batch)
    about = {"Observation", "MedicationRequest"}
    rest = [one for kind in about for one in WHOLE[kind]]
    parts = data.draw(st.lists(st.integers(0, 2), min_size=len(rest), max_size=len(rest)))
    doubled = data.draw(st.lists(st.sampled_from(rest), max_size=5))
    folder = tmp_path_factory.mktemp("split")
    with open_ward(folder / "store") as ward:
        done, told = Imported(), Told()
        for call in range(3):
            mine = [one for one, part in zip(rest, parts, strict=True) if part == call]
            late = WHOLE["Provenance"] if call == 2 else []
            all_ = [*mine, *doubled, *late, *(WHOLE["Observation"] if late else []), *WHOLE["Patient"]]
            shuffled = data.draw(st.permutations(all_))
            cut = data.draw(st.integers(0, len(shuffled)))
            files = written(folder / f"call{call}", {"a": shuffled[:cut], "b": shuffled[cut:]})
            done = merged(done, told.into(ward[Role.PHYSICIAN], ward.records, *files))
        assert told.problems == []
        assert state(ward) == meant
        assert (done.registered, done.written, done.changed) == (4, 35, 0)
