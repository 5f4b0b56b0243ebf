"""The same concept in another terminology, where a published map that may be used here says so; never by name.

Maps at hand: cross-references of the HPO file (SNOMED CT, UMLS, NCI Thesaurus; HPO licence) and, where that data set
is there, MONDO's exact matches (SSSOM; OMIM, Orphanet, ICD-10-CM). HPO states no predicate for its cross-references,
so they count as related; MONDO states skos:exactMatch, which counts as equivalent, also over two steps.
Equivalences are those of ConceptMap (https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suwen import datasets
from suwen.formats.fhir.terms.terminology import terminology
from suwen.knowledge import Knowledge
from suwen.knowledge.names import read_sssom
from suwen.knowledge.obo import Obo, read_obo
from suwen.subject import Code

__all__ = ["Map", "Maps", "Translation", "find_maps", "make_maps", "translate", "translate_all", "unmapped"]

# Not taken from the HPO file: MedDRA (needs a licence of its own), and systems with a handful of references.
_XREFS = (
    ("SNOMEDCT", re.compile(r"SNOMEDCT_US:([0-9]{6,18})")),
    ("UMLS", re.compile(r"UMLS:(C[0-9]{7})")),
    ("NCIT", re.compile(r"NCIT:(C[0-9]{1,7})")),
)
_MONDO = (
    ("OMIM", "omim", re.compile(r"OMIM:((?:PS)?[0-9]{6})")),
    ("ORPHA", "orphanet", re.compile(r"ORPHA:([0-9]{1,7})")),
    ("ICD10CM", "icd10cm", re.compile(r"ICD10CM:([0-9A-Z.]{3,8})")),
)

# Maps that exist and are not here, by what they would join: a reader who needs one learns what to ask for.
_ELSEWHERE = {
    ("SNOMEDCT", "ICD10"): (
        "it would take SNOMED International's SNOMED CT to ICD-10 map, under the SNOMED CT licence",
        "需要 SNOMED International 的 SNOMED CT 至 ICD-10 映射（SNOMED CT 许可）",
    ),
    ("SNOMEDCT", "ICD10CM"): (
        "it would take the National Library of Medicine's SNOMED CT to ICD-10-CM map, under the UMLS licence",
        "需要美国国立医学图书馆的 SNOMED CT 至 ICD-10-CM 映射（UMLS 许可）",
    ),
    ("SNOMEDCT", "ORPHA"): (
        "it would take the SNOMED CT to Orphanet map package, under the SNOMED CT licence",
        "需要 SNOMED CT 至 Orphanet 映射包（SNOMED CT 许可）",
    ),
    ("SNOMEDCT", "MONDO"): (
        "it would take MONDO's matches to SNOMED CT, under the SNOMED CT licence",
        "需要 MONDO 与 SNOMED CT 的匹配表（SNOMED CT 许可）",
    ),
    ("SNOMEDCT", "OMIM"): (
        "it would take the UMLS Metathesaurus, under the UMLS licence",
        "需要 UMLS 超级叙词表（UMLS 许可）",
    ),
    ("LOINC", "HP"): (
        "it would take loinc2hpo, which also needs the result: a test alone is no phenotype",
        "需要 loinc2hpo，并且还需要检验结果：仅有检验项目不是表型",
    ),
    ("LOINC", "SNOMEDCT"): (
        "it would take the release of the LOINC and SNOMED CT cooperation, under both licences",
        "需要 LOINC 与 SNOMED CT 合作发布的映射（两者的许可）",
    ),
    ("RXNORM", "ATC"): (
        "it would take RxNorm's ATC relations, under the licence of the WHO Collaborating Centre",
        "需要 RxNorm 的 ATC 关系（世界卫生组织合作中心许可）",
    ),
    ("RXNORM", "SNOMEDCT"): (
        "it would take RxNorm's SNOMED CT atoms, under the UMLS licence",
        "需要 RxNorm 的 SNOMED CT 对应（UMLS 许可）",
    ),
    ("MONDO", "ICD11"): (
        "it would take WHO's linearisation: MONDO matches the ICD-11 foundation, whose entities are no codes of MMS",
        "需要世界卫生组织的线性化表：MONDO 匹配的是 ICD-11 基础组件，其实体不是 MMS 编码",
    ),
    ("ICD10", "ICD11"): (
        "it would take WHO's ICD-10 to ICD-11 mapping tables",
        "需要世界卫生组织的 ICD-10 至 ICD-11 映射表",
    ),
    ("ICD10", "ICD10CM"): (
        "ICD-10-CM is a modification, in which an equal code may mean something else",
        "ICD-10-CM 是修改本，相同的编码可能有不同的含义",
    ),
    ("HP", "OMIM"): (
        "annotations say which diseases show a feature, not that the two are one",
        "注释只说明哪些疾病有某一表型，并不表示二者相同",
    ),
}


@dataclass(frozen=True, slots=True)
class Map:
    """One direction of a published map: bare or prefixed code values to those they match, and where it comes from."""

    source: str
    equivalence: str
    targets: Mapping[str, tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Maps:
    """The maps at hand by the pair of prefixes they join, the labels that are known, and what could be fetched."""

    tables: Mapping[tuple[str, str], Map]
    labels: Mapping[str, str] = field(repr=False)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """`targets` of a code in another terminology; none where nothing maps it, and then `reason` says why.

    `equivalence` is of ConceptMap (`equal`, `equivalent`, `relatedto`, `unmatched`); `map_source` names map and
    release. More than one target means that the map does not choose, and `reason` says so: nor may the reader by rank.
    `reason_zh` says in Chinese what `reason` says.
    """

    source: Code
    targets: tuple[Code, ...]
    equivalence: str
    map_source: str
    reason: str
    reason_zh: str


def find_maps(knowledge: Knowledge, hpo: Path | None = None) -> Maps:
    """Read the maps: cross-references of the HPO file (folder `hpo`, or the installed one), and MONDO if it is there.

    Takes about a second. Raises DataError when the HPO file is missing, FormatError when a file is damaged.
    """
    home = hpo or datasets.path("hpo")
    mondo = datasets.path("mondo") if datasets.present("mondo") else None
    release = datasets.named("mondo").version
    pairs = {
        prefix: [pair for file in sorted(mondo.glob(f"{name}.sssom.tsv*")) for pair in read_sssom(file)]
        for prefix, name, _ in _MONDO
        if mondo is not None
    }
    return make_maps(knowledge, read_obo(home / "hp.obo"), pairs, release if mondo else "")


def make_maps(
    knowledge: Knowledge, obo: Obo, mondo: Mapping[str, Sequence[tuple[str, str]]], mondo_release: str
) -> Maps:
    """Maps from an ontology and pairs (MONDO id, CURIE of the other) by the other's prefix."""
    tables = _xref_tables(obo) | _mondo_tables(mondo, mondo_release)
    ontology, diseases = knowledge.ontology, knowledge.diseases
    labels = dict(zip(ontology.ids, ontology.labels, strict=True)) | dict(
        zip(diseases.ids, diseases.names, strict=True)
    )
    return Maps(tables, labels, () if mondo else ("mondo",))


