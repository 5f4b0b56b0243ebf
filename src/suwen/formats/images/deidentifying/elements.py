"""De-identification of elements: each gets its action, sequences are walked to the bottom, private ones are dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suwen.formats.images.deidentifying.dates import DUMMY, changed_time, safe_age
from suwen.formats.images.deidentifying.key import Pseudonyms, plain_number
from suwen.formats.images.deidentifying.nouns import DeidentifyOptions
from suwen.formats.images.deidentifying.table import action_of, is_safe_private, settled
from suwen.formats.images.deidentifying.text import MARK, Secrets, each_value, readable

__all__ = ["Cleaner"]

_TEXTS = frozenset(("LO", "SH", "ST", "LT", "UT", "UC"))
_TIMES = frozenset(DUMMY)
_BYTES = frozenset(("OB", "OW", "OF", "OD", "OL", "OV", "OB or OW"))
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_PATIENT_NAME, _PATIENT_ID, _PATIENT_AGE = 0x00100010, 0x00100020, 0x00101010
_CONTENT, _GRAPHICS, _AGREED = 0x0040A730, 0x00700001, 0x04000565
_OTHER_DUMMIES = {"AS": "000Y", "DS": "0", "IS": "0", "CS": "REMOVED", "AE": "REMOVED", "UR": "urn:removed"}
_NUMBERS = {"IS": re.compile(r"\s*[+-]?\d{1,10}\s*"), "DS": re.compile(r"\s*[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*")}
_CODE = re.compile(r"[A-Z0-9 _/.:+()\-]*", re.IGNORECASE)  # a little more than PS3.5 allows, as makers write it
# UIDs of these name a class, a syntax or a scheme that everybody shares, not an instance.
_SHARED_UID = re.compile(r"ClassUID|SyntaxUID|CodingSchemeUID|ContextUID|ResourceUID|CreatorUID|ClassesSupported")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
# Terms that the standard defines for structure; a person named Text or Contains takes nothing from them.
_DEFINED = frozenset(
    [
        "CONTAINER",
        "TEXT",
        "NUM",
        "CODE",
        "DATETIME",
        "DATE",
        "TIME",
        "UIDREF",
        "PNAME",
        "COMPOSITE",
        "IMAGE",
        "WAVEFORM",
        "SCOORD",
        "SCOORD3D",
        "TCOORD",
        "TABLE",
        "CONTAINS",
        "HAS",
        "YES",
        "NO",
        "ORIGINAL",
        "PRIMARY",
        "DERIVED",
        "SECONDARY",
        "AXIAL",
        "POINT",
        "CIRCLE",
        "POLYLINE",
        "SEPARATE",
        "CONTINUOUS",
    ]
)
_STANDARD_ROOT = "1.2.840.10008."


@dataclass(slots=True)
class Cleaner:
    """One object on its way: what is asked for, the pseudonyms, the secrets to look for, and what was counted."""

    options: DeidentifyOptions
    pseudonyms: Pseudonyms
    secrets: Secrets
    patient: str
    days: int
    types: Mapping[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def cleaned(self, dataset: Any, *, top: bool = True, dummies: bool = False) -> Any:
        """A new data set of the elements that stay; `dummies`: inside of a sequence with action D."""
        from pydicom.dataset import Dataset  # noqa: PLC0415

        found = Dataset()
        for tag in sorted(dataset.keys()):
            element = self._element(dataset, tag, top=top, dummies=dummies)
            if element is not None:
                found.add(element)
        if not top:
            found.is_undefined_length_sequence_item = getattr(dataset, "is_undefined_length_sequence_item", False)
        return found

    def _element(self, dataset: Any, tag: Any, *, top: bool, dummies: bool) -> Any:
        number = int(tag)
        if tag.is_private:
            return self._private(dataset, tag)
        if number & 0xFFFF == 0 or not _is_public(number):
            return self._without(tag)
        element = readable(dataset, tag)
        if element is None:
            self.counts["unreadable"] += 1
            return self._without(tag)
        if number in _PIXELS:
            return element if top else self._without(tag)
        action = action_of(number, self.options)
        if action is None:
            return self._kept(element, dummies)
        return self._acted(element, settled(action, self._needed(number, top)), dummies)

    def _needed(self, number: int, top: bool) -> int | None:
        """The type of an element: known at the top of objects of known classes, else unknown."""
        if not top or not self.types:
            return None
        return self.types.get(f"{number:08X}")

    def _without(self, tag: Any) -> None:
        if int(tag) & 0xFFFF:
            self.counts["P" if tag.is_private else "X"] += 1

    def _private(self, dataset: Any, tag: Any) -> Any:
        """A private element stays only where it is known to be safe, and its creator only beside such."""
        if not self.options.safe_private:
            return self._without(tag)
        if tag.is_private_creator:
            creator = readable(dataset, tag)
            # A name that the table knows is a maker's and no person's.
            numbers = [
                int(one) for one in list(dataset.keys()) if int(one) >> 8 == int(tag) >> 16 << 8 | int(tag) & 0xFF
            ]
            safe = creator is not None and any(is_safe_private(str(creator.value), one) for one in numbers)
            return creator if safe else self._without(tag)
        creator_tag = (tag.group << 16) | (tag.element >> 8)
        creator = str(dataset[creator_tag].value or "") if creator_tag in dataset else ""
        element = readable(dataset, tag) if is_safe_private(creator, int(tag)) else None
        return self._without(tag) if element is None else self._kept(element, False)

    def _acted(self, element: Any, action: str, dummies: bool) -> Any:
        """The element after its settled action."""
        number = int(element.tag)
        if number in {_PATIENT_NAME, _PATIENT_ID}:
            self.counts["D"] += 1
            return _with(element, self._patient_in(element))
        if action == "X" or (action == "D" and number in {_CONTENT, _GRAPHICS}):
            return self._without(element.tag)
        if action == "U":
            return self._renumbered(element, dummies)
        if action in {"K", "C"}:
            return self._retained(element, action, dummies)
        if action == "Z" and element.VR != "PN":
            self.counts["Z"] += 1
            return _with(element, [] if element.VR == "SQ" else _empty(element.VR))
        return self._dummy(element, emptied=action == "Z")

    def _patient_in(self, element: Any) -> str:
        """The pseudonym of the patient; for another patient's number (in a reference to one) that one's own."""
        number = plain_number(element.value) if int(element.tag) == _PATIENT_ID else ""
        return self.pseudonyms.patient(number) if number else self.patient

    def _retained(self, element: Any, action: str, dummies: bool) -> Any:
        if action == "K" and element.VR == "UI":
            return self._shared(element, retained=True)
        self.counts["C"] += action == "C" and element.VR not in _TIMES
        return self._kept(element, dummies)

    def _renumbered(self, element: Any, dummies: bool) -> Any:
        if element.VR == "SQ":
            return self._kept(element, dummies)
        self.counts["U"] += 1
        return _with(element, _same_shape([self.pseudonyms.uid(str(one)) for one in each_value(element) if one]))

    def _dummy(self, element: Any, *, emptied: bool = False) -> Any:
        """A value that says nothing, of the same representation; a sequence keeps its items, dummies inside."""
        self.counts["Z" if emptied else "D"] += 1
        if emptied:
            return _with(element, _empty(element.VR))
        if element.VR == "SQ":
            return self._sequence(element, dummies=True)
        if element.VR == "UI":
            return _with(element, _same_shape([self.pseudonyms.uid(str(one)) for one in each_value(element) if one]))
        return _with(element, self._stand_in(element))

    def _stand_in(self, element: Any) -> Any:
        if int(element.tag) == _AGREED:
            return "CORRECT"
        if element.VR in _TIMES:
            return DUMMY[element.VR]
        if element.VR in _OTHER_DUMMIES:
            return _OTHER_DUMMIES[element.VR]
        if element.VR in _TEXTS or element.VR == "PN":
            return "REMOVED"
        return b"\0\0" if element.VR in _BYTES or element.VR == "UN" else 0

    def _sequence(self, element: Any, *, dummies: bool) -> Any:
        from pydicom.sequence import Sequence  # noqa: PLC0415

        items = Sequence(self.cleaned(item, top=False, dummies=dummies) for item in element.value or ())
        found = _with(element, items)
        found.is_undefined_length = getattr(element, "is_undefined_length", False)
        return found

    def _kept(self, element: Any, dummies: bool) -> Any:
        """An element that stays, after what its value representation demands; None where nothing of it may stay."""
        vr = element.VR
        if vr == "SQ":
            return self._sequence(element, dummies=dummies)
        if vr == "PN" or (dummies and vr in _TEXTS):
            return self._dummy(element)
        if self._goes(element):
            return self._without(element.tag)
        if vr in _TIMES:
            return self._moved(element)
        return self._shared(element) if vr == "UI" else self._text(element)

    def _goes(self, element: Any) -> bool:
        """Bytes that hold a name or number, bytes of no known meaning, addresses, and titles of network nodes."""
        if element.VR in _BYTES:
            return self.secrets.within(_raw(element.value))
        return element.VR in {"UN", "UR"} or (element.VR == "AE" and not self.options.device)

    def _moved(self, element: Any) -> Any:
        self.counts["C"] += 1
        dates = self.options.dates
        values = [changed_time(str(one), element.VR, dates, self.days) for one in each_value(element)]
        return _with(element, _same_shape(values))

    def _shared(self, element: Any, *, retained: bool = False) -> Any:
        """UIDs of the standard and of classes and schemes stay where no number of the patient is in them."""
        values = [str(one) for one in each_value(element)]
        changed = [
            one if self._may_stay(one, element.keyword, retained) else self.pseudonyms.uid(one) for one in values if one
        ]
        self.counts["U"] += changed != values
        return _with(element, _same_shape(changed))

    def _may_stay(self, uid: str, keyword: str, retained: bool) -> bool:
        if not re.fullmatch(r"[0-9.]+", uid) or self.secrets.within(uid.encode()):
            return False
        return retained or self.options.uids or uid.startswith(_STANDARD_ROOT) or bool(_SHARED_UID.search(keyword))

    def _text(self, element: Any) -> Any:
        """Texts, codes, ages and numbers as text, each searched; numbers in binary form stay."""
        vr = element.VR
        if vr not in _TEXTS | {"CS", "AS", "IS", "DS", "AE"}:
            return element
        before = [str(one) for one in each_value(element)]
        after = [self._safe_text(one, vr) for one in before]
        if after == before:
            return element
        self.counts["S"] += 1
        return _with(element, _same_shape(after))

    def _safe_text(self, text: str, vr: str) -> str:
        if vr in _TEXTS:
            # Control characters: a damaged length has swallowed the elements that follow, names among them.
            return MARK if _CONTROL.search(text.rstrip("\0")) else self.secrets.scrub(text)
        if vr == "CS" and text.strip() in _DEFINED:
            return text
        if vr == "AS":
            return safe_age(text)
        if vr in _NUMBERS:
            return text if _NUMBERS[vr].fullmatch(text) and not self.secrets.within(text.encode()) else ""
        known = (vr == "CS" and not _CODE.fullmatch(text)) or (len(text) > 2 and self.secrets.scrub(text) != text)
        return "" if known else text


def _is_public(number: int) -> bool:
    """Whether the public dictionary knows the element; curves and overlays go whole: no bitmap can be cleaned."""
    from pydicom.datadict import dictionary_has_tag, repeater_has_tag  # noqa: PLC0415

    if number >> 24 in {0x50, 0x60} and number >> 16 & 0xFF <= 0x1E and number >> 16 not in {0x0050, 0x0060}:
        return False
    return bool(dictionary_has_tag(number) or repeater_has_tag(number) or action_of(number, DeidentifyOptions()))


def _with(element: Any, value: Any) -> Any:
    from pydicom.dataelem import DataElement  # noqa: PLC0415

    return DataElement(element.tag, element.VR, value)


def _empty(vr: str) -> Any:
    return None if vr in _BYTES or vr == "UN" else ""


def _same_shape(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values or ""


def _raw(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""
