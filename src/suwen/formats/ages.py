"""Ages and onsets as documents give them (ISO 8601 durations, dates, HPO onset terms), in years.

One year is 365.25 days, one month a twelfth of a year, one week seven days. Time before birth counts as age 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import MappingProxyType

__all__ = [
    "DAYS_PER_YEAR",
    "MAX_YEARS",
    "ONSET_YEARS",
    "day_number",
    "duration_text",
    "duration_years",
    "years_between",
]

DAYS_PER_YEAR = 365.25
MAX_YEARS = 150.0  # the oldest verified person reached 122; anything beyond this is a slip of the pen
_GESTATION_DAYS = 300.0

_NUMBER = r"([0-9]{1,6}(?:[.,][0-9]{1,400})?)"
_DURATION = re.compile(
    rf"P(?=.)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_YEARS_PER_UNIT = (
    1.0,
    1 / 12,
    7 / DAYS_PER_YEAR,
    1 / DAYS_PER_YEAR,
    1 / (24 * DAYS_PER_YEAR),
    1 / (1_440 * DAYS_PER_YEAR),
    1 / (86_400 * DAYS_PER_YEAR),
)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9:.,+\-Zz ]*)?)?)?")

# Intervals of HPO 2025-01-16 (subclasses of HP:0003674 Onset), in years; the middle stands for the interval, and the
# lower bound for one without an upper bound. Onsets tied to childbirth or menopause name no age and are left out.
ONSET_YEARS = MappingProxyType(
    {
        "HP:0030674": 0.0,  # antenatal
        "HP:0011460": 0.0,  # embryonal
        "HP:0011461": 0.0,  # fetal
        "HP:0034199": 0.0,  # late first trimester
        "HP:0034198": 0.0,  # second trimester
        "HP:0034197": 0.0,  # third trimester
        "HP:0003577": 0.0,  # congenital
        "HP:0003623": 14 / DAYS_PER_YEAR,  # neonatal: 0 to 28 days
        "HP:0003593": (28 / DAYS_PER_YEAR + 1) / 2,  # infantile: 28 days to 1 year
        "HP:0011463": 3.0,  # childhood: 1 to 5
        "HP:0003621": 10.0,  # juvenile: 5 to 15
        "HP:0410280": (28 / DAYS_PER_YEAR + 16) / 2,  # paediatric: before 16, not neonatal
        "HP:0003581": 16.0,  # adult: from 16
        "HP:0011462": 28.0,  # young adult: 16 to 40
        "HP:0025708": 17.5,  # early young adult: 16 to 19
        "HP:0025709": 22.0,  # intermediate young adult: 19 to 25
        "HP:0025710": 32.5,  # late young adult: 25 to 40
        "HP:0003596": 50.0,  # middle age: 40 to 60
        "HP:0003584": 60.0,  # late: from 60
    }
)


def duration_years(text: str) -> float | None:
    """Years in an ISO 8601 duration such as `P12Y6M`, `P3W` or `P2DT12H`; None where it is not one or beyond 150 a."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None:
        return None
    years = _sum(tuple(float(part.replace(",", ".")) if part else 0.0 for part in match.groups()))
    return years if years <= MAX_YEARS else None


def duration_text(years: float) -> str:
    """Give the plainest ISO 8601 duration which `duration_years` reads back as exactly `years` (0..150)."""
    for text, parts in _plain_durations(years):
        if _sum(parts) == years:
            return text
    return f"P{Decimal(repr(years)):f}Y"


def _sum(parts: tuple[float, ...]) -> float:
    """Add up counted units, always in the order of `_YEARS_PER_UNIT`, so that a text and its years agree exactly."""
    return sum((count * unit for count, unit in zip(parts, _YEARS_PER_UNIT, strict=False)), 0.0)


def _plain_durations(years: float) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Durations in whole units near an age: years, years and months, then days."""
    whole = int(years)
    months = round((years - whole) * 12)
    days = round(years * DAYS_PER_YEAR)
    if whole:
        yield f"P{whole}Y", (float(whole),)
    if 0 < months < 12:
        text = f"P{whole}Y{months}M" if whole else f"P{months}M"
        yield text, (float(whole), float(months))
    yield f"P{days}D", (0.0, 0.0, 0.0, float(days))


def day_number(text: str) -> float | None:
    """Days since 0001-01-01 of an ISO date or date-time; the middle of the month or year where the day is not given.

    The time of day is ignored. None where the text is no date.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        return _middle(year or 0, month, day)
    except ValueError:
        return None


def _middle(year: int, month: int | None, day: int | None) -> float:
    if month is None:
        return date(year, 1, 1).toordinal() + 182.5
    if day is None:
        return date(year, month, 1).toordinal() + 15.0
    return float(date(year, month, day).toordinal())


def years_between(birth: float, moment: float) -> float | None:
    """Age in years at one day number, born at another; 0 before birth, None before conception or beyond 150 a."""
    years = (moment - birth) / DAYS_PER_YEAR
    if years * DAYS_PER_YEAR < -_GESTATION_DAYS or years > MAX_YEARS:
        return None
    return max(years, 0.0)