def _xref_tables(obo: Obo) -> dict[tuple[str, str], Map]:
    tables: dict[tuple[str, str], Map] = {}
    living = [term for term in obo.terms if not term.obsolete]
    for prefix, shape in _XREFS:
        matches = ((shape.fullmatch(xref), term.id) for term in living for xref in term.xrefs)
        pairs = [(id_, f"{prefix}:{match.group(1)}") for match, id_ in matches if match]
        source = f"cross-references of the Human Phenotype Ontology {obo.release}"
        tables |= _both_ways("HP", prefix, pairs, source, "relatedto")
    return tables


def _mondo_tables(mondo: Mapping[str, Sequence[tuple[str, str]]], release: str) -> dict[tuple[str, str], Map]:
    """MONDO to each and back, and between each two that match the same MONDO disease."""
    source = f"MONDO exact matches {release}".strip()
    shapes = {prefix: shape for prefix, _, shape in _MONDO}
    kept = {
        prefix: [(id_, other) for id_, other in pairs if shapes[prefix].fullmatch(other)]
        for prefix, pairs in mondo.items()
    }
    tables: dict[tuple[str, str], Map] = {}
    for prefix, pairs in kept.items():
        tables |= _both_ways("MONDO", prefix, pairs, source, "equivalent")
    for one in kept:
        for other in kept:
            if one != other:
                middle, end = tables[one, "MONDO"].targets, tables["MONDO", other].targets
                joined = {code: _sorted(t for via in vias for t in end.get(via, ())) for code, vias in middle.items()}
                tables[one, other] = Map(source, "equivalent", {code: ts for code, ts in joined.items() if ts})
    return tables


