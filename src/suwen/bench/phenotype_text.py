"""Benchmark phenotype-text: are the phenotypes that people marked in English abstracts found, and at the same place?

GSC+ (Lobo et al. 2017): 228 abstracts with marked HPO concepts. It is evaluated only; no sentence of it is copied and
no weight comes from it. So that mistakes may be looked at, a fixed rule divides the abstracts in two: those whose file
name has a SHA-256 digest with an even first byte are the development half, whose mistakes were looked at when rules
were written; the rest are the sealed half, of which only figures were ever taken since the division (November 2026).
`development.*` are therefore flattered, the figures of all abstracts in part, and `sealed.*` are the honest ones; rules
older than the division were not bound by it.
Retired identifiers are replaced as the ontology says. Judged are concepts of the phenotype branch; inheritance, onset
and course are marked there too and are only counted. The annotators left abbreviations unmarked; `written_out` figures
judge without those of ours.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError
from suwen.knowledge import load_knowledge
from suwen.knowledge.ontology import Ontology
from suwen.language.english import EnglishMatcher
from suwen.language.english_words import lowered

__all__ = ["run"]

ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "FastHPOCR (published)": {"document_f1": 0.76, "source": "Groza et al. 2024, GSC+"},
    "FastHPOCR 0.1.4 (run)": {
        "document_f1": 0.742,
        "mention_f1": 0.702,
        "sealed.document_f1": 0.732,
        "sealed.mention_f1": 0.679,
        "mb_per_s": 1.8,
        "source": "run once on 2026-11-25 on the same abstracts and HPO release, longest match",
    },
}
_LINE = re.compile(r"\[(\d+)::(\d+)\]\t(HP_\d{7})")
_WORD = re.compile(r"[a-z0-9]+")
_REPEATS = 20
Marks = frozenset[tuple[int, int, str]]
Reader = Callable[[str], Marks]


@dataclass(frozen=True, slots=True)
class _Document:
    name: str
    text: str
    marks: Marks  # all that a person marked, in identifiers of this release
    unknown: int  # marks whose identifier this release does not have


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Read every abstract with our matcher and with a plain dictionary of labels and synonyms."""
    begin = time.perf_counter()
    ontology = load_knowledge().ontology
    folder = options.data / "diagnosis/gsc_plus"
    documents = _documents(folder, ontology)[: options.limit]
    ours = EnglishMatcher(ontology)
    metrics = _judged(documents, _reader(ours), ontology)
    notify(len(documents), 3 * len(documents))
    written = _judged(documents, _reader(ours, but="abbreviation"), ontology)
    metrics |= {f"written_out_{name}": value for name, value in written.items() if name.startswith("mention")}
    notify(2 * len(documents), 3 * len(documents))
    metrics |= _halves(documents, _reader(ours), ontology)
    metrics["outside_branch"] = float(sum(len(one.marks - _in_branch(one.marks, ontology)) for one in documents))
    metrics["outside_release"] = float(sum(document.unknown for document in documents))
    metrics["mb_per_s"] = _speed(ours.hits, documents)
    plain = _plain_reader(ontology)
    baseline = _judged(documents, plain, ontology) | {"mb_per_s": _speed(plain, documents)}
    notify(3 * len(documents), 3 * len(documents))
    return Result(
        "phenotype-text",
        digest(*sorted(folder.glob("*/*"))),
        len(documents),
        metrics,
        {"plain dictionary": baseline},
        ANCHORS,
        seconds=time.perf_counter() - begin,
    )


def _documents(folder: Path, ontology: Ontology) -> list[_Document]:
    texts = sorted((folder / "corpus").glob("*"))
    if not texts:
        raise DataError(f"no abstracts in {folder}/corpus: the data set GSC+ is missing")
    return [_document(text, folder / "ann" / text.name, ontology) for text in texts]


def _document(text: Path, marked: Path, ontology: Ontology) -> _Document:
    found, unknown = set[tuple[int, int, str]](), 0
    for start, end, written in _LINE.findall(marked.read_text("utf-8")):
        old = written.replace("_", ":")
        code = ontology.retired.get(old, old)
        if code in ontology.number:
            found.add((int(start), int(end), code))
        else:
            unknown += 1
    return _Document(text.name, text.read_text("utf-8"), frozenset(found), unknown)


