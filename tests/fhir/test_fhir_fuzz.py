"""Whatever is made of a FHIR document, it is read whole or refused with one of our errors, and what is read survives.

SUWEN_FUZZ sets how many documents are tried: 600 by default, 10,000 for a full run.
"""

from __future__ import annotations

import io
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fhir_samples import bundle, samples

from mutations import mutations
from suwen.consult import default_areas
from suwen.diagnosis import Engine
from suwen.errors import SuwenError
from suwen.formats.fhir.compartment import sort_by_patient
from suwen.formats.fhir.documents import Document, read_document, write_bundle
from suwen.formats.fhir.ndjson import read_lines
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.patients import read_fhir
from suwen.formats.fhir.stored import Stored
from suwen.formats.fhir.tree import canonical, parse_tree, render

N = int(os.environ.get("SUWEN_FUZZ", "600"))
PARTS = 4  # so that workers share the load
BASE = "http://example.org/fhir"


def _circle(document: Json, _: random.Random) -> None:
    """Every resource refers to the next one, and to itself."""
    resources = [entry["resource"] for entry in document["entry"]]
    names = [f"{one['resourceType']}/{one['id']}" for one in resources]
    for number, one in enumerate(resources):
        targets = [names[(number + 1) % len(names)], names[number]]
        one["extension"] = [{"url": "http://x", "valueReference": {"reference": target}} for target in targets]


def _same_id(document: Json, rng: random.Random) -> None:
    entry = rng.choice(document["entry"])
    document["entry"].append({**entry, "resource": entry["resource"] | {"language": "zh"}})


def _same(document: Json, rng: random.Random) -> None:
    document["entry"].append(rng.choice(document["entry"]))


def _number(document: Json, rng: random.Random) -> None:
    value = rng.choice([10**400, 1e308, -0.0, 5e-324, 10**30, 2**31, 0.1 + 0.2])
    resource = rng.choice(document["entry"])["resource"]
    resource["extension"] = [{"url": "http://x", "valueDecimal": value}]


def _unknown(document: Json, rng: random.Random) -> None:
    resource = rng.choice(document["entry"])["resource"]
    resource[rng.choice(["mood", "valueMood", "_mood", "素问", "", "__class__", "a.b[0]"])] = {"a": [1.50, None, {}]}


def _beside(document: Json, rng: random.Random) -> None:
    resource = rng.choice(document["entry"])["resource"]
    beside = rng.choice([{}, [], [None], {"id": "x"}, 3, {"extension": [{"url": "http://x", "valueCode": "unknown"}]}])
    resource[rng.choice(["_status", "_id", "_gender", "_subject", "_"])] = beside


def _inner_bundle(document: Json, rng: random.Random) -> None:
    rng.choice(document["entry"])["resource"] = bundle(samples()[0])


def _kind(document: Json, rng: random.Random) -> None:
    kinds = ["Bundle", "Parameters", "Citation", "MedicinalProduct", "Quantity", "object", "../x", "Résumé"]
    rng.choice(document["entry"])["resource"]["resourceType"] = rng.choice(kinds)


def _contained(document: Json, rng: random.Random) -> None:
    resource = rng.choice(document["entry"])["resource"]
    inner = {"resourceType": "Observation", "id": "in", "status": "final", "code": {"text": "x"}}
    resource["contained"] = [inner | {"subject": {"reference": rng.choice(["#", "#in", "#no"])}}] * rng.randint(1, 2)


def _narrative(document: Json, rng: random.Random) -> None:
    div = rng.choice(["<div>", "<div>&a;</div>", "<div>" * 2_000, "<div xmlns='x'>y</div>", "<div>\x00</div>", "<!"])
    rng.choice(document["entry"])["resource"]["text"] = {"status": "generated", "div": div}


def _whole(_document: Json, _rng: random.Random) -> None:
    """Leave it as it is."""


WOUNDS: tuple[Callable[[Json, random.Random], None], ...] = (
    _circle,
    _same_id,
    _same,
    _number,
    _unknown,
    _beside,
    _inner_bundle,
    _kind,
    _contained,
    _narrative,
    _whole,
)


