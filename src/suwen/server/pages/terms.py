"""Concepts for what somebody types: features of the ontology and diseases, by their names in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from suwen.errors import InputError
from suwen.knowledge import Diseases, Ontology
from suwen.server.guard.parts import FormRoute
from suwen.server.house import House, house_of
from suwen.server.pages.differential_words import DIFFERENTIAL
from suwen.server.showing import show
from suwen.server.visitors import Signed
from suwen.subject import Code

__all__ = ["Lexicon", "diseases_of", "features_of", "router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_MOST = 8
_SHORTEST = 2  # letters; one Chinese character is enough
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Names as people type them, folded, each with the number of its concept; `known` has numbers by identifier."""

    names: Sequence[tuple[str, int]] = field(repr=False)
    known: Callable[[str], int | None] = field(repr=False)
    coded: Callable[[int, str], Code] = field(repr=False)

    def suggest(self, typed: str, lang: str) -> list[Code]:
        """The concepts whose name is what was typed, or begins with it, or holds it; each once."""
        wanted = " ".join(typed.lower().split())
        if len(wanted) < _SHORTEST and wanted.isascii():
            return []
        hits = ((_nearness(name, wanted), name, number) for name, number in self.names if wanted in name)
        found = dict.fromkeys(number for _, _, number in nsmallest(_MOST * 4, hits))
        return [self.coded(number, lang) for number in list(found)[:_MOST]]

    def code(self, value: str, lang: str) -> Code | None:
        """The concept with this identifier in a language; None where there is none."""
        number = self.known(value)
        return None if number is None else self.coded(number, lang)


def features_of(house: House) -> Lexicon:
    """Features that a patient can have. Raises DataError where there is no knowledge."""
    ontology = house.science.reader().ontology
    found: Lexicon = house.room("features by name", lambda: _features(ontology))
    return found


def diseases_of(house: House) -> Lexicon:
    """Diseases. Raises DataError where there is no knowledge."""
    diseases = house.science.engine().knowledge.diseases
    found: Lexicon = house.room("diseases by name", lambda: _diseases(diseases))
    return found


@router.post("/terms")
def terms(request: Request, visitor: Signed, q: Text = "", of: Text = "feature") -> Response:
    """Suggestions as choices of a form: posted, since what is typed may be of a patient."""
    if of not in {"feature", "disease"}:
        raise InputError("there are suggestions of a feature and of a disease", zh="仅提供特征和疾病的检索建议")
    house = house_of(request)
    asked = bool(q.strip())
    lexicon = (features_of(house) if of == "feature" else diseases_of(house)) if asked else None
    found = lexicon.suggest(q, visitor.lang) if lexicon else []
    return show(request, "terms.html", DIFFERENTIAL, visitor=visitor, found=found, asked=asked, of=of)


def _features(ontology: Ontology) -> Lexicon:
    branch = [number for number in range(len(ontology)) if ontology.in_branch(number)]
    names = set(_named(branch, ontology.labels, ontology.labels_zh))
    known = ontology.number
    more = ((name, known[id_]) for name, id_ in ontology.by_name.items() if id_ in known)
    names |= {(name, number) for name, number in more if ontology.in_branch(number)}

    def numbered(value: str) -> int | None:
        number = known.get(value)
        return number if number is not None and ontology.in_branch(number) else None

    return Lexicon(sorted(names), numbered, ontology.code)


def _diseases(diseases: Diseases) -> Lexicon:
    leading = [number for number in range(len(diseases)) if int(diseases.equivalent[number]) == number]
    return Lexicon(sorted(set(_named(leading, diseases.names, diseases.names_zh))), diseases.number.get, diseases.code)


def _named(numbers: Iterable[int], *names: Sequence[str]) -> Iterable[tuple[str, int]]:
    return ((text[number].lower(), number) for number in numbers for text in names if text[number])


def _nearness(name: str, wanted: str) -> tuple[int, int]:
    if name == wanted:
        return (0, 0)
    return (1 if name.startswith(wanted) else 2 if f" {wanted}" in name else 3, len(name))