def _reader(matcher: EnglishMatcher, *, but: str = "") -> Reader:
    return lambda text: frozenset((hit.start, hit.end, hit.code) for hit in matcher.hits(text) if hit.how != but)


def _is_sealed(name: str) -> bool:
    """Whether the mistakes in an abstract are never looked at: the first byte of its name's SHA-256 is odd."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def _halves(documents: Sequence[_Document], reader: Reader, ontology: Ontology) -> dict[str, float]:
    """Document and mention figures of the sealed and of the development half."""
    figures: dict[str, float] = {}
    for half, sealed in (("sealed", True), ("development", False)):
        judged = _judged([one for one in documents if _is_sealed(one.name) is sealed], reader, ontology)
        figures |= {f"{half}.{name}": value for name, value in judged.items() if not name.startswith("overlap")}
    return figures


def _judged(documents: Sequence[_Document], reader: Reader, ontology: Ontology) -> dict[str, float]:
    """Micro-averaged figures of concepts in the phenotype branch."""
    names = ("document", "mention", "overlap")
    counts = {name: [0, 0, 0, 0] for name in names}  # right of ours, ours, right of theirs, theirs
    for document in documents:
        mine, gold = _in_branch(reader(document.text), ontology), _in_branch(document.marks, ontology)
        for name, pair in zip(names, _pairs(mine, gold), strict=True):
            counts[name] = [before + more for before, more in zip(counts[name], pair, strict=True)]
    return {f"{name}_{metric}": value for name in names for metric, value in _rates(*counts[name]).items()}


def _in_branch(marks: Marks, ontology: Ontology) -> Marks:
    return frozenset(mark for mark in marks if ontology.in_branch(ontology.number[mark[2]]))


def _pairs(mine: Marks, gold: Marks) -> Iterator[tuple[int, int, int, int]]:
    """Counts by identifiers of the document, by exact place and identifier, and by overlapping place and identifier."""
    ids, true = {code for _, _, code in mine}, {code for _, _, code in gold}
    yield len(ids & true), len(ids), len(ids & true), len(true)
    yield len(mine & gold), len(mine), len(mine & gold), len(gold)
    yield _touching(mine, gold), len(mine), _touching(gold, mine), len(gold)


def _touching(these: Marks, those: Marks) -> int:
    return sum(
        any(code == other and start < stop and begin < end for begin, stop, other in those)
        for start, end, code in these
    )


def _rates(right: int, ours: int, found: int, theirs: int) -> dict[str, float]:
    precision, recall = right / max(ours, 1), found / max(theirs, 1)
    both = precision + recall
    return {"f1": 2 * precision * recall / both if both else 0.0, "precision": precision, "recall": recall}


def _speed(reader: Callable[[str], object], documents: Sequence[_Document]) -> float:
    """Megabytes of UTF-8 a second of processor time on one core, over the abstracts again and again."""
    texts = [document.text for document in documents]
    for text in texts:
        reader(text)
    begin = time.process_time()
    for _ in range(_REPEATS):
        for text in texts:
            reader(text)
    seconds = time.process_time() - begin
    return _REPEATS * sum(len(text.encode()) for text in texts) / 1e6 / seconds


def _plain_reader(ontology: Ontology) -> Reader:
    """The plain dictionary: the longest run of words that is a label or synonym, letter for letter but for case."""
    names: dict[tuple[str, ...], str] = {}
    for term, code in enumerate(ontology.ids):
        for name in [*ontology.synonyms[term].split("\t"), ontology.labels[term]] if ontology.in_branch(term) else ():
            names[tuple(_WORD.findall(name.lower()))] = code
    longest = max(map(len, names))

    def read(text: str) -> Marks:
        words = [(match.group(), *match.span()) for match in _WORD.finditer(lowered(text))]
        found, at = set[tuple[int, int, str]](), 0
        while at < len(words):
            sizes = range(min(longest, len(words) - at), 0, -1)
            runs = (tuple(word for word, _, _ in words[at : at + size]) for size in sizes)
            run = next((run for run in runs if run in names), ())
            if run:
                found.add((words[at][1], words[at + len(run) - 1][2], names[run]))
            at += len(run) or 1
        return frozenset(found)

    return read
