"""Benchmark fhir: reading and checking FHIR, importing it into sealed records, consulting on a large record.

The documents are the synthetic Synthea bundles of the reference data. 10,000 resources are made of them by giving each
copy ids of its own; the record of 1,000 resources is the largest of them, filled up with copies of its observations and
with features in HPO terms. Everything happens in a ward of its own in a temporary folder, with encryption and audit on.
"""

from __future__ import annotations

import gzip
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest, open_engine
from suwen.consult import Area, consult, default_areas, export_fhir, import_fhir
from suwen.errors import DataError
from suwen.formats.fhir import Json, canonical, parse_tree, read_document, render
from suwen.govern.measure import MadeUpWard, made_up_ward

__all__ = ["run"]

TARGETS: dict[str, dict[str, Any]] = {
    "target": {
        "checked_per_s": 500,
        "import_s": 60,
        "consult_s": 1.5,
        "lost": 0,
        "source": "what the import and the consult were built to reach: 10,000 resources, a record of 1,000 resources",
    },
    "fhir.resources alone": {
        "source": "the same resources through the models of fhir.resources (R4B) only, in the same run",
    },
}
_FOLDER = "platform/synthea_r4"
_RESOURCES = 10_000
_RECORD = 1_000
_RUNS = 5
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_FEATURES = ("HP:0001083", "HP:0001166", "HP:0002616", "HP:0000545", "HP:0002650")
_MORE = ("HP:0001382", "HP:0001763", "HP:0000768", "HP:0000218", "HP:0001634")
_PUT = {"method": "POST", "url": "Observation"}


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Measure on 10,000 resources, or on `limit` of them."""
    begin = time.perf_counter()
    files = sorted((options.data / _FOLDER).glob("*.json.gz"))
    if not files:
        raise DataError(f"there are no bundles in {options.data / _FOLDER}; see: suwen data list")
    texts = list(_enough((gzip.decompress(file.read_bytes()) for file in files), options.limit))
    size = options.limit or _RESOURCES
    ours, peer = _measure_checks(texts, runs=1 if options.limit else _RUNS)
    notify(1, 4)
    with made_up_ward(patients=0) as ward:
        ours |= _measure_import(ward, texts, size)
        notify(2, 4)
    with made_up_ward(patients=0) as ward:
        ours |= _measure_losses(ward, texts)
        notify(3, 4)
        ours |= _measure_consult(ward, texts, default_areas(open_engine(options)))
    return Result(
        "fhir",
        digest(*files),
        size,
        ours,
        {"fhir.resources alone": peer},
        TARGETS,
        seconds=time.perf_counter() - begin,
    )


def _enough(texts: Iterable[bytes], limit: int | None) -> Iterator[bytes]:
    """The first of the bundles that hold `limit` resources, all of them without one."""
    held = 0
    for text in texts:
        yield text
        held += len(parse_tree(text.decode())["entry"]) if limit else 0
        if limit and held >= limit:
            return


def _measure_checks(texts: list[bytes], *, runs: int) -> tuple[dict[str, float], dict[str, float]]:
    """Resources read and checked in a second, and by the models of the library alone."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415

    documents = [read_document(text) for text in texts]  # the first time loads the models
    count = sum(len(one.entries) for one in documents)
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(_timed(lambda: [read_document(text) for text in texts]))
        theirs.append(
            _timed(lambda: [get_fhir_model_class("Bundle").model_validate(parse_tree(one.decode())) for one in texts])
        )
    mine, peer = count / statistics.median(ours), count / statistics.median(theirs)
    return {"resources": float(count), "checked_per_s": mine}, {"checked_per_s": peer}


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _copies(texts: list[bytes], size: int) -> Iterator[tuple[bytes, int]]:
    """Bundles of patients, with the ids of each round its own, until there are `size` resources; and how many each."""
    done, number = 0, 0
    while done < size:
        for text in texts:
            tree = parse_tree(_renamed(text, f"copy {number}").decode())
            if not any(one["resource"]["resourceType"] == "Patient" for one in tree["entry"]):
                continue
            for one in _of_type(tree, "Patient"):  # with the numbers of the first it would be the same patient
                one["identifier"] = [{**each, "value": f"{each['value']}-{number}"} for each in one["identifier"]]
            tree["entry"] = tree["entry"][: size - done]
            done += len(tree["entry"])
            yield render(tree), len(tree["entry"])
            if done >= size:
                return
        number += 1


