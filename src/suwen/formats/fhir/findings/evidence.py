"""Evidence and chances as FHIR extensions, written and read: each pair of functions here undoes the other."""

from __future__ import annotations

from collections.abc import Mapping

from suwen.finding import Bearing, Chance, Evidence
from suwen.formats.document import Place
from suwen.formats.fhir.findings.addresses import Codes, Extensions
from suwen.formats.fhir.findings.elements import (
    coding_of,
    decimal_of,
    decimal_to,
    extension_of,
    extensions_of,
    integers_of,
    nested,
    percent_of,
    percent_to,
    said_of,
    said_to,
    set_code_of,
    value,
    value_coding,
)
from suwen.formats.fhir.nouns import Json
from suwen.knowledge.ucum import is_ucum
from suwen.subject import Atoms, Code, Measurement, Region, Span, Stretch

__all__ = ["chance_of", "chance_to", "evidence_of", "evidence_to", "region_of", "region_to"]

_Seen = Code | Measurement | Region | Stretch | Atoms | Span
_UCUM = "http://unitsofmeasure.org"
_BEARINGS = {one.value: one for one in Bearing}


def evidence_to(evidence: Mapping[str, Evidence]) -> Json:
    """One reason for a finding, by language."""
    one = evidence[""]
    return nested(
        Extensions.EVIDENCE,
        value("bearing", valueCoding={"system": Codes.BEARING.value, "code": one.bearing.value}),
        _seen_to({lang: each.seen for lang, each in evidence.items()}),
        value("weight", valueDecimal=decimal_to(one.weight)),
        *said_to("sentence", {lang: each.sentence for lang, each in evidence.items()}),
        *said_to("source", {lang: each.source for lang, each in evidence.items()}),
    )


def evidence_of(place: Place, lang: str) -> Evidence | None:
    """Read one reason in a language; None, with the problem reported, where it cannot be read."""
    parts = {name: extension_of(place, name) for name in ("bearing", "weight", "sentence", "source")}
    bearing = _BEARINGS.get(set_code_of(parts["bearing"], Codes.BEARING))
    weight = decimal_of(parts["weight"], "valueDecimal") if parts["weight"] is not None else None
    sentence, source = said_of(parts["sentence"], lang), said_of(parts["source"], lang)
    seen = _seen_of(place, lang)
    if bearing is None or weight is None or seen is None or not sentence.strip() or not source.strip():
        place.report("", "evidence needs a known bearing, what was seen, a weight, a sentence and a source")
        return None
    return Evidence(bearing, seen, weight, sentence, source)


# What was seen


def _seen_to(seen: Mapping[str, _Seen]) -> Json:
    one = seen[""]
    match one:
        case Code():
            return value("code", **value_coding(_codes(seen)))
        case Measurement():
            return _measurement_to(one, _codes(seen))
        case Region():
            return region_to(one)
        case Stretch():
            times = (value("start", valueDecimal=decimal_to(one.start)), value("end", valueDecimal=decimal_to(one.end)))
            leads = [value("lead", valueString=name) for name in one.leads]
            return nested(Extensions.STRETCH, *_string("signal", one.signal), *times, *leads)
        case Atoms():
            indices = [value("index", valueInteger=index) for index in one.indices]
            return nested(Extensions.ATOMS, *_string("smiles", one.smiles), *indices)
        case Span():
            ends = (value("start", valueInteger=one.start), value("end", valueInteger=one.end))
            return nested(Extensions.SPAN, *_string("document", one.document), *ends, *_string("text", one.text))


def _codes(seen: Mapping[str, _Seen]) -> dict[str, Code]:
    found = {lang: one.code if isinstance(one, Measurement) else one for lang, one in seen.items()}
    return {lang: one for lang, one in found.items() if isinstance(one, Code)}


def _seen_of(place: Place, lang: str) -> _Seen | None:
    readers = {
        "code": lambda one: coding_of(one.inner("valueCoding"), lang),
        Extensions.MEASUREMENT.value: lambda one: _measurement_of(one, lang),
        Extensions.REGION.value: region_of,
        Extensions.STRETCH.value: _stretch_of,
        Extensions.ATOMS.value: _atoms_of,
        Extensions.SPAN.value: _span_of,
    }
    found = [(reader, one) for url, reader in readers.items() if (one := extension_of(place, url)) is not None]
    if len(found) != 1:
        return None
    reader, one = found[0]
    seen: _Seen | None = reader(one)
    return seen


