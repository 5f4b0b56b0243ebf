"""Measured values in running text and tables, Chinese and English mixed: what was measured, how much, in which unit.

The grammar is that of clinicians: `T 38.5℃`, `BP 160/95mmHg`, `WBC 12.5×10^9/L`, `ALT 120 U/L (0-40) ↑`, `尿蛋白(++)`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from suwen.language.value_choice import ORDINALS, chosen
from suwen.language.value_grammar import NUMBER, Tail, Value, as_number, comparator, fold, read_tail
from suwen.language.value_rows import row_values
from suwen.language.value_table import Analyte, Name, analytes, names

__all__ = ["Value", "values"]

_SENTENCE = 400  # characters a specimen is remembered for where no sentence ends
_CHANGED = (
    r"升高|增高|降低|下降|减低|减少|上升|偏高|偏低|异常"
    r"|elevated|increased|raised|high|low|decreased|reduced|risen|fallen"
)
_TO = r"至|到|为|达|to(?![a-z])|at(?![a-z])|[(:,，]"
_WORDS = (
    rf"[,，](?=最高)|(?:明显|显著|轻度|中度|重度|进行性)?(?:{_CHANGED})(?=\s*(?:{_TO}))[,，]?"
    r"|(?:计数|水平|浓度|数值|测定|检测|检查|检验|结果|定量|定性|最高|最低|波动于|波动在|维持在|约为|约|为|是|示|达|高达"
    r"|低至|升至|降至|升到|降到|控制在|至|在|值|仅|由|从)"
    r"|(?:levels?|count|value|concentration|results?|reading|was|were|is|are|had|has|been|of|at|to|about|approximately"
    r"|around|only|now|peaked|measured|rose|fell|dropped|up)(?![A-Za-z])"
)
_SPECIMENS = {
    "csf": r"脑脊液|腰穿|腰椎穿刺|(?<![a-z])CSF(?![a-z])|cerebrospinal|lumbar puncture",
    "urine": r"尿常规|尿检|尿液|尿沉渣|尿分析|urinalysis|(?<![a-z])(?:urine(?![a-z])|UA(?=\s*:))",
    "other": r"胸水|胸腔积液|腹水|关节液|心包积液|羊水|便常规|粪便|大便|汗液|痰"
    r"|pleural|ascit|synovial|amniotic|stool|sputum|sweat",
    "blood": r"血常规|血生化|血气|血清|血浆|血液|全血|外周血|静脉血|抽血|查血|血(?=\s*:)|生化|肝功|肾功"
    r"|serum|plasma|blood"
    r"|(?<![a-z])(?:CBC|BMP|CMP)(?![a-z])",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A name in the text: where, what it may mean, and where its number may begin."""

    start: int
    end: int
    names: tuple[Name, ...]


def values(text: str) -> list[Value]:
    """All measured values of a text in the order in which they stand; the offsets are those of the text given.

    A value range (`38-39℃`) and a blood pressure give two values each. Doses and counts of days are not values.
    """
    folded = fold(text)
    found, covered = row_values(folded)
    pressures = [value for value in _pressures(folded) if _is_free(value, covered)]
    covered = [*covered, *((value.start, value.end) for value in pressures)]
    running = [value for value in _running(folded) if _is_free(value, covered)]
    return sorted([*found, *pressures, *running], key=lambda value: (value.start, value.end))


def _is_free(value: Value, covered: Sequence[tuple[int, int]]) -> bool:
    return not any(start < value.end and value.start < end for start, end in covered)


def _running(text: str) -> Iterator[Value]:
    at = 0
    marks = sorted((match.start(), kind) for kind, mark in _marks().items() for match in mark.finditer(text))
    for place in _places(text):
        if place.start >= at:
            for value in _read(text, place, _in_context(text, place, marks)):
                at = value.end
                yield value


def _places(text: str) -> Iterator[_Place]:
    """Names at their place, the longest that fits; a Latin name does not begin or go on inside a word."""
    lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    known, lengths = names(), _lengths()
    at = 0
    while at < len(text):
        end = next((at + size for size in lengths.get(lowered[at], ()) if _is_name(text, lowered, at, size)), at)
        if end > at:
            piece = text[at:end]
            yield _Place(at, end, known[piece] if piece in known else known[lowered[at:end]])
        at = max(end, at + 1)


