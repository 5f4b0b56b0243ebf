"""Chinese clinical expressions and the phenotype each names: the project's own lexicon, and official labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from suwen.errors import FormatError
from suwen.knowledge.ontology import Ontology
from suwen.language.chinese_words import words
from suwen.language.normal import normalise

__all__ = ["Entry", "expressions_of", "official_labels", "parse_lexicon", "read_lexicon"]

_CODE = re.compile(r"HP:\d{7}")
_FOLDER = "lexicon_zh"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the lexicon: a code, the expressions that name it, and where the line stands."""

    code: str
    expressions: tuple[str, ...]
    place: str


def parse_lexicon(text: str, name: str) -> Iterator[Entry]:
    """Entries of lines `HP:nnnnnnn<TAB>expression|expression<TAB>#comment`; empty lines and `#` lines are skipped.

    Raises:
        FormatError: a line that is not of this shape; the message names file and line.

    """
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        code, _, rest = line.partition("\t")
        listed, _, comment = rest.partition("\t")
        expressions = tuple(one.strip() for one in listed.split("|"))
        if not _CODE.fullmatch(code) or not all(expressions) or (comment and not comment.startswith("#")):
            raise FormatError(
                f"{name}, line {number}: not a lexicon line; write HP:nnnnnnn, a tab, and expressions separated by |",
                zh=f"{name} 第 {number} 行不是词典行；请写 HP:nnnnnnn、制表符及以 | 分隔的表述",
            )
        yield Entry(code, expressions, f"{name}, line {number}")


@cache
def read_lexicon() -> tuple[Entry, ...]:
    """All entries of the lexicon in the package, file by file in order of name.

    Raises:
        FormatError: a line of it is damaged.

    """
    folder = files("suwen.language").joinpath(_FOLDER)
    tables = sorted((file for file in folder.iterdir() if file.name.endswith(".tsv")), key=lambda file: file.name)
    return tuple(entry for file in tables for entry in parse_lexicon(file.read_text("utf-8"), file.name))


def official_labels(ontology: Ontology) -> dict[str, str]:
    """Official Chinese labels of phenotypic abnormalities, each with its code; {} where the data set is absent.

    A label of several terms goes to the one that is an ancestor of the others; where none is, it is left out.
    """
    terms: dict[str, list[int]] = {}
    for term, label in enumerate(ontology.labels_zh):
        text = normalise(label).text.strip()
        if len(text) > 1 and ontology.in_branch(term):
            terms.setdefault(text, []).append(term)
    chosen = {label: _broadest(found, ontology) for label, found in terms.items()}
    return {label: ontology.ids[term] for label, term in chosen.items() if term is not None}


def _broadest(terms: list[int], ontology: Ontology) -> int | None:
    shared = set(terms).intersection(*(ontology.ancestors(term).tolist() for term in terms))
    return next(iter(shared), None)


def expressions_of(ontology: Ontology, entries: Iterable[Entry] | None = None) -> Mapping[str, str]:
    """Every expression with its code: official labels but ordinary words, then the lexicon
    (or `entries`), which wins.

    Codes the ontology has retired are followed to their replacement; those it does not know are left out.
    """
    ordinary = words("ordinary")
    table = {label: code for label, code in official_labels(ontology).items() if label not in ordinary}
    for entry in read_lexicon() if entries is None else entries:
        code = ontology.retired.get(entry.code, entry.code)
        if code in ontology.number:
            table |= {normalise(expression).text: code for expression in entry.expressions}
    return table
