"""Files as they arrive: encodings, packing, batches, bombs; each is read or refused with one clear error."""

from __future__ import annotations

import gzip
import json
import lzma
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from suwen.errors import FormatError, NotFoundError
from suwen.formats import (
    iter_cases,
    read,
    read_bytes,
    read_text,
    write_phenopacket,
)
from suwen.subject import Patient

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


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings(encoding):
    data = "id: 病例一\nHP:0001250 癫痫\n".encode(encoding)
    assert read_bytes(data)[0].features[0].code.label == "癫痫"
    assert read_bytes(data)[0].id == "病例一"


def test_kinds_and_packing_are_told_by_content_whatever_the_name(tmp_path):
    golden = (GOLDEN / "marfan.json").read_bytes()
    for name, data in {"a.txt": golden, "b.csv": gzip.compress(golden), "c": lzma.compress(golden)}.items():
        (tmp_path / name).write_bytes(data)
        assert read(tmp_path / name)[0].id == "golden-marfan"
    (tmp_path / "d.json").write_text("HP:0001250")
    assert read(tmp_path / "d.json")[0].id == "d"


def test_a_batch_goes_on_after_a_bad_file(tmp_path):
    good = json.dumps(packet(id="good"))
    (tmp_path / "b.json").write_text(good)
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "c.jsonl.xz").write_bytes(lzma.compress(f"{good}\n\n{{]\n{good}".encode()))
    (tmp_path / "LICENSE").write_text("not a case")
    (tmp_path / ".hidden.json").write_text(good)
    found = [(name.removeprefix(f"{tmp_path}/"), case) for name, case in iter_cases([tmp_path, tmp_path / "none.json"])]
    assert [name.removeprefix(f"{tmp_path}/") for name, _ in found] == [
        "a.json",
        "b.json",
        "c.jsonl.xz:1",
        "c.jsonl.xz:3",
        "c.jsonl.xz:4",
        "none.json",
    ]
    kinds = [type(case) for _, case in found]
    assert kinds == [FormatError, Patient, Patient, FormatError, Patient, NotFoundError]
    with pytest.raises(FormatError, match="line 3"):
        read(tmp_path / "c.jsonl.xz")


def test_damaged_and_exploding_archives_are_refused(tmp_path):
    packed = gzip.compress(json.dumps(packet(id="x" * 500)).encode())
    for data in (packed[:-12], b"\x1f\x8b" + b"junk", lzma.compress(b"{}")[:-4], b"PK\x03\x04rest"):
        with pytest.raises(FormatError):
            read_bytes(data)
    bomb = gzip.compress(b" " * (200 * 2**20), 9)
    with pytest.raises(FormatError, match="64 MiB"):
        read_bytes(bomb)
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[:-12])
    assert [type(case) for _, case in iter_cases([tmp_path / "cut.jsonl.gz"])] == [FormatError]


def test_yaml_bombs_cycles_tags_and_depth_are_refused_without_being_built():
    head = "subject: {id: s}\nid: p\n"
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    tracemalloc.start()
    for text in (
        f"{head}l0: &l0 [x]\n{levels}",
        f"{head}a: &a [*a]",
        f"{head}a: !!python/object/apply:os.system [id]",
        f"{head}a: !!timestamp 2020-99-99",
        f"{head}a: {'[' * 20_000}",
        f"{head}a: *unknown",
        f"{head}? [1, 2]\n: x\n? {{a: b}}\n: y",
        f"{head}a: [",
    ):
        with pytest.raises(FormatError):
            read_text(text)
    assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1" * 5_000, "[" * 100_000])
def test_json_that_is_not_json_is_refused(literal):
    with pytest.raises(FormatError):
        read_text(f'{{"id": "p", "subject": {{}}, "x": {literal}}}')


def test_yaml_keeps_what_yaml_1_1_would_turn_into_something_else():
    (patient,) = read_text(
        "id: 0123\nsubject: {id: no, sex: MALE}\nphenotypicFeatures: [{type: {id: HP:0001250, label: on}}]"
    )
    assert patient.id == "0123"
    assert patient.features[0].code.label == "on"


def test_a_list_of_documents_and_documents_one_a_line():
    two = [packet(id="a"), packet(id="b")]
    for text in (json.dumps(two), "\n".join(map(json.dumps, two)), "id: a\nsubject: {}\n---\nid: b\nsubject: {}\n"):
        assert [patient.id for patient in read_text(text)] == ["a", "b"]
    assert set(problems([packet(), {"no": 1}])) == {"[1]"}
    assert read_text('["HP:0001250", "!HP:0001251"]')[0].excluded


@pytest.mark.parametrize(
    "text", ["\n" * 10**6, "sex:" + " " * 10**6 + "x", " " * 10**6 + "#", "- " * 10**6, "[" + "," * 10**6]
)
def test_no_text_takes_long(text):
    started = time.process_time()
    with pytest.raises(FormatError):
        read_text(text)
    assert time.process_time() - started < 5  # quadratic behaviour would take hours


def test_a_missing_file_says_so():
    with pytest.raises(NotFoundError, match="nowhere"):
        read("/nowhere/at/all.json")
