"""Names of leads in standard spelling, units of voltage in millivolts, and which channels are no electrocardiogram."""

from __future__ import annotations

import re

__all__ = ["TWELVE", "is_other_signal", "millivolts", "standard_lead"]

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")

_KNOWN = (
    *TWELVE,
    *("V7", "V8", "V9", "V1R", "V2R", "V3R", "V4R", "V5R", "V6R", "V7R", "V8R", "V9R", "-aVR"),
    *("MLI", "MLII", "MLIII", "MV1", "MV2", "MV5", "MCL1", "MCL6", "CM2", "CM4", "CM5", "CC5", "CS5", "CB5"),
    *("X", "Y", "Z", "ES", "AS", "AI", "ECG", "D", "A", "J", "LA", "RA", "LL", "VF", "VL", "VR"),
)
_SPELLED = {name.upper(): name for name in _KNOWN} | {
    **{f"D{name}": name for name in ("I", "II", "III")},
    **{f"L{name}": name for name in ("I", "II", "III")},
    **{f"V0{number}": f"V{number}" for number in range(1, 10)},
    **{f"C{number}": f"V{number}" for number in range(1, 7)},
    "1": "I",
    "2": "II",
    "3": "III",
    "MODII": "MLII",
    "EKG": "ECG",
    "VX": "X",
    "VY": "Y",
    "VZ": "Z",
}
_PREFIX = re.compile(
    r"^(MDC[_ ]ECG[_ ]LEAD[_ ]|(ECG|EKG|LEAD|CHANNEL)[\s_:.\-]+|(ECG|EKG)(?=\d|V\d|AV))", re.IGNORECASE
)
_SUFFIX = re.compile(r"\s*(\((EINTHOVEN|GOLDBERGER|WILSON)[^)]*\)|[\s\-_]+(EINTHOVEN|GOLDBERGER|WILSON|LEAD))$", re.I)
_OTHER = re.compile(
    r"^(EEG|EMG|EOG|ERG|MEG|RESP|PLETH|PPG|SPO2|SAO2|ABP|ART|PAP|CVP|ICP|BP|CO2|TEMP|FLOW|SOUND|STATUS|EVENT|TRIGGER)"
    r"|ANNOTATIONS$|MARKER",
    re.IGNORECASE,
)
# Units of voltage as they are written, without case where that cannot deceive: "MV" is no megavolt in a recording.
_MILLIVOLTS = {
    "mv": 1.0,
    "millivolt": 1.0,
    "millivolts": 1.0,
    "uv": 1e-3,
    "µv": 1e-3,
    "μv": 1e-3,
    "microvolt": 1e-3,
    "microvolts": 1e-3,
    "nv": 1e-6,
    "nanovolt": 1e-6,
    "v": 1e3,
    "volt": 1e3,
    "volts": 1e3,
}
_LONGEST = 24


def standard_lead(name: str) -> str:
    """A name in standard spelling ("ecg lead avr" → "aVR"); an unknown one is tidied and cut, "" stays ""."""
    tidy = re.sub(r"\s+", " ", "".join(mark for mark in name if mark.isprintable())).strip()
    bare, before = tidy, ""
    while bare != before:
        before, bare = bare, _SUFFIX.sub("", _PREFIX.sub("", bare)).strip()
    return _SPELLED.get(re.sub(r"[\s_.]", "", bare).upper(), tidy[:_LONGEST].strip())


def is_other_signal(name: str) -> bool:
    """Whether a channel's name says that it is no electrocardiogram: pressure, breathing, brain, muscle, markers."""
    return _OTHER.search(name.strip()) is not None


def millivolts(unit: str) -> float | None:
    """How many millivolts one of this unit is; None where it is no known unit of voltage."""
    return _MILLIVOLTS.get(unit.strip().lower())
