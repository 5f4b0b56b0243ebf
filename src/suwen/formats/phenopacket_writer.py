"""Writes a patient, and the differential made for them, as a GA4GH phenopacket v2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from suwen.errors import InputError, Problem
from suwen.finding import Chance, Evidence, Finding
from suwen.formats.ages import duration_text
from suwen.formats.codes import curie
from suwen.subject import Code, Diagnosis, Feature, Kind, Patient, Sex

__all__ = ["write_phenopacket"]

_SEXES = MappingProxyType({Sex.FEMALE: "FEMALE", Sex.MALE: "MALE", Sex.OTHER: "OTHER_SEX", Sex.UNKNOWN: "UNKNOWN_SEX"})


@dataclass(frozen=True, slots=True)
class _Resource:
    """Where a terminology lives, as the schema's Resource asks for it."""

    id: str
    name: str
    url: str
    iri: str


_RESOURCES = MappingProxyType(
    {
        "HP": _Resource(
            "hp",
            "Human Phenotype Ontology",
            "http://purl.obolibrary.org/obo/hp.owl",
            "http://purl.obolibrary.org/obo/HP_",
        ),
        "MONDO": _Resource(
            "mondo",
            "Mondo Disease Ontology",
            "http://purl.obolibrary.org/obo/mondo.owl",
            "http://purl.obolibrary.org/obo/MONDO_",
        ),
        "OMIM": _Resource(
            "omim", "Online Mendelian Inheritance in Man", "https://www.omim.org", "https://www.omim.org/entry/"
        ),
        "ORPHA": _Resource(
            "orpha",
            "Orphanet Rare Disease Nomenclature",
            "https://www.orpha.net",
            "http://www.orpha.net/ORDO/Orphanet_",
        ),
        "SNOMEDCT": _Resource("snomedct", "SNOMED CT", "http://snomed.info/sct", "http://snomed.info/id/"),
    }
)


def write_phenopacket(
    patient: Patient,
    *,
    clock: Callable[[], datetime],
    created_by: str,
    versions: Mapping[str, str],
    findings: Sequence[Finding] = (),
) -> dict[str, object]:
    """Write a phenopacket v2 that `read_phenopackets` reads back as the same patient, ready for JSON.

    Each finding becomes one Interpretation that is IN_PROGRESS: the schema has no field for a probability, so it stands
    with the evidence in `summary`. Ages are ISO 8601 durations. `clock` gives an aware time; `versions` maps prefixes
    (`HP`, `OMIM`, `ORPHA`) to the release used.

    Raises:
        InputError: a finding is about somebody else, a code is no identifier (a name of a term list that has not been
            resolved yet), or the clock has no time zone.

    """
    for finding in findings:
        if finding.subject.kind is not Kind.PATIENT or finding.subject.id != patient.id:
            raise InputError(
                "a finding is about another subject than the patient it is written with",
                zh="某项所见所属的患者与同写的患者不同",
            )
    _check_codes(patient, findings)
    packet: dict[str, object] = {
        "id": patient.id,
        "subject": _subject(patient),
        "phenotypicFeatures": [_feature(feature) for feature in patient.features],
        "diseases": [_disease(diagnosis) for diagnosis in patient.diagnoses],
        "interpretations": [
            _interpretation(patient.id, rank, finding) for rank, finding in enumerate(findings, start=1)
        ],
        "metaData": _metadata(patient, findings, clock(), created_by, versions),
    }
    return {name: value for name, value in packet.items() if value != []}


def _check_codes(patient: Patient, findings: Sequence[Finding]) -> None:
    """Refuse what the schema's OntologyClass cannot hold; `curie` is also what the reader will ask of it."""
    codes = [
        *((f"features[{index}]", feature.code) for index, feature in enumerate(patient.features)),
        *((f"diagnoses[{index}]", diagnosis.code) for index, diagnosis in enumerate(patient.diagnoses)),
        *((f"findings[{index}]", finding.code) for index, finding in enumerate(findings)),
    ]
    problems = [
        Problem(where, "the code is not an identifier", zh_what="该编码不是标识符")
        for where, code in codes
        if curie(code.value) != code.value
    ]
    if problems:
        raise InputError(
            "a phenopacket holds only coded terms; resolve the names first",
            problems,
            zh="phenopacket 只含编码术语；请先将名称对应到编码",
        )


