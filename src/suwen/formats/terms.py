"""Reads a plain list of phenotype terms, as people type or paste it, into a patient.

    # anything after a hash is a comment
    id: case-7
    sex: F                        female, male, other, unknown, 女, 男
    age: 12y                      also P12Y6M, 18 months, 3w, 2岁6个月; a bare number counts years
    HP:0001250 Seizure            the label is optional and may stand before: Seizure (HP:0001250)
    HP:0001263, hp_0001252        several on a line, split by comma, semicolon or space
    -HP:0000365                   looked for and absent; also !, not, no, without, absent, 无, 没有, 未见, 否认
    Low-set ears                  a line without an identifier is a term's name

A name is not resolved here: it becomes `Code(value=name)`, a value without a prefix, for a later step that knows the
ontology. Because official Chinese names may begin with 无 (无虹膜, aniridia), 无 before a name excludes it only with a
space between. Commas and 、 belong to a name, semicolons do not. Full-width letters, digits and punctuation read like
their ASCII forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from suwen.errors import FormatError, Problem
from suwen.formats.ages import DAYS_PER_YEAR, MAX_YEARS, duration_years
from suwen.formats.document import is_clean
from suwen.subject import Code, Feature, Patient, Sex

__all__ = ["read_terms"]

_MAX_NAME = 200  # characters; the longest HPO name has 120
_MAX_LINE = 10_000  # characters

# One character for one, so that positions in the folded line are positions in the line itself.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0xA0: " ",
    0x2010: "-",
    0x2011: "-",
    0x2012: "-",
    0x2013: "-",
    0x2014: "-",
    0x2212: "-",
    0x3001: ",",
    0x3002: ";",
    ord("\t"): " ",
}
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_HEADER = re.compile(r"\s*(id|sex|age|编号|性别|年龄)\s*[:=](.*)", re.IGNORECASE)
_ID = re.compile(r"(?<![A-Za-z0-9])(?:HPO?\s?[:_]\s?)([0-9]+)(?![0-9A-Za-z])", re.IGNORECASE)
_NEGATION = re.compile(
    r"(?:^|(?<=[\s,(|]))(?:-|!|(?:not|no|without|absent|excluded|denies)\s|无|没有|未见|否认|不|非|未)\s*$",
    re.IGNORECASE,
)
# A verdict where a label stands would turn into its opposite if it were read as a label.
_VERDICT = re.compile(
    r"(?:.*[\s(\[])?(?:excluded|negative|absent|not present|not)[)\]]?|no|false|[-!0]|.*(?:无|没有|否|阴性|未见)",
    re.IGNORECASE,
)
_UNCLEAR_DASH = re.compile(r"^-|\s-\s+$")
_NAME_NEGATION = re.compile(r"\s*(?:[-!]\s*|(?:not|no|无)\s+)(?=\S)", re.IGNORECASE)
_BULLET = re.compile(r"\s*-\s+\S")
_OTHER_ID = re.compile(r"[A-Za-z]{2,12}\s?[:_]\s?[A-Za-z]{0,3}[0-9]+|[0-9.]+")
_FOREIGN = re.compile(r"[{}\[\]\\\"=|]")  # no HPO name has these; they betray JSON, tables or code

_SEXES = MappingProxyType(
    {
        **dict.fromkeys(("f", "female", "w", "woman", "girl", "女", "女性", "女孩"), Sex.FEMALE),
        **dict.fromkeys(("m", "male", "man", "boy", "男", "男性", "男孩"), Sex.MALE),
        **dict.fromkeys(("o", "other", "other_sex", "其他"), Sex.OTHER),
        **dict.fromkeys(("u", "unknown", "unknown_sex", "?", "", "未知", "不详"), Sex.UNKNOWN),
    }
)
_AGE_PART = re.compile(
    r"\s*([0-9]{1,4}(?:\.[0-9]{1,6})?)\s*"
    r"(years?|yrs?|y|a|岁半|岁|周岁|年|months?|mos?|m|个月|月|weeks?|wks?|w|周|days?|d|天|日)?\s*(?:,|and)?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _List:
    """What has been read of a list so far."""

    id: str
    sex: Sex = Sex.UNKNOWN
    age: float | None = None
    features: list[Feature] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def report(self, number: int, what: str, remedy: str = "") -> None:
        if len(self.problems) < 1_000:
            self.problems.append(Problem(f"line {number}", what, remedy))


def read_terms(text: str, *, name: str = "list") -> Patient:
    """Read a term list into a patient; `name` is the id where the list gives none. `Feature.where` is `line 3`.

    Raises:
        FormatError: with every line that cannot be read, or because no term is there.

    """
    found = _List(name)
    bullets: list[bool] = []
    for number, line in enumerate(text.split("\n"), start=1):
        folded = line.translate(_FOLD)
        folded = _COMMENT.sub("", folded).rstrip()
        if not folded.strip():
            continue
        header = _HEADER.fullmatch(folded)
        if header is not None:
            _header(found, number, header.group(1).lower(), header.group(2).strip())
        else:
            bullets.append(_BULLET.match(folded) is not None)
            _terms(found, number, line, folded)
    if len(bullets) > 1 and all(bullets):
        found.report(1, "every line begins with a dash and a space", "drop the dashes, or write ! before absent terms")
    if not found.features and not found.problems:
        raise FormatError("this list contains no term", zh="该列表不含术语")
    if found.problems:
        raise FormatError(
            f"{len(found.problems)} problem(s) in this list of terms",
            found.problems,
            zh=f"该术语列表有 {len(found.problems)} 处问题",
        )
    return Patient(id=found.id, features=tuple(found.features), sex=found.sex, age_years=found.age)


def _header(found: _List, number: int, key: str, value: str) -> None:
    if key in {"id", "编号"}:
        if value and len(value) <= _MAX_NAME and is_clean(value):
            found.id = value
        else:
            found.report(number, f"an id has 1 to {_MAX_NAME} characters")
    elif key in {"sex", "性别"}:
        if value.lower() in _SEXES:
            found.sex = _SEXES[value.lower()]
        else:
            found.report(number, "not a sex", "use F, M, other or unknown")
    else:
        found.age = _age(value)
        if found.age is None and value:
            found.report(number, "not an age between 0 and 150 years", "write it like 12y, 18m or P12Y6M")


def _age(text: str) -> float | None:
    if len(text) > _MAX_NAME or text.upper().startswith("P"):
        return duration_years(text[: _MAX_NAME + 1])
    years, position = 0.0, 0
    while position < len(text):
        match = _AGE_PART.match(text, position)
        if match is None:
            return None
        years += float(match.group(1)) * _unit_years(match.group(2)) + (0.5 if match.group(2) == "岁半" else 0.0)
        position = match.end()
    return years if text and years <= MAX_YEARS else None


def _unit_years(unit: str | None) -> float:
    first = (unit or "y")[0].lower()
    if first in "m个月":
        return 1 / 12
    if first in "w" or unit == "周":
        return 7 / DAYS_PER_YEAR
    return 1 / DAYS_PER_YEAR if first in "d天日" else 1.0


def _terms(found: _List, number: int, line: str, folded: str) -> None:
    if len(line) > _MAX_LINE or not is_clean(line.rstrip("\r")):
        found.report(number, f"control characters, half of a surrogate pair, or more than {_MAX_LINE} characters")
        return
    start = 0
    for part in folded.split(";"):
        if part.strip(" ,"):
            _part(found, number, line[start : start + len(part)], part)
        start += len(part) + 1


def _part(found: _List, number: int, text: str, folded: str) -> None:
    """Read a stretch without semicolons: either one name, or identifiers with labels around them."""
    ids = list(_ID.finditer(folded))
    if not ids:
        _name(found, number, text, folded)
        return
    cursor = 0
    between: list[tuple[str, bool]] = []
    for match in ids:
        gap = folded[cursor : match.start()]
        negation = _NEGATION.search(gap)
        end = cursor + (negation.start() if negation else len(gap))
        between.append((_label(text[cursor:end]), negation is not None))
        cursor = match.end()
    tail = _label(text[cursor:])
    if re.search(r"\s[-!]\s*$", folded):
        found.report(number, "a dash or exclamation mark ends the line", "write it before the term it excludes")
        return
    if len(ids) > 1 and _is_unclear(folded, ids, [label for label, _ in between] + [tail]):
        found.report(number, "text between identifiers belongs to neither", "write one term on a line")
        return
    for index, match in enumerate(ids):
        after = between[index + 1][0] if index + 1 < len(ids) else tail
        before = between[0][0] if index == 0 else ""
        _identifier(found, number, match.group(1), after or before, between[index][1])


def _is_unclear(folded: str, ids: list[re.Match[str]], labels: list[str]) -> bool:
    """Several identifiers on a line: a label with a comma may be a forgotten term, a lone dash may mean anything."""
    has_dash = any(_UNCLEAR_DASH.search(folded[first.end() : second.start()]) for first, second in pairwise(ids))
    has_comma = any("," in label.translate(_FOLD) for label in labels)
    return has_dash or has_comma or bool(labels[0])


def _label(text: str) -> str:
    label = text.strip().strip(",，、:：|-–—\"'“”").strip()
    for opening, closing in ("()", "（）", "[]"):
        if label.startswith(opening) and (label.endswith(closing) or closing not in label):
            label = label[1:].removesuffix(closing)
        elif label.endswith(opening) or (label.startswith(closing)):
            label = label.strip(opening + closing)
    return label.strip()[:_MAX_NAME]


def _identifier(found: _List, number: int, digits: str, label: str, excluded: bool) -> None:
    if len(digits) != 7:
        found.report(number, f"an HPO identifier has 7 digits, this one {len(digits)}", "write it like HP:0001250")
        return
    if _VERDICT.fullmatch(label):
        found.report(number, "the text beside the identifier may mean that it is absent", "write ! before absent terms")
        return
    found.features.append(Feature(Code(f"HP:{digits}", label), excluded, where=f"line {number}"))


def _name(found: _List, number: int, text: str, folded: str) -> None:
    """Read a line without identifier: the name of a term, to be resolved later."""
    negation = _NAME_NEGATION.match(folded)
    start = negation.end() if negation else 0
    name = text[start : len(folded)].strip(" \t\r\u3000\xa0,，")
    plain = name.translate(_FOLD)
    is_name = any(char.isalpha() for char in plain) and len(name) <= _MAX_NAME
    if not is_name or _FOREIGN.search(plain) or _OTHER_ID.fullmatch(plain) or re.match(r"HPO?[:_]", plain, re.I):
        found.report(number, "neither an HPO identifier nor the name of a term", "write it like HP:0001250")
        return
    found.features.append(Feature(Code(name), negation is not None, where=f"line {number}"))
