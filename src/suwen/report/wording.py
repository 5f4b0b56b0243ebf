"""Numbers, ages and seen things put into words, the same on paper, on screen and in the terminal."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_right

from suwen.finding import Bearing, Evidence, Finding, Maker
from suwen.report.nouns import NONE_OF_THESE
from suwen.report.strings import Language, phrase
from suwen.subject import Atoms, Code, Feature, Measurement, Region, Span, Stretch

__all__ = [
    "age_text",
    "chance_text",
    "chance_word",
    "disease_name",
    "evidence_sum",
    "feature_name",
    "interval_text",
    "maker_text",
    "onset_text",
    "percent",
    "plain",
    "ratio_text",
    "region_text",
    "seen_text",
    "signed",
]

DAYS_PER_YEAR = 365.25
_WORD_ENDS = (0.01, 0.1, 0.33, 0.66, 0.9, 0.99)
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_ABSENT = (Bearing.AGAINST_EXCLUDED, Bearing.SUPPORTS_EXCLUDED)


def chance_text(value: float | None, lang: Language) -> str:
    """Word a probability with one decimal; never "0.0%" or "100.0%", since no model can promise either."""
    if value is None:
        return phrase("unknown", lang)
    if value < 0.001:
        return "<0.1%"
    return ">99.9%" if value > 0.999 else f"{value * 100:.1f}%"


def chance_word(value: float, lang: Language) -> str:
    """Word a probability without its number, on the scale of the IPCC's guidance on uncertainties (2010)."""
    return phrase(f"chance_{bisect_right(_WORD_ENDS, value)}", lang)


def interval_text(low: float | None, high: float | None, lang: Language) -> str:
    """Word the interval of a probability; empty where either end is unknown."""
    if low is None or high is None:
        return ""
    return phrase("interval_range", lang, low=chance_text(low, lang), high=chance_text(high, lang))


def percent(value: float | None, lang: Language) -> str:
    """Word a frequency or coverage in whole percent; a frequency that is small but not zero stays visible."""
    if value is None:
        return phrase("unknown", lang)
    return "<1%" if 0.0 < value < 0.01 else f"{value * 100:.0f}%"


def signed(weight: float, digits: int = 2) -> str:
    """Write a weight with its sign and a true minus; what rounds to zero has no sign."""
    text = f"{weight:+.{digits}f}"
    return text[1:] if float(text) == 0.0 else text.replace("-", "−")


def ratio_text(weight: float) -> str:
    """Write 10 ** weight with two significant digits: as a fraction below 1, with a power of ten from a million on."""
    exponent = math.floor(abs(weight))
    digits = round(10 ** (abs(weight) - exponent), 1)
    if digits >= 10:  # 9.96 has become 10.0
        digits, exponent = 1.0, exponent + 1
    if exponent >= 6:
        number = f"{digits:.1f} × 10{str(exponent).translate(_SUPERSCRIPT)}"
        return f"≈ {number}" if weight >= 0 else f"≈ 1 / ({number})"
    value = digits * 10**exponent
    number = f"{value:,.0f}" if exponent else f"{value:.1f}"
    return f"≈ {number}" if weight >= 0 or number == "1.0" else f"≈ 1 / {number}"


def evidence_sum(finding: Finding) -> float:
    """Sum of a finding's weights: log10 of posterior over prior, before normalisation over all diseases."""
    return math.fsum(evidence.weight for evidence in finding.evidence)


def age_text(years: float, lang: Language) -> str:
    """Word an age in the unit clinicians use for it: days under a month, months under two years, else years."""
    if years >= 2:
        return phrase("age_years", lang, n=f"{math.floor(years * 10 + 1e-9) / 10:g}")
    if years >= 1 / 12:
        return phrase("age_months", lang, n=math.floor(years * 12 + 1e-9))
    return phrase("age_days", lang, n=math.floor(years * DAYS_PER_YEAR + 1e-9))


def onset_text(feature: Feature, lang: Language) -> str:
    """Word when a feature began; empty where unknown."""
    if feature.onset_years is None:
        return ""
    if feature.onset_years <= 0:
        return phrase("onset_birth" if feature.onset_years == 0 else "onset_antenatal", lang)
    return phrase("onset", lang, age=age_text(feature.onset_years, lang))


def feature_name(code: Code) -> str:
    """Name a code for a reader: its label, or its value where it has none."""
    return code.label or code.value


def disease_name(code: Code, lang: Language) -> str:
    """Name a ranked disease; "none of these" is named in the page's language whatever its label says."""
    return phrase("none_of_these", lang) if code.value == NONE_OF_THESE else feature_name(code)


def maker_text(maker: Maker, lang: Language) -> str:
    """Name who made something: a model with its version and the digest of its data, or a person."""
    parts = [maker.name]
    if maker.version:
        parts.append(phrase("version", lang, version=maker.version))
    if maker.data_digest:
        parts.append(phrase("digest", lang, digest=maker.data_digest))
    return " · ".join(parts)


def seen_text(evidence: Evidence, lang: Language) -> str:
    """Name what was seen; a feature that counts because it is absent says so."""
    name = _seen_name(evidence.seen, lang)
    return phrase("absent", lang, name=name) if evidence.bearing in _ABSENT else name


def _seen_name(seen: Code | Measurement | Region | Stretch | Atoms | Span, lang: Language) -> str:
    if isinstance(seen, Code):
        return feature_name(seen)
    if isinstance(seen, Measurement):
        return f"{feature_name(seen.code)} {_value_text(seen, lang)}"
    if isinstance(seen, Region):
        return region_text(seen, lang)
    if isinstance(seen, Stretch):
        return stretch_text(seen, lang)
    if isinstance(seen, Atoms):
        return phrase("seen_atoms", lang, smiles=seen.smiles, indices=", ".join(map(str, seen.indices)))
    return phrase("seen_span", lang, text=seen.text)


def _value_text(seen: Measurement, lang: Language) -> str:
    if seen.unit == "a":
        return age_text(seen.value, lang)
    unit = "" if seen.unit == "1" else f" {seen.unit}"  # UCUM writes what has no unit so
    return f"{seen.value:g}{unit}"


def stretch_text(stretch: Stretch, lang: Language) -> str:
    """Name a place in a signal."""
    when = f"{stretch.start:.2f}" if stretch.start == stretch.end else f"{stretch.start:.2f}–{stretch.end:.2f}"
    if not stretch.leads:
        return phrase("seen_stretch", lang, when=when)
    return phrase("seen_stretch_in", lang, when=when, leads=("、" if lang == "zh" else ", ").join(stretch.leads))


def region_text(region: Region, lang: Language) -> str:
    """Name a place in an image."""
    box = " × ".join(f"{low}–{high}" for low, high in zip(region.low, region.high, strict=True))
    return phrase("seen_region", lang, image=region.image, box=box)


def plain(text: str) -> str:
    """Replace control, format and surrogate characters, which could drive a terminal; white space becomes a blank."""
    if text.isprintable():  # no control, format or surrogate character, and no white space but the blank
        return text
    return "".join(_plain_letter(letter) for letter in text)


def _plain_letter(letter: str) -> str:
    if letter.isspace():
        return " "
    return "\ufffd" if unicodedata.category(letter) in {"Cc", "Cf", "Cs"} else letter