def _subject(patient: Patient) -> dict[str, object]:
    subject: dict[str, object] = {"id": patient.id, "sex": _SEXES[patient.sex]}
    if patient.age_years is not None:
        subject["timeAtLastEncounter"] = _age(patient.age_years)
    return subject


def _age(years: float) -> dict[str, object]:
    return {"age": {"iso8601duration": duration_text(years)}}


def _term(code: Code) -> dict[str, str]:
    """Write an OntologyClass, whose label the schema demands; a code without one shows its value."""
    return {"id": code.value, "label": code.label or code.value}


def _feature(feature: Feature) -> dict[str, object]:
    entry: dict[str, object] = {"type": _term(feature.code)}
    if feature.excluded:
        entry["excluded"] = True
    if feature.onset_years is not None:
        entry["onset"] = _age(feature.onset_years)
    return entry


def _disease(diagnosis: Diagnosis) -> dict[str, object]:
    entry: dict[str, object] = {"term": _term(diagnosis.code)}
    if diagnosis.onset_years is not None:
        entry["onset"] = _age(diagnosis.onset_years)
    return entry


def _interpretation(patient_id: str, rank: int, finding: Finding) -> dict[str, object]:
    return {
        "id": f"{patient_id}-{rank}",
        "progressStatus": "IN_PROGRESS",
        "diagnosis": {"disease": _term(finding.code)},
        "summary": _summary(finding),
    }


def _summary(finding: Finding) -> str:
    maker = " ".join(part for part in (finding.maker.name, finding.maker.version) if part)
    digest = f", data {finding.maker.data_digest}" if finding.maker.data_digest else ""
    lines = [f"{_chance(finding.chance)}. By {maker}{digest}."]
    return "\n".join([*lines, *(_reason(evidence) for evidence in finding.evidence)])


def _chance(chance: Chance) -> str:
    if chance.value is None:
        return "Probability unknown"
    interval = f" ({chance.low:.2g} to {chance.high:.2g})" if chance.low is not None and chance.high is not None else ""
    calibration = f", calibrated on {chance.calibration}" if chance.calibration else ""
    return f"Probability {chance.value:.2g}{interval}{calibration}"


def _reason(evidence: Evidence) -> str:
    weight = f"log10 likelihood ratio {evidence.weight:+.2f}"
    return f"{evidence.bearing.value}, {weight}: {evidence.sentence} [{evidence.source}]"


def _metadata(
    patient: Patient, findings: Sequence[Finding], created: datetime, created_by: str, versions: Mapping[str, str]
) -> dict[str, object]:
    if created.tzinfo is None:
        raise InputError(
            "the clock gives a time without a time zone; pass one that does",
            zh="时钟给出的时间没有时区；请给出带时区的时间",
        )
    stamp = created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    metadata: dict[str, object] = {
        "created": stamp,
        "createdBy": created_by,
        "resources": _resources(_prefixes(patient, findings), versions),
        "phenopacketSchemaVersion": "2.0",
    }
    if patient.publication:
        metadata["externalReferences"] = [{"id": patient.publication}]
    return metadata


def _prefixes(patient: Patient, findings: Iterable[Finding]) -> set[str]:
    codes = [
        *(feature.code for feature in patient.features),
        *(diagnosis.code for diagnosis in patient.diagnoses),
        *(finding.code for finding in findings),
    ]
    return {code.system for code in codes}


def _resources(used: set[str], versions: Mapping[str, str]) -> list[dict[str, str]]:
    """List the terminologies used or named in `versions`, by prefix; one without a version says so."""
    return [
        {
            "id": resource.id,
            "name": resource.name,
            "url": resource.url,
            "version": versions.get(prefix, "unknown"),
            "namespacePrefix": prefix,
            "iriPrefix": resource.iri,
        }
        for prefix, resource in _RESOURCES.items()
        if prefix in used or prefix in versions
    ]
