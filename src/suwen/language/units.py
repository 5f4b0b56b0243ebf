"""Units as clinicians write them, turned into UCUM, and a value carried from one unit to another of the same analyte.

Grammar of the result: UCUM 2.2 (https://ucum.org). The spellings are those of Chinese and English laboratory reports.
Mass and amount are joined by the molar mass of the analyte (IUPAC 2021), which no unit knows by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from functools import cache

from suwen.errors import InputError

__all__ = ["convert_unit", "read_unit"]

_DIGITS = Context(prec=28)

# Whole spellings that no rule composes; the first that matches wins.
_WHOLE = (
    (r"°\s*C|℃|摄氏度|度|C(?![A-Za-z0-9])", "Cel"),
    (r"°\s*F|℉|华氏度|F(?![A-Za-z0-9])", "[degF]"),
    (r"(?i:mm\s?Hg)|毫米汞柱", "mm[Hg]"),
    (r"(?i:kPa)|千帕", "kPa"),
    (r"(?i:ml)\s*/\s*\(?\s*(?:min|分钟?)\s*[/·.*]\s*1\.73\s*(?:m\^?2|㎡|平方米)\s*\)?", "mL/min/{1.73_m2}"),
    (r"(?i:kg\s*/\s*(?:m\^?2|㎡))|千克/平方米|公斤/平方米", "kg/m2"),
    (r"次\s*/?\s*(?:分钟?|min)|(?i:(?:beats|breaths)?\s*(?:/\s*min(?:ute)?|per minute)|bpm)|/\s*分钟?", "/min"),
    (r"(?:个|cells)?\s*/\s*(?:HPF?|hpf?|高倍视野)", "/[HPF]"),
    (r"(?:个|cells?)?\s*/\s*(?:u[lL]|mm\^?3|cumm|cmm)", "/uL"),
    (r"(?i:mm\s*/\s*(?:1\s*)?(?:h(?:r|our)?|小时))", "mm/h"),
    (r"(?i:mosm(?:ol)?\s*/\s*(?:kg\s*\.?\s*H2O|kg|\(kg·H2O\)))", "mosm/kg"),
    (r"G/L", "10*9/L"),
    (r"T/L", "10*12/L"),
    (r"[Kk]/u[Ll]", "10*3/uL"),
    (r"M/u[Ll]", "10*6/uL"),
    (r"mg\s*%", "mg/dL"),
    (r"g\s*%", "g/dL"),
    (r"%", "%"),
    (r"L/L", "1"),
    (r"(?i:sec(?:onds?)?)|秒|[sS](?![A-Za-z0-9])", "s"),
    (r"(?i:lbs?|pounds?)(?![A-Za-z])", "[lb_av]"),
    (r"(?i:inch(?:es)?)(?![A-Za-z])", "[in_i]"),
)
_POWER = r"(?:[xX*·]\s*)?10\s*(?:\^|\*\*|\*|[eE]|\()?\s*(12|9|6|3)\)?\s*/\s*(u?[lL]|mm3|升)"
# What is written, in lower case, and the UCUM atom: before the stroke, and after it.
_UPPER = """
mol=mol mmol=mmol umol=umol nmol=nmol pmol=pmol kg=kg g=g mg=mg ug=ug mcg=ug ng=ng pg=pg cm=cm m=m mm=mm fl=fL ml=mL
u=U mu=mU uu=uU ku=kU iu=[IU] miu=m[IU] uiu=u[IU] kiu=k[IU] meq=meq mosm=mosm
克=g 毫克=mg 微克=ug 纳克=ng 千克=kg 公斤=kg 厘米=cm 米=m 单位=U 国际单位=[IU] 毫摩尔=mmol 毫摩=mmol 微摩尔=umol
纳摩尔=nmol
"""
_LOWER = """
l=L dl=dL ml=mL ul=uL g=g mg=mg kg=kg mol=mol mmol=mmol d=d day=d 24h=d 24hr=d 24小时=d 天=d 日=d 升=L 毫升=mL 分升=dL
克=g 毫摩尔=mmol
"""


def read_unit(text: str, start: int = 0) -> tuple[str, int]:
    """The UCUM code of the unit that stands at `start`, and where it ends; "" and `start` where none stands there.

    The text is taken as `values` folds it: superscripts as digits, the micro sign as u, full-width forms as half-width.

    >>> read_unit("x10^9/L"), read_unit("IU/mL"), read_unit("次/分")
    (('10*9/L', 7), ('[IU]/mL', 5), ('/min', 3))
    """
    power, whole, composed = _patterns()
    if match := power.match(text, start):
        return f"10*{match.group(1)}/{'L' if match.group(2) in {'L', 'l', '升'} else 'uL'}", match.end()
    for pattern, code in whole:
        if match := pattern.match(text, start):
            return code, match.end()
    match = composed.match(text, start)
    if match is None:
        return "", start
    upper, lower = _atoms(_UPPER)[match.group(1).lower()], match.group(2)
    return upper if lower is None else f"{upper}/{_atoms(_LOWER)[''.join(lower.split()).lower()]}", match.end()


def convert_unit(
    value: Decimal, from_: str, to: str, *, molar: Decimal | None = None, factors: Mapping[str, tuple[Decimal, Decimal]]
) -> Decimal | None:
    """The value in the unit `to`, to 28 digits; None where nothing that is known leads from one unit to the other.

    `factors` maps a unit to the factor and offset that lead from it to `to`; `molar` is a molar mass in g/mol.
    """
    if from_ in factors:
        factor, offset = factors[from_]
        return value * factor + offset
    direct = _converted(value, from_, to)
    if direct is not None or molar is None:
        return direct
    mass = _converted(value, from_, "g/L")
    if mass is not None:
        return _converted(_DIGITS.divide(mass, molar), "mol/L", to)
    amount = _converted(value, from_, "mol/L")
    return None if amount is None else _converted(amount * molar, "g/L", to)


def _converted(value: Decimal, from_: str, to: str) -> Decimal | None:
    from suwen.knowledge.ucum import convert  # noqa: PLC0415 - a thousand units are parsed only where one is needed

    if from_ == to:
        return value
    try:
        return convert(value, from_, to)
    except InputError:
        return None


@cache
def _atoms(listed: str) -> Mapping[str, str]:
    return dict(pair.split("=") for pair in listed.split())


@cache
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...], re.Pattern[str]]:
    atoms = "|".join(re.escape(atom) for atom in sorted(_atoms(_UPPER), key=len, reverse=True))
    per = "|".join(re.escape(atom) for atom in sorted(_atoms(_LOWER), key=len, reverse=True)).replace("24", r"24\s*")
    composed = rf"(?i:({atoms}))(?:\s*/\s*(?i:({per}))(?![A-Za-z])(?:\s*(?:FEU|DDU)(?![A-Za-z]))?|(?![A-Za-z/]))"
    whole = tuple((re.compile(pattern), code) for pattern, code in _WHOLE)
    return re.compile(_POWER), whole, re.compile(composed)