def _is_name(text: str, lowered: str, at: int, size: int) -> bool:
    piece = text[at : at + size]
    if piece not in names() and (lowered[at : at + size] not in names() or (size <= 3 and piece.isascii())):
        return False
    before = text[at - 1] if at > 0 else " "
    inside = _is_latin(piece[0]) and (_is_latin(before) or before.isdigit() or (size == 1 and before == "/"))
    return not inside and not _goes_on(piece[-1], text[at + size : at + size + 2])


def _goes_on(last: str, rest: str) -> bool:
    """Whether a name is only the beginning of a word or of a number: `Hbx`, `T36.5` is no T3."""
    if last.isdigit():
        return rest[:1].isdigit() or (rest[:1] == "." and rest[1:].isdigit())
    return _is_latin(last) and _is_latin(rest[:1])


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _read(text: str, place: _Place, possible: Sequence[Name]) -> Iterator[Value]:
    """The value, the two ends of a value range, or a course (`由120g/L降至85g/L`) after a name."""
    if not possible:
        return
    link = _link().match(text, place.end)
    start = link.end() if link else place.end
    if ordinal := _ordinal(text, place, possible, start):
        yield ordinal
        return
    colon = link is not None and ":" in link.group()
    match = _number().match(text, start)
    while match is not None and not _counts_something_else().match(text, match.end()):
        tail = read_tail(text, match.end())
        if start == place.end and not tail.tells and _is_part_of_name(text[place.end - 1], match.group("first")):
            return
        yield from _numbered(place, possible, match, tail, firm=tail.tells or colon)
        course = _course().match(text, tail.end)
        start = course.end() if course else len(text)
        match = _number().match(text, start)


def _is_part_of_name(last: str, number: str) -> bool:
    """`CK7` and `T12` are names of their own; `K2.8` and `血钾3` are not."""
    return _is_latin(last) and "." not in number


def _numbered(
    place: _Place, possible: Sequence[Name], match: re.Match[str], tail: Tail, *, firm: bool
) -> Iterator[Value]:
    firm = firm or _is_bare_temperature(place, match.group("first"))
    for text_of, end in ((match.group("first"), match.end("first")), (match.group("second"), match.end())):
        if text_of:
            value = _value(place, possible, (match.group("sign") or "") + text_of, tail, firm=firm)
            if value is not None:
                last = match.group("second") is None or text_of == match.group("second")
                yield replace(
                    value,
                    comparator=comparator(match.group("than") or ""),
                    end=tail.end if last else end,
                    flag=value.flag or {"↑": "H", "↓": "L"}.get(match.group("arrow") or "", ""),
                )


def _value(place: _Place, possible: Sequence[Name], number: str, tail: Tail, *, firm: bool) -> Value | None:
    amount = as_number(number)
    pick = chosen([name for name in possible if firm or not name.risky], amount, tail.unit)
    if pick is None or (amount < 0 and pick.analyte.low >= 0):
        return None
    return Value(place.start, tail.end, pick.analyte, amount, "", pick.unit, tail.low, tail.high, tail.flag, pick.doubt)


def _is_bare_temperature(place: _Place, number: str) -> bool:
    """`T 38.5` needs no unit: no other T is written so."""
    whole = place.names[0].analyte.code.value == "LOINC:8310-5"
    return whole and re.fullmatch(r"3[4-9]\.\d|4[0-2]\.\d", number) is not None


def _ordinal(text: str, place: _Place, possible: Sequence[Name], at: int) -> Value | None:
    plain = next((name for name in possible if name.analyte.is_ordinal), None)
    match = _ordinals().match(text, at) if plain else None
    if plain is None or match is None:
        return None
    word = match.group(1).replace(" ", "").lower()
    degree = ORDINALS[word] if word in ORDINALS else Decimal(word[0] if word[0].isdigit() else len(word))
    return Value(place.start, match.end(), plain.analyte, degree, unit="{plus}")


def _in_context(text: str, place: _Place, marks: Sequence[tuple[int, str]]) -> list[Name]:
    """What a name can mean after the specimen that was last named in the sentence, or in the name itself."""
    reach = max(place.start - _SENTENCE, 0)
    begin = max(text.rfind(end, reach, place.start) for end in "\n。") + 1
    nearest = bisect_left(marks, (place.start, ""))
    at, here = marks[nearest - 1] if nearest else (-1, "blood")
    if at < max(begin, reach) or "血" in text[max(place.start - 1, 0) : place.start + 1]:
        here = "blood"
    own = [name for name in place.names if name.context and name.analyte.specimen == here]
    free = [name for name in place.names if not name.context]
    if here in {"csf", "other"}:
        return own or [name for name in free if name.analyte.specimen in {"body", here, "urine", "csf"}]
    return own + free


