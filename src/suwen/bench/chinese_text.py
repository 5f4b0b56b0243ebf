"""Benchmark chinese-text: are symptoms found in sentences of Chinese paediatric textbooks where experts marked them?

The sentences are of CMeEE, and only its spans of type `sym` (symptoms and signs) are gold. Phenotypes that are
diagnoses (肺炎, 癫痫, 肾积水) are marked `dis` there: diseases, syndromes, poisoning, injuries, failing organs. So hits
that `suwen.language.chinese_diagnosis` takes for names of diagnoses are left out, for Suwen and for the dictionaries
alike; `overlap_f1_all` keeps them, and `precision_symptom_or_disease` says how often a hit of any kind meets a span of
one of the two types.

How the rules were chosen. Fifty sentences were looked at while the grammar was first written (`SEEN`); they are left
out of every figure. The total figures of all others were known then, and some rules were kept or dropped by them. Since
then the sentences are in two halves, by the first byte of the SHA-256 of the text in UTF-8: even is the development
half, whose errors were read and by whose figures rules and words were kept or dropped, so `development.*` flatters;
odd is the sealed half, of which nobody read a sentence or an error and which was measured as figures only, three times
at most. `sealed.*` is what to expect of text that is new. No weight was trained on any of them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError, FormatError
from suwen.knowledge import load_knowledge
from suwen.language.chinese import ChineseMatcher
from suwen.language.chinese_diagnosis import names_diagnosis
from suwen.language.lexicon import official_labels
from suwen.language.normal import normalise
from suwen.language.nouns import Hit

__all__ = ["SEEN", "Sentence", "agreement", "half", "read_sentences", "run"]

# Drawn with random.Random(20261125).sample(range(2057), 50) before anything was read.
_SEEN = """
38 79 103 151 177 202 221 295 337 490 493 505 510 616 724 743 762 812 815 930 989 990 1003 1096 1133 1166 1217 1243 1274
1290 1329 1337 1340 1518 1521 1604 1624 1652 1696 1782 1793 1796 1805 1809 1820 1853 1854 1895 1965 2002
"""
SEEN = frozenset(map(int, _SEEN.split()))
_OF_HALVES = ("overlap_f1", "overlap_precision", "overlap_recall", "exact_f1")
Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what was marked in it: spans, `start` inclusive and `end` exclusive, in characters."""

    text: str
    symptoms: Spans
    diseases: Spans


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Read every sentence with the matcher, and with two dictionaries alone.

    Raises:
        DataError: diagnosis/chinese/cmeee.json is not in the folder.
        FormatError: it is not a table of sentences with marked entities.

    """
    begin = time.perf_counter()
    file = options.data / "diagnosis/chinese/cmeee.json"
    sentences = _chosen(read_sentences(file), options)
    ontology = load_knowledge().ontology
    matcher = ChineseMatcher(ontology)
    metrics = _measured(matcher.hits, sentences, notify)
    baselines = {
        "labels and lexicon, literal": _measured(matcher.literal, sentences),
        "official labels, literal": _measured(ChineseMatcher(ontology, official_labels(ontology)).literal, sentences),
    }
    seconds = time.perf_counter() - begin
    return Result("chinese-text", digest(file), len(sentences), metrics, baselines, seconds=seconds)


def read_sentences(file: Path) -> list[Sentence]:
    """Sentences of a CMeEE file, in its order; its `end_idx` is inclusive."""
    try:
        rows = json.loads(file.read_text("utf-8"))
        return [Sentence(row["text"], _marked(row, "sym"), _marked(row, "dis")) for row in rows]
    except OSError:
        raise DataError(f"{file} cannot be read; the benchmark needs the evaluation sentences of CMeEE there") from None
    except (ValueError, KeyError, TypeError):
        raise FormatError(f"{file.name} is not a list of sentences with entities as CMeEE has them") from None


def _marked(row: Mapping[str, Any], kind: str) -> Spans:
    return [(one["start_idx"], one["end_idx"] + 1) for one in row["entities"] if one["type"] == kind]


def _chosen(sentences: list[Sentence], options: Options) -> list[Sentence]:
    unseen = [sentence for number, sentence in enumerate(sentences) if number not in SEEN]
    if options.limit is None or options.limit >= len(unseen):
        return unseen
    numbers = np.random.default_rng(options.seed).choice(len(unseen), options.limit, replace=False)
    return [unseen[number] for number in sorted(numbers.tolist())]


def _measured(
    read: Callable[[str], list[Hit]],
    sentences: list[Sentence],
    notify: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, float]:
    found: list[Spans] = []
    symptoms: list[Spans] = []
    seconds = 0.0
    for done, sentence in enumerate(sentences, start=1):
        begin = time.perf_counter()
        normal = normalise(sentence.text)
        hits = read(normal.text)
        seconds += time.perf_counter() - begin
        found.append([normal.original(hit.start, hit.end) for hit in hits])
        symptoms.append(
            [
                normal.original(hit.start, hit.end)
                for hit in hits
                if not names_diagnosis(normal.text, hit.start, hit.end)
            ]
        )
        notify(done, len(sentences))
    size = sum(len(sentence.text.encode()) for sentence in sentences)
    every = agreement(found, sentences)
    return {
        **agreement(symptoms, sentences),
        "overlap_f1_all": every["overlap_f1"],
        "precision_symptom_or_disease": every["precision_symptom_or_disease"],
        **_in_halves(symptoms, sentences),
        "mb_per_s": size / 1e6 / seconds if seconds else 0.0,
    }


def half(text: str) -> str:
    """The half a sentence belongs to, "development" or "sealed": even or odd first byte of its SHA-256."""
    return "sealed" if hashlib.sha256(text.encode()).digest()[0] % 2 else "development"


def _in_halves(found: Sequence[Spans], sentences: Sequence[Sentence]) -> dict[str, float]:
    metrics = dict[str, float]()
    for name in ("sealed", "development"):
        rows = [number for number, sentence in enumerate(sentences) if half(sentence.text) == name]
        said = agreement([found[row] for row in rows], [sentences[row] for row in rows])
        metrics |= {f"{name}.{metric}": said[metric] for metric in _OF_HALVES}
    return metrics


def agreement(found: Sequence[Spans], sentences: Sequence[Sentence]) -> dict[str, float]:
    """How well spans agree with the marked symptoms.

    `overlap`: a span counts as right where it shares a character with a marked symptom, and a marked symptom as found
    where a span shares one with it. `exact`: where both ends agree.
    """
    pairs = [(set(mine), set(sentence.symptoms), sentence) for mine, sentence in zip(found, sentences, strict=True)]
    mine_all = sum(len(mine) for mine, _, _ in pairs)
    gold_all = sum(len(gold) for _, gold, _ in pairs)
    precision = _share(sum(_touching(mine, gold) for mine, gold, _ in pairs), mine_all)
    recall = _share(sum(_touching(gold, mine) for mine, gold, _ in pairs), gold_all)
    same = sum(len(mine & gold) for mine, gold, _ in pairs)
    either = sum(_touching(mine, gold | set(sentence.diseases)) for mine, gold, sentence in pairs)
    return {
        "overlap_f1": _f1(precision, recall),
        "overlap_precision": precision,
        "overlap_recall": recall,
        "exact_f1": _f1(_share(same, mine_all), _share(same, gold_all)),
        "precision_symptom_or_disease": _share(either, mine_all),
    }


def _touching(spans: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]]) -> int:
    others = list(others)
    return sum(
        any(start < end_other and start_other < end for start_other, end_other in others) for start, end in spans
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
