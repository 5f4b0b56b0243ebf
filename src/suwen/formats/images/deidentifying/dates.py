"""Dates, times and ages of DICOM: moved by days, replaced, or checked, in the writing of their value representation."""

from __future__ import annotations

import re
from datetime import date, timedelta

from suwen.formats.images.deidentifying.nouns import Dates

__all__ = ["DUMMY", "changed_time", "safe_age"]

DUMMY = {"DA": "19000101", "DT": "19000101000000", "TM": "000000"}
"""What stands where a date or time must stand and may not be known (PS3.15 E.1.1, action D)."""

_DATE = re.compile(r"\s*(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})\s*")
_MOMENT = re.compile(r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?\s*")
_TIME = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)?:?([0-5]\d|60)?(\.\d{1,6})?\s*")
_AGE = re.compile(r"(\d{3})([DWMY])\s*")
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}


def changed_time(value: str, vr: str, dates: Dates, days: int) -> str:
    """A value of DA, DT or TM after de-identification; empty where it is none of these (such may hold anything).

    Whole days are taken off, so that intervals stay, those across midnight too; a zone stays as it is. Times of day
    stay where dates are moved. A DT of a year or a month alone keeps that precision.
    """
    moved = _moved(value.strip("\0 "), vr, days if dates is Dates.SHIFT else 0)
    return DUMMY[vr] if moved and dates is Dates.REMOVE else moved


def _moved(value: str, vr: str, days: int) -> str:
    if vr == "TM":
        return value if _TIME.fullmatch(value) else ""
    found = (_DATE if vr == "DA" else _MOMENT).fullmatch(value)
    if found is None:
        return ""
    year, month, day = (found[part] for part in (1, 2, 3))
    # A month alone is taken at its middle: the error of the interval is then half a month at most.
    start = _day(int(year), int(month or 7), int(day or (15 if month else 1)))
    if start is None:
        return ""
    text = (start - timedelta(days=days)).strftime("%Y%m%d").zfill(8)
    if vr == "DA":
        return text
    return text[: 8 if day else 6 if month else 4] + found[4] + (found[5] or "")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if year > 2 else None


def safe_age(value: str) -> str:
    """An age (AS), 090Y where it is over 89 years (45 CFR 164.514(b)(2)(i)(C)); empty where it is no age."""
    found = _AGE.fullmatch(value.strip("\0"))
    if found is None:
        return ""
    return "090Y" if int(found[1]) * _DAYS[found[2]] >= 90 * 365.25 else found[1] + found[2]