def _renamed(text: bytes, space: str) -> bytes:
    """The same document with every UUID in it another one, the same for the same."""
    names = uuid.uuid5(uuid.NAMESPACE_OID, space)
    return _ID.sub(lambda found: str(uuid.uuid5(names, found[0].decode())).encode(), text)


def _of_type(tree: Json, kind: str) -> list[Json]:
    return [one["resource"] for one in tree["entry"] if one["resource"]["resourceType"] == kind]


def _measure_import(ward: MadeUpWard, texts: list[bytes], size: int) -> dict[str, float]:
    """From bytes to sealed records: read, checked, registered, sealed, audited."""
    made = list(_copies(texts, size))
    begin = time.perf_counter()
    for text, _ in made:
        import_fhir(ward.physician, ward.records, read_document(text))
    seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    for text, _ in made:
        import_fhir(ward.physician, ward.records, read_document(text))
    again = time.perf_counter() - begin
    return {"import_resources": float(sum(count for _, count in made)), "import_s": seconds, "import_again_s": again}


def _measure_losses(ward: MadeUpWard, texts: list[bytes]) -> dict[str, float]:
    """Resources of patients that come out of the store otherwise than they went in."""
    lost = total = 0
    for text in texts:
        document = read_document(text)
        if not any(one.kind == "Patient" for one in document.entries):
            continue
        (patient,) = import_fhir(ward.physician, ward.records, document).patients
        bundle = export_fhir(ward.physician, ward.records, patient)
        out = {(one.get("fullUrl", ""), canonical(one["resource"])) for one in bundle["entry"]}
        before = {(one.full_url, canonical(one.resource)) for one in document.entries}
        lost, total = lost + len(before ^ out), total + len(before)
    return {"round_trip_resources": float(total), "lost": float(lost)}


def _measure_consult(ward: MadeUpWard, texts: list[bytes], areas: tuple[Area, ...]) -> dict[str, float]:
    """A consult over 1,000 resources, the knowledge loaded: after one new feature, then with nothing new."""
    tree = _large(texts)
    count = len(tree["entry"])
    (patient,) = import_fhir(ward.physician, ward.records, read_document(render(tree))).patients
    consult(ward.physician, ward.records, patient, areas=areas)
    fresh, unchanged = [], []
    for code in _MORE:
        tree["entry"] = [tree["entry"][0], _feature(tree, code)]
        import_fhir(ward.physician, ward.records, read_document(render(tree)))
        fresh.append(_timed(lambda: consult(ward.physician, ward.records, patient, areas=areas)))
        unchanged.append(_timed(lambda: consult(ward.physician, ward.records, patient, areas=areas)))
    return {
        "consult_resources": float(count),
        "consult_s": statistics.median(fresh),
        "consult_unchanged_s": statistics.median(unchanged),
    }


def _large(texts: list[bytes]) -> Json:
    """The largest record, filled up to 1,000 resources with features and copies of its observations."""
    tree: Json = parse_tree(_renamed(max(texts, key=len), "large").decode())
    entries = tree["entry"]
    entries.sort(key=lambda one: one["resource"]["resourceType"] != "Patient")
    person = entries[0]["resource"]
    person["identifier"] = [{**each, "value": f"{each['value']}-large"} for each in person["identifier"]]
    entries += [_feature(tree, code) for code in _FEATURES]
    observations = _of_type(tree, "Observation")
    for number in range(_RECORD - len(entries)):
        id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, f"more {number}"))
        resource = {**observations[number % len(observations)], "id": id_}
        entries.append({"fullUrl": f"urn:uuid:{id_}", "resource": resource, "request": _PUT})
    return tree


def _feature(tree: Json, code: str) -> Json:
    """An entry that says the patient of the document has a feature."""
    id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, f"feature {code}"))
    resource = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://human-phenotype-ontology.org", "code": code}]},
        "subject": {"reference": tree["entry"][0]["fullUrl"]},
        "effectiveDateTime": "2020-01-01",
        "valueBoolean": True,
    }
    return {"fullUrl": f"urn:uuid:{id_}", "resource": resource, "request": _PUT}
