"""Reads the Human Phenotype Ontology from an OBO 1.4 file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suwen.errors import FormatError
from suwen.knowledge.source import readable

__all__ = ["Obo", "OboTerm", "read_obo"]

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(slots=True)
class OboTerm:
    """One stanza: identifier, label, parents (`is_a`), other names, cross-references, and what replaced it."""

    id: str
    name: str = ""
    parents: list[str] = field(default_factory=list)
    alternative_ids: list[str] = field(default_factory=list)
    synonyms: list[str] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    obsolete: bool = False
    replaced_by: list[str] = field(default_factory=list)
    consider: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Obo:
    """An ontology as written: its release and its terms in file order."""

    release: str
    terms: tuple[OboTerm, ...]


def read_obo(path: Path) -> Obo:
    """Parse `path` (hp.obo). Raises FormatError when it holds no terms or a parent that is not a term."""
    release, terms = "", []
    with readable(path), path.open(encoding="utf-8") as lines:
        for header, tags in _stanzas(lines):
            if header == "":
                release = dict(tags).get("data-version", "")
            elif header == "[Term]":
                terms.append(_term(tags))
    known = {term.id for term in terms}
    if "HP:0000118" not in known or any(term.id == "HP:0000118" and term.obsolete for term in terms):
        raise FormatError(
            f"{path.name} lacks HP:0000118 Phenotypic abnormality; fetch a complete hp.obo",
            zh=f"{path.name} 缺少 HP:0000118（表型异常）；请获取完整的 hp.obo",
        )
    orphans = [parent for term in terms for parent in term.parents if parent not in known]
    if not terms or orphans:
        found = f"unknown parents {', '.join(orphans[:3])}" if orphans else "no [Term] stanza"
        raise FormatError(
            f"{path.name} is not a usable ontology: {found}; fetch a complete hp.obo",
            zh=f"{path.name} 不是可用的本体：{found}；请获取完整的 hp.obo",
        )
    return Obo(release.rpartition("/")[2], tuple(terms))


def _stanzas(lines: Iterator[str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    header, tags = "", list[tuple[str, str]]()
    for raw in lines:
        line = raw.rstrip("\n")
        if line.startswith("["):
            yield header, tags
            header, tags = line, []
        elif ": " in line:
            tag, _, value = line.partition(": ")
            tags.append((tag, value))
    yield header, tags


def _term(tags: list[tuple[str, str]]) -> OboTerm:
    term = OboTerm(id="")
    for tag, value in tags:
        match tag:
            case "id":
                term.id = value
            case "name":
                term.name = value
            case "is_obsolete":
                term.obsolete = value == "true"
            case "is_a":
                term.parents.append(value.split(" ")[0])
            case "synonym":
                quoted = _QUOTED.match(value)
                if quoted:
                    term.synonyms.append(quoted.group(1).replace('\\"', '"'))
            case "alt_id" | "xref" | "replaced_by" | "consider":
                _listed(term, tag).append(value.split(" ")[0])
    return term


def _listed(term: OboTerm, tag: str) -> list[str]:
    return {
        "alt_id": term.alternative_ids,
        "xref": term.xrefs,
        "replaced_by": term.replaced_by,
        "consider": term.consider,
    }[tag]
