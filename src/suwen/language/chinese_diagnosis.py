"""Whether the name of a phenotype in Chinese text is that of a diagnosis (肺炎) or of a symptom or sign (咳嗽).

A diagnosis speaks differently than a symptom: somebody has concluded it already, and it explains symptoms rather than
asks for an explanation. The line follows ICD-10 (WHO, 2019): what stands in its chapters of diseases, malformations
and injuries is a diagnosis, what stands in chapter XVIII (R00-R99) a symptom or sign; organs that fail and rhythms
that are disturbed count as diagnoses, as clinicians write them. Decided by the surface alone: the longest ending in
`[diagnosis]` or `[sign]` of chinese_words.txt, capital letters, and what follows.
"""

from __future__ import annotations

import re
from functools import cache

from suwen.language.chinese_words import words
from suwen.language.phrases import Endings

__all__ = ["names_diagnosis"]

# 低血糖症状 are symptoms, whatever they come from.
_SYMPTOMS = re.compile("(?<![炎病])(?:症状|体征|征象)")
_INITIALS = re.compile(r"[A-Za-z0-9\-]*[A-Z][A-Za-z0-9\-]*[A-Z][A-Za-z0-9\-]*")
_NEWBORN = re.compile(".*(?:体重|胎龄|巨大|早产|小样)儿")


def names_diagnosis(text: str, start: int, end: int) -> bool:
    """Whether the words from `start` to `end` of normalised text name a diagnosis.

    Words before `start` are looked at where they make one word with it (颅内 + 出血), and what follows `end`.
    """
    if _SYMPTOMS.match(text, end):
        return False
    if _INITIALS.fullmatch(text, start, end) or _NEWBORN.fullmatch(text, start, end):
        return True
    return _endings().longest(text, end) in words("diagnosis")


@cache
def _endings() -> Endings:
    return Endings(words("diagnosis", "sign"))