def _pressures(text: str) -> Iterator[Value]:
    systolic, diastolic = (_analyte(loinc) for loinc in ("LOINC:8480-6", "LOINC:8462-4"))
    for match in _pressure().finditer(text):
        tail = read_tail(text, match.end())
        if tail.unit and systolic.in_unit(Decimal(1), tail.unit) is None:
            continue
        for group in ("high", "high2", "low", "low2"):
            if match.group(group):
                analyte = systolic if group.startswith("high") else diastolic
                yield Value(
                    match.start(), tail.end, analyte, Decimal(match.group(group)), "", tail.unit, flag=tail.flag
                )


def _analyte(code: str) -> Analyte:
    return next(analyte for analyte in analytes() if analyte.code.value == code)


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """First character, in lower case, of a name to the lengths of such names, longest first."""
    found: dict[str, set[int]] = {}
    for key in names():
        found.setdefault(key[0].lower(), set()).add(len(key))
    return {first: tuple(sorted(sizes, reverse=True)) for first, sizes in found.items()}


@cache
def _link() -> re.Pattern[str]:
    """What may stand between a name and its number: an abbreviation in brackets, a few words, a colon."""
    bracket = r"(?:\((?!\s*(?:[-+±]|阴|阳|neg|pos|[<>≤≥]|\d+\s*\+?\)|[\d.]+))[^()\n]{1,24}\))?"
    return re.compile(rf"[ \t|]*{bracket}(?:[ \t|]*(?i:{_WORDS}))*[ \t|]*[:=]?[ \t|]*")


@cache
def _number() -> re.Pattern[str]:
    than = r"<=|>=|<|>|≤|≥|大于|小于|低于|高于|不足|超过|不低于|不超过"
    return re.compile(
        rf"(?P<arrow>[↑↓])?\s*\(?\s*(?P<than>{than})?\s*(?P<sign>-(?=\d))?(?P<first>{NUMBER})"
        rf"(?:\s*(?:-|~|至|到|to)\s*(?P<second>{NUMBER}))?(?![\d])"
    )


@cache
def _counts_something_else() -> re.Pattern[str]:
    """Days, ages, tablets, dates and fractions: no measured value."""
    return re.compile(
        r"\s*(?:年|月|日|号|天|周|岁|个|小时(?!尿)|次(?!\s*/?\s*(?:分|min))|片|粒|支|级|期|倍|项|型|(?:days?|weeks?|months?|years?|hours?"
        r"|hrs?|times|yo|y/o|tablets?|doses?)(?![A-Za-z]))|[-/.]\d|\s*-\s*\d"
    )


@cache
def _course() -> re.Pattern[str]:
    return re.compile(
        r"[ \t,，]*(?:(?:逐渐|逐步|进行性)?(?:下降|上升|升高|降低|增加|减少|降|升)(?:至|到|为)|→|->|(?:and )?(?:then )?"
        r"(?:(?:rose|fell|dropped|increased|decreased|rising|falling) )?to(?![a-z]))\s*"
    )


@cache
def _ordinals() -> re.Pattern[str]:
    word = r"\+/-|\+{1,4}|±|[1-4]\s*\+|阴性|弱阳性|阳性|微量|(?i:negative|neg|positive|pos|trace)(?![A-Za-z])"
    return re.compile(rf"\(?\s*({word}|-(?=\s*(?:\)|$|[\n,，;；。|])))\s*\)?")


@cache
def _pressure() -> re.Pattern[str]:
    where = r"(?:\s*\((?:BP|mmHg|坐位|卧位|立位|右上肢|左上肢|右臂|左臂)\))?"
    link = rf"{where}\s*(?i:was|is|of|at|最高|波动于|波动在|为|约|示|达|测)*\s*[:=]?\s*"
    high, low = (rf"(?P<{end}>\d{{2,3}})(?:\s*[-~]\s*(?P<{end}2>\d{{2,3}}))?" for end in ("high", "low"))
    pair = rf"{high}\s*/\s*{low}(?![\d/])"
    return re.compile(rf"(?:(?<![A-Za-z])(?:BP|Bp|(?i:blood pressure|NIBP))|血压){link}{pair}")


@cache
def _marks() -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(mark, re.IGNORECASE) for kind, mark in _SPECIMENS.items()}
