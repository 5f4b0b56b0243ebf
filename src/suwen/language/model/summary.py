"""A summary by a model, of which only sentences remain that cite what was read and say no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from suwen.errors import InputError
from suwen.language.model.grounding import Grounder
from suwen.language.model.nouns import Summary, TextModel
from suwen.language.model.prompt import ask_summary
from suwen.language.model.propose import fresh_boundary
from suwen.language.normal import language_of, normalise
from suwen.language.nouns import Mention, Status
from suwen.language.scope import judge
from suwen.language.sentences import sentences

__all__ = ["summarise"]

_LIMIT_TOKENS = 1000
_MOST = 400  # mentions that a summary is made of
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_CITED = re.compile(r"[\[［【](\d{1,4})[\]］】]")
_LATE = re.compile(r"([.。!！?？;；]+)[ \t]*((?:[\[［【]\d{1,4}[\]］】][ \t]*)+)")
_CLAIMS = {Status.PRESENT: "has", Status.PAST: "has", Status.ABSENT: "has not"}  # others are said in many ways


def summarise(
    text: str,
    mentions: Sequence[Mention],
    model: TextModel,
    lang: str,
    *,
    grounder: Grounder | None = None,
    boundary: Callable[[], str] = fresh_boundary,
) -> Summary:
    """Summarise in `lang` ("en" or "zh") what `mentions` say; sentences that cite no mention are cut and listed.

    With `grounder` a sentence is cut, too, where the rules read a phenotype in it that none of the mentions it cites
    says, or read it as present where the mention is absent, or the reverse. Raises InputError for another language,
    no mentions or more than 400, and what the model raises.
    """
    if lang not in ("en", "zh"):
        raise InputError(f"a summary is written in 'en' or 'zh', not in {lang!r}")
    if not 0 < len(mentions) <= _MOST:
        raise InputError(f"a summary is made of 1 to {_MOST} mentions, not of {len(mentions)}")
    answer = model.complete(ask_summary(text, mentions, lang, boundary()), schema=None, limit_tokens=_LIMIT_TOKENS)
    written = _LATE.sub(_earlier, _THOUGHT.sub("", answer.text).strip())
    kept: list[str] = []
    cut: list[str] = []
    for low, high in sentences(written):
        sentence = written[low:high].strip()
        (kept if _supported(sentence, mentions, grounder) else cut).append(sentence)
    return Summary(("" if lang == "zh" else " ").join(kept), tuple(filter(None, cut)))


def _earlier(late: re.Match[str]) -> str:
    """Numbers that stand after a full stop, before it."""
    mark, numbers = late[1], late[2].strip()
    return f" {numbers}{mark} " if mark.isascii() else f"{numbers}{mark}"


def _supported(sentence: str, mentions: Sequence[Mention], grounder: Grounder | None) -> bool:
    numbers = [int(one) for one in _CITED.findall(sentence)]
    if not numbers or not all(1 <= one <= len(mentions) for one in numbers):
        return False
    cited = [mentions[one - 1] for one in numbers]
    return grounder is None or _says_no_more(normalise(_CITED.sub("", sentence)).text, cited, grounder)


def _says_no_more(sentence: str, cited: Sequence[Mention], grounder: Grounder) -> bool:
    number = grounder.ontology.number
    hits = [hit for matcher in grounder.matchers for hit in matcher.hits(sentence) if hit.code in number]
    spans = [(hit.start, hit.end) for hit in hits]
    said = judge(sentence, spans, lang=language_of(sentence))
    return all(
        any(_same(number[hit.code], one.status, other, grounder) for other in cited)
        for hit, one in zip(hits, said, strict=True)
    )


def _same(term: int, status: Status, cited: Mention, grounder: Grounder) -> bool:
    """Whether a mention says the term, or a narrower one, and does not say the opposite of it."""
    read = grounder.ontology.number.get(cited.code.value)
    if read is None or term not in grounder.ontology.ancestors(read):
        return False
    one, other = _CLAIMS.get(status), _CLAIMS.get(cited.status)
    return one is None or one == other
