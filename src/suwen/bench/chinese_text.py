"""Benchmark chinese-text: are symptoms found in sentences of Chinese paediatric textbooks where experts marked them?

The sentences are of CMeEE, and only its spans of type `sym` (symptoms and signs) are gold. Phenotypes that are
diagnoses (肺炎, 癫痫, 肾积水) are marked `dis` there: diseases, syndromes, poisoning, injuries, failing organs. So hits
that end as names of diagnoses do are left out, for Suwen and for the dictionaries alike; `overlap_f1_all` keeps them,
and `precision_symptom_or_disease` says how often a hit of any kind meets a span of one of the two types.

Fifty sentences were looked at while the grammar was written (`SEEN`); they are left out of every figure. The figures of
all others were known while it was written, and some rules were kept or dropped by them; their text was not read.
"""

from __future__ import annotations

import json
import re
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
from suwen.language.lexicon import official_labels
from suwen.language.normal import normalise
from suwen.language.nouns import Hit

__all__ = ["SEEN", "Sentence", "agreement", "read_sentences", "run"]

# Drawn with random.Random(20261125).sample(range(2057), 50) before anything was read.
_SEEN = """
38 79 103 151 177 202 221 295 337 490 493 505 510 616 724 743 762 812 815 930 989 990 1003 1096 1133 1166 1217 1243 1274
1290 1329 1337 1340 1518 1521 1604 1624 1652 1696 1782 1793 1796 1805 1809 1820 1853 1854 1895 1965 2002
"""
SEEN = frozenset(map(int, _SEEN.split()))
# Endings of names of diagnoses, from the published meaning of the type `dis` and the sentences of `SEEN`.
_DIAGNOSIS = re.compile(
    "(?:病|症|炎|癌|瘤|综合征|感染|衰竭|中毒|缺陷|缺损|畸形|脓肿|积脓|白内障|青光眼|营养不良|梗死|栓塞|血栓|血栓形成|梗阻|狭窄|闭锁|反流|返流"
    "|疝|休克|惊厥|癫痫|持续状态|哮喘|瘫|瘫痪|麻痹|障碍|硬化|骨折|溃疡|结核|麻疹|水痘|囊肿|高压|颅内压增高|高血压|低血糖|佝偻|肥胖|变性"
    "|未闭|坏死|破裂|穿孔|脱位|聋|失明|弱视|近视|弱智|侏儒|湿疹|紫癜|狼疮|损害|损伤|肾积水|脑积水|眼球震颤|不全|心律失常|单心室|窒息"
    "|裂|多指|并指|内翻足|隐睾|气胸|肺气肿|不张|[肺脑]水肿|腔积液|心包积液|积水|甲亢|甲减|功能亢进|功能减退|功能低下|阻滞|[房室]颤|心动过速|早搏|性早熟"
    "|早产|流产|溶血|[脑内]出血|血肿|息肉|憩室|瘘|痴呆|异常综合征|三体|过敏|龋齿|淋巴瘤|染色体异常|无脑儿|巨输尿管|肌病|痉挛症|出血热)$"
)
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
        symptoms.append([span for span in found[-1] if not _DIAGNOSIS.search(sentence.text[slice(*span)])])
        notify(done, len(sentences))
    size = sum(len(sentence.text.encode()) for sentence in sentences)
    every = agreement(found, sentences)
    return {
        **agreement(symptoms, sentences),
        "overlap_f1_all": every["overlap_f1"],
        "precision_symptom_or_disease": every["precision_symptom_or_disease"],
        "mb_per_s": size / 1e6 / seconds if seconds else 0.0,
    }


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
