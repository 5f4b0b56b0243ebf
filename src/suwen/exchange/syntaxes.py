"""Transfer syntaxes: which lose nothing, and how an object is put into another one without loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from suwen.errors import FormatError, MissingExtraError
from suwen.exchange.quiet import hushed, pydicom

__all__ = ["EXPLICIT", "IMPLICIT", "PLAIN", "RECEIVED", "converted", "name_of_syntax", "ways_out"]

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
PLAIN = (EXPLICIT, IMPLICIT)
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

# PS3.5 section 10 and annex A: only these promise that the decoded pixels are those that were encoded. JPEG 2000
# (.4.91) may or may not, so it counts as lossy here.
_LOSSLESS = (
    "1.2.840.10008.1.2.5",  # RLE
    "1.2.840.10008.1.2.4.57",  # JPEG, process 14
    "1.2.840.10008.1.2.4.70",  # JPEG, process 14, selection value 1
    "1.2.840.10008.1.2.4.80",  # JPEG-LS
    "1.2.840.10008.1.2.4.90",  # JPEG 2000
    "1.2.840.10008.1.2.4.201",  # High-Throughput JPEG 2000
    "1.2.840.10008.1.2.4.202",
)
_LOSSY = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.100",  # MPEG-2, MPEG-4, HEVC: video
    "1.2.840.10008.1.2.4.101",
    "1.2.840.10008.1.2.4.102",
    "1.2.840.10008.1.2.4.103",
    "1.2.840.10008.1.2.4.104",
    "1.2.840.10008.1.2.4.105",
    "1.2.840.10008.1.2.4.106",
    "1.2.840.10008.1.2.4.107",
    "1.2.840.10008.1.2.4.108",
)
# What a receiver takes, best first. Threat: deflated objects are left out, for a few bytes of them may inflate to fill
# the memory.
RECEIVED = (*PLAIN, *_LOSSLESS, *_LOSSY, _BIG_ENDIAN)


def ways_out(syntax: str) -> tuple[str, ...]:
    """Transfer syntaxes into which an object can be put without loss, best first; its own is not among them."""
    if syntax in _LOSSLESS or syntax == _DEFLATED:
        return PLAIN
    return tuple(one for one in PLAIN if one != syntax) if syntax in PLAIN else ()


def converted(file: Path) -> Any:
    """The object of a file without compression, its UIDs unchanged, as a pydicom Dataset; implicit is as good.

    Raises FormatError where its pixels cannot be decoded, MissingExtraError where no decoder is installed.
    """
    with hushed():
        try:
            dataset = pydicom().dcmread(file)
            if dataset.file_meta.TransferSyntaxUID in _LOSSLESS:
                # The SOP instance UID stays: the same image, decoded without loss (PS3.4 C.6.1.1 and A.4.1.3).
                dataset.decompress(as_rgb=False, generate_instance_uid=False)
            elif dataset.file_meta.TransferSyntaxUID == _DEFLATED:
                dataset.file_meta.TransferSyntaxUID = pydicom().uid.UID(EXPLICIT)
        except RuntimeError as reason:
            if "plugin" in str(reason) or "missing" in str(reason):
                raise MissingExtraError("a decoder of this transfer syntax", "imaging") from None
            raise FormatError("the pixels cannot be decoded") from None
        except (AttributeError, ValueError, TypeError, KeyError, EOFError, OSError, NotImplementedError):
            raise FormatError("the pixels cannot be decoded") from None
    return dataset


def name_of_syntax(syntax: str) -> str:
    """The name of a transfer syntax, or its UID where it is not known."""
    return str(pydicom().uid.UID(syntax).name)
