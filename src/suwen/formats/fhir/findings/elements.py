"""The small pieces findings are made of in FHIR, written and read: exact decimals, texts by language, codings.

By language: a mapping from language tag to a text or noun, with what it is in the base language under "".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from suwen.errors import InputError
from suwen.formats.document import Place
from suwen.formats.fhir.findings.addresses import TRANSLATION, Codes, Extensions
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.terms.terminology import code_of, coding
from suwen.subject import Code

__all__ = [
    "coding_of",
    "concept_of",
    "concept_to",
    "decimal_of",
    "decimal_to",
    "extension_of",
    "extensions_of",
    "instant_of",
    "instant_to",
    "integers_of",
    "nested",
    "number_of",
    "percent_of",
    "percent_to",
    "said_of",
    "said_to",
    "set_code_of",
    "text_of",
    "text_to",
    "value",
    "value_coding",
]

_OWN = {"suwen": Codes.SUWEN.value, "suwen-issue": Codes.ISSUE.value}
_OWN_PREFIXES = {url: prefix for prefix, url in _OWN.items()}
_CODE = re.compile(r"[^\s]+( [^\s]+)*")  # FHIR's type `code`
_MARK = "claim"  # id of the coding that is ours, in a CodeableConcept to which others may have added theirs

# Extensions


def value(url: Extensions | str, **member: Any) -> Json:
    """An extension with one member, such as `valueInteger=3`."""
    return {"url": url.value if isinstance(url, Extensions) else url, **member}


def nested(url: Extensions, *parts: Json) -> Json:
    """An extension made of extensions."""
    return {"url": url.value, "extension": list(parts)}


def extensions_of(place: Place | None, url: Extensions | str) -> list[Place]:
    """All extensions of an element with this address; none for no element."""
    name = url.value if isinstance(url, Extensions) else url
    return [one for one in place.entries("extension") if one.get("url") == name] if place is not None else []


def extension_of(place: Place | None, url: Extensions | str) -> Place | None:
    """The extension with this address; reports where there are several, for nobody could say which one counts."""
    found = extensions_of(place, url)
    if len(found) > 1:
        found[1].report("url", "this extension stands here twice; keep one of them")
    return found[0] if found else None


# Numbers: every float has one shortest decimal (repr), and that decimal gives the float back bit for bit


def decimal_to(number: float) -> Decimal:
    """The shortest decimal that is this number and no other."""
    return _shifted(Decimal(repr(float(number))), 0)


def percent_to(share: float) -> Decimal:
    """A share of 1 in percent: the same digits with the point two places on, so that nothing is rounded."""
    return _shifted(Decimal(repr(float(share))), 2)


def decimal_of(place: Place, name: str) -> float | None:
    """Read a number; None where there is none or it is no number that a float can hold."""
    return _float(place, name, 0)


def percent_of(place: Place, name: str) -> float | None:
    """Read percent as a share of 1; None where there is none or it is no share."""
    share = _float(place, name, -2)
    if share is not None and not 0.0 <= share <= 1.0:
        place.report(name, "a probability lies between 0 and 100 percent")
        return None
    return share


def number_of(place: Place, name: str) -> int | None:
    """Read a whole number; None where there is none or it is something else."""
    found = place.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    if found is not None:
        place.report(name, "a whole number is expected")
    return None


def integers_of(place: Place, url: str) -> tuple[int, ...]:
    """The whole numbers of extensions that repeat, in their order."""
    found = [number_of(one, "valueInteger") for one in extensions_of(place, url)]
    if None in found:
        place.report("extension", f"a {url} is not a whole number")
    return tuple(one for one in found if one is not None)


def _shifted(number: Decimal, places: int) -> Decimal:
    """Move the point by hand, since arithmetic of decimals rounds to whatever precision the thread has set."""
    sign, digits, exponent = number.as_tuple()
    power = int(exponent) + places  # a string for what is not finite, which `require_writable` lets nobody bring here
    if 0 <= power <= 15:  # 50.0 rather than 5E+1, and never without a point, which would lose the sign of -0.0
        digits, power = (*digits, *(0,) * (power + 1)), -1
    return Decimal((sign, digits, power))


def _float(place: Place, name: str, places: int) -> float | None:
    found = place.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        place.report(name, "a number is expected")
        return None
    number = Decimal(repr(found)) if isinstance(found, float) else Decimal(found)
    read = float(_shifted(number, places)) if number.is_finite() else math.inf
    if math.isfinite(read):
        return read
    place.report(name, "a finite number of ordinary size is expected")
    return None


# Texts


def text_to(name: str, texts: Mapping[str, str], *, every: bool = False) -> Json:
    """A member such as `valueString`, with the other languages beside it as HL7's translation extension.

    A language in which the text is the same is left out, unless `every` one is to be told from the text alone.
    """
    base = texts[""]
    others = [_other(lang, text) for lang, text in texts.items() if lang and (every or text != base)]
    return ({name: base} if base else {}) | ({f"_{name}": {"extension": others}} if others else {})


def text_of(place: Place, name: str, lang: str) -> str:
    """A text in a language; as it is where it was not translated."""
    beside = place.inner(f"_{name}") if lang else None
    if lang in [one.get("valueCode") for one in extensions_of(beside, Extensions.UNSAID)]:
        return ""
    for one in extensions_of(beside, TRANSLATION):
        tag = extension_of(one, "lang")
        if tag is not None and tag.text("valueCode") == lang:
            content = extension_of(one, "content")
            return content.text("valueString") if content is not None else ""
    return place.text(name)


def said_to(url: str, texts: Mapping[str, str]) -> list[Json]:
    """An extension that says something; none where there is nothing to say.

    It is the text of a CodeableConcept, since some FHIR libraries have no place for the translations of an extension's
    own `valueString`.
    """
    text = text_to("text", texts)
    return [value(url, valueCodeableConcept=text)] if text else []


def said_of(place: Place | None, lang: str) -> str:
    """What an extension says in a language; "" for none."""
    concept = place.inner("valueCodeableConcept") if place is not None else None
    return text_of(concept, "text", lang) if concept is not None else ""


def _other(lang: str, text: str) -> Json:
    if not text:
        return value(Extensions.UNSAID, valueCode=lang)
    return {"url": TRANSLATION, "extension": [value("lang", valueCode=lang), value("content", valueString=text)]}


# Codes


def concept_to(codes: Mapping[str, Code]) -> Json:
    """A CodeableConcept of one code."""
    return {"coding": [{"id": _MARK, **_coding(codes)}], **text_to("text", _labels(codes))}


def value_coding(codes: Mapping[str, Code]) -> Json:
    """The member `valueCoding`."""
    return {"valueCoding": _coding(codes)}


def concept_of(place: Place | None, lang: str) -> Code | None:
    """The code of a CodeableConcept that `concept_to` wrote, whatever codings others have added."""
    codings = place.entries("coding") if place is not None else []
    marked = [one for one in codings if one.get("id") == _MARK] or codings
    if len(marked) != 1:
        return None
    return coding_of(marked[0], lang)


def coding_of(place: Place | None, lang: str) -> Code | None:
    """The code of a Coding in a language."""
    if place is None:
        return None
    written = extension_of(place, Extensions.WRITTEN)
    found = written.text("valueString") if written is not None else _code_of(place)
    if not found:
        place.report("", "not a code of a terminology that is known here")
        return None
    return Code(found, text_of(place, "display", lang))


def set_code_of(place: Place | None, codes: Codes) -> str:
    """The code of a coding in a code system of ours, such as a bearing; "" for none."""
    coding = place.inner("valueCoding") if place is not None else None
    return coding.text("code") if coding is not None and coding.text("system") == codes.value else ""


def _labels(codes: Mapping[str, Code]) -> dict[str, str]:
    return {lang: code.label for lang, code in codes.items()}


def _coding(codes: Mapping[str, Code]) -> Json:
    return _bare(codes[""].value) | text_to("display", _labels(codes))


def _bare(code: str) -> Json:
    """The way its terminology has it; as it is, without a system, where there is none."""
    prefix, _, local = code.partition(":")
    if prefix in _OWN and _CODE.fullmatch(local):
        return {"system": _OWN[prefix], "code": local}
    try:
        return coding(Code(code))
    except InputError:  # its prefix names no terminology, such as PMID, or it is none of that terminology's codes
        return {"code": code} if _CODE.fullmatch(code) else {"extension": [value(Extensions.WRITTEN, valueString=code)]}


def _code_of(place: Place) -> str:
    system, local = place.text("system"), place.text("code")
    if not system or not local:
        return local
    if system in _OWN_PREFIXES:
        return f"{_OWN_PREFIXES[system]}:{local}"
    read = code_of({"system": system, "code": local})
    return read.value if read is not None else ""


# Times


def instant_to(at: datetime) -> str:
    """FHIR's `instant`, in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def instant_of(place: Place, name: str) -> datetime | None:
    """An `instant` in UTC; None where there is none or it is no time."""
    text = place.text(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # the second: a time zone would carry it before year 1 or past 9999
        pass
    place.report(name, "not a FHIR instant", "write it like 2026-01-31T12:00:00Z")
    return None