def seeds(seed: int) -> list[Json]:
    """Small documents, each with a wound that only FHIR knows, and single resources."""
    rng = random.Random(seed)  # noqa: S311 (test data, not secrets)
    found = []
    for wound in WOUNDS * 4:
        document = bundle(*rng.sample(samples(), 3))
        wound(document, rng)
        found.append(document)
    return [*found, *samples()]


def documents(n: int, seed: int) -> Iterator[bytes]:
    """Documents with a wound of FHIR, a third of them with wounds of any JSON on top."""
    rng = random.Random(seed)  # noqa: S311 (test data, not secrets)
    for _ in range(2 * n // 3):
        document = bundle(*rng.sample(samples(), 3), kind=rng.choice(["collection", "collection", "batch"]))
        rng.choice(WOUNDS)(document, rng)
        yield render(document)
    yield from mutations(seeds(seed), n - 2 * n // 3, seed)


def contents(document: Document) -> list[bytes]:
    return sorted(canonical(one.resource) for one in document.entries)


def outcome(data: bytes, ends: Counter[str]) -> None:
    """Take a document through everything; anything but a result and a SuwenError escapes and fails the test."""
    try:
        document = read_document(data)
    except SuwenError as error:
        problems = getattr(error, "problems", ())
        assert len(problems) <= 1_000
        ends["refused"] += 1
        return
    ends["read"] += 1
    ends["with remarks"] += bool(document.remarks)
    found = sort_by_patient(document.entries, source=BASE)
    placed = [one for patient in found.patients for one in patient.entries]
    assert sorted(map(id, [*placed, *found.unplaced])) == sorted(map(id, document.entries))
    stored = [Stored.from_bytes(Stored(one.resource, one.full_url, BASE).to_bytes()) for one in document.entries]
    for kind in ("collection", "transaction", "searchset"):
        written = render(write_bundle(stored, kind=kind, total=len(stored)))
        assert contents(read_document(written)) == contents(document)
    try:
        read_fhir(parse_tree(written.decode()))
        ends["patients"] += 1
    except SuwenError:
        ends["no patients"] += 1
    lines = list(read_lines(io.BytesIO(b"\n".join(render(one.resource) for one in document.entries))))
    assert [canonical(line.entry.resource) for line in lines if line.entry] == [
        canonical(one.resource) for one in document.entries
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_document_ends_in_a_result_or_an_error_of_ours(part: int) -> None:
    ends: Counter[str] = Counter()
    for data in documents(N // PARTS, seed=20_26 + part):
        try:
            outcome(data, ends)
        except Exception as error:
            error.add_note(f"document: {data[:3_000]!r}")
            raise
    for end in ("refused", "read", "with remarks", "patients"):
        assert ends[end] > 0, ends


@pytest.mark.parametrize("part", range(PARTS))
def test_every_bulk_file_ends_in_lines(part: int) -> None:
    rng = random.Random(part)  # noqa: S311 (test data, not secrets)
    pieces: list[bytes] = [piece.replace(b"\n", b" ") for piece in mutations(samples(), N // PARTS, seed=part)]
    rng.shuffle(pieces)
    file: Any = io.BytesIO(b"\n".join(pieces))
    found = list(read_lines(file))
    assert all((line.entry is None) == bool(line.problems) for line in found)
    assert found[-1].end_offset == len(file.getvalue())
    assert {line.entry is None for line in found} == {True, False}


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_read_ends_in_findings_or_an_error_of_ours(part: int, engine: Engine) -> None:
    """Takes what was read through every area of a consult, as a record that holds it would."""
    areas, ends = default_areas(engine, setting="rare", top=3), Counter[str]()
    for data in documents(N // PARTS, seed=77 + part):
        try:
            resources = [one.resource for one in read_document(data).entries]
        except SuwenError:
            ends["refused"] += 1
            continue
        for area in areas:
            try:
                given = area.prepare([one for one in resources if one["resourceType"] in area.kinds], "ab" * 16)
                ends["findings"] += len(area.weigh(given.noun).findings)
            except SuwenError:
                ends["an error of ours"] += 1
            except Exception as error:
                error.add_note(f"{area.name}: {data[:3_000]!r}")
                raise
    assert ends["refused"] > 0
    assert ends["findings"] > 0