def _both_ways(
    one: str, other: str, pairs: Sequence[tuple[str, str]], source: str, equivalence: str
) -> dict[tuple[str, str], Map]:
    there: dict[str, set[str]] = {}
    back: dict[str, set[str]] = {}
    for left, right in pairs:
        there.setdefault(left, set()).add(right)
        back.setdefault(right, set()).add(left)
    return {
        (one, other): Map(source, equivalence, {code: _sorted(found) for code, found in there.items()}),
        (other, one): Map(source, equivalence, {code: _sorted(found) for code, found in back.items()}),
    }


def _sorted(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(codes)))


def translate(code: Code, to: str, maps: Maps) -> Translation:
    """A code in the terminology with the prefix `to`, such as `HP`; by published maps alone, never by name."""
    if code.system == to:
        return Translation(code, (code,), "equal", "", "", "")
    table = maps.tables.get((code.system, to))
    if table is None:
        return Translation(code, (), "unmatched", "", *_no_map(code.system, to, maps))
    found = table.targets.get(code.value, ())
    if not found:
        said = f"unmapped: {table.source} have no entry for this code", f"未映射：{table.source} 中没有此编码"
        return Translation(code, (), "unmatched", table.source, *said)
    targets = tuple(Code(value, maps.labels.get(value, "")) for value in found)
    several = ("", "")
    if len(targets) > 1:
        count = len(targets)
        several = f"ambiguous: {table.source} match {count} codes", f"不唯一：{table.source} 对应 {count} 个编码"
    return Translation(code, targets, table.equivalence, table.source, *several)


def _no_map(system: str, to: str, maps: Maps) -> tuple[str, str]:
    if "mondo" in maps.missing and {system, to} <= {"MONDO", *(prefix for prefix, _, _ in _MONDO)}:
        how = "suwen data fetch mondo"
        return f"unmapped: MONDO's exact matches are not there; run: {how}", f"未映射：缺少 MONDO 匹配表；请运行：{how}"
    needed = _ELSEWHERE.get((system, to)) or _ELSEWHERE.get((to, system))
    if needed is not None:
        return f"unmapped: {needed[0]}", f"未映射：{needed[1]}"
    here, there = terminology(system), terminology(to)
    names = (here.en if here else system or "no system"), (there.en if there else to)
    names_zh = (here.zh if here else system or "无系统"), (there.zh if there else to)
    return (
        f"unmapped: no map between {names[0]} and {names[1]} is at hand",
        f"未映射：没有{names_zh[0]}与{names_zh[1]}之间的映射",
    )


def translate_all(codes: Iterable[Code], to: str, maps: Maps) -> tuple[Translation, ...]:
    """Each code by itself, in the order given."""
    return tuple(translate(code, to, maps) for code in codes)


def unmapped(translations: Iterable[Translation]) -> Counter[str]:
    """How many translations found no target, by the prefix of what was to be translated."""
    return Counter(one.source.system for one in translations if not one.targets)