def _string(url: str, text: str) -> list[Json]:
    return [value(url, valueString=text)] if text else []


def _string_of(place: Place, url: str) -> str:
    part = extension_of(place, url)
    return part.text("valueString") if part is not None else ""


def _measurement_to(one: Measurement, codes: Mapping[str, Code]) -> Json:
    quantity: Json = {"value": decimal_to(one.value)}
    if one.unit:
        quantity["unit"] = one.unit
    if is_ucum(one.unit):
        quantity |= {"system": _UCUM, "code": one.unit}
    return nested(Extensions.MEASUREMENT, value("code", **value_coding(codes)), value("value", valueQuantity=quantity))


def _measurement_of(place: Place, lang: str) -> Measurement | None:
    code, quantity = extension_of(place, "code"), extension_of(place, "value")
    measured = coding_of(code.inner("valueCoding"), lang) if code is not None else None
    inner = quantity.inner("valueQuantity") if quantity is not None else None
    number = decimal_of(inner, "value") if inner is not None else None
    if measured is None or inner is None or number is None:
        place.report("", "a measurement needs a code and a quantity")
        return None
    unit = inner.text("code") if inner.get("system") == _UCUM else ""
    return Measurement(measured, number, unit or inner.text("unit"))  # `unit` is for readers: others may word it anew


def region_to(region: Region) -> Json:
    """A place in an image."""
    low = [value("low", valueInteger=one) for one in region.low]
    high = [value("high", valueInteger=one) for one in region.high]
    return nested(Extensions.REGION, *_string("image", region.image), *low, *high)


def region_of(place: Place) -> Region:
    """Read a place in an image."""
    return Region(_string_of(place, "image"), integers_of(place, "low"), integers_of(place, "high"))


def _stretch_of(place: Place) -> Stretch | None:
    parts = [extension_of(place, name) for name in ("start", "end")]
    times = [decimal_of(one, "valueDecimal") for one in parts if one is not None]
    start, end = times if len(times) == len(parts) else (None, None)
    if start is None or end is None:
        place.report("", "a stretch of a signal needs one start and one end")
        return None
    leads = tuple(one.text("valueString") for one in extensions_of(place, "lead"))
    return Stretch(_string_of(place, "signal"), start, end, leads)


def _atoms_of(place: Place) -> Atoms:
    return Atoms(_string_of(place, "smiles"), integers_of(place, "index"))


def _span_of(place: Place) -> Span | None:
    ends = [integers_of(place, name) for name in ("start", "end")]
    if [len(one) for one in ends] != [1, 1]:
        place.report("", "a span needs one start and one end")
        return None
    return Span(_string_of(place, "document"), ends[0][0], ends[1][0], _string_of(place, "text"))


# Chances


def chance_to(chances: Mapping[str, Chance], *, valued: bool) -> list[Json]:
    """A chance in percent, by language; `valued`: its value stands here, not in an element of the resource.

    Nothing for a chance of which nothing is known.
    """
    one = chances[""]
    shares = {"value": one.value if valued else None, "low": one.low, "high": one.high}
    parts = [value(name, valueDecimal=percent_to(share)) for name, share in shares.items() if share is not None]
    parts += said_to("calibration", {lang: each.calibration for lang, each in chances.items()})
    return [nested(Extensions.CHANCE, *parts)] if parts else []


def chance_of(place: Place, known: float | None, lang: str) -> Chance | None:
    """Read the chance of a resource in a language; `known` is the value that stands in an element of it.

    None, with the problem reported, where it cannot be one.
    """
    held = extension_of(place, Extensions.CHANCE)
    ends = {name: _share(held, name) for name in ("value", "low", "high")}
    low, high = ends["low"], ends["high"]
    if low is not None and high is not None and low > high:
        place.report("extension", "the interval's low end is above its high end")
        return None
    calibration = said_of(extension_of(held, "calibration"), lang)
    return Chance(ends["value"] if known is None else known, low, high, calibration)


def _share(place: Place | None, name: str) -> float | None:
    found = extension_of(place, name)
    return percent_of(found, "valueDecimal") if found is not None else None
