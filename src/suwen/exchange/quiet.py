"""The libraries that speak DICOM, loaded on first use and kept from logging what they carry."""

from __future__ import annotations

import contextlib
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

from suwen.errors import MissingExtraError

__all__ = ["dicomweb_client", "hushed", "pydicom", "pynetdicom", "unreadable"]

_SILENT = logging.CRITICAL + 1


_WARNINGS = threading.RLock()


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """No warnings of pydicom, which quote the values they find fault with.

    One thread at a time: the list of filters belongs to the whole process, and two that put it back in the wrong order
    would leave it changed.
    """
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pynetdicom() -> Any:
    """pynetdicom, silent. Raises MissingExtraError.

    Threat: by default it logs the identifiers of queries and answers, which name patients, to whatever handler the
    program has installed.
    """
    try:
        import pynetdicom as library  # noqa: PLC0415
        from pynetdicom import _config  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pynetdicom", "imaging") from None
    _silence("pynetdicom", "pydicom")
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.STORE_SEND_CHUNKED_DATASET = True  # a file goes out as it is, without being decoded or held in memory
    return library


def pydicom() -> Any:
    """pydicom, silent. Raises MissingExtraError."""
    try:
        import pydicom as library  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pydicom", "imaging") from None
    _silence("pydicom")
    return library


def dicomweb_client() -> Any:
    """dicomweb-client, silent together with what it stands on. Raises MissingExtraError.

    Threat: both log addresses, whose query part may hold a patient's name.
    """
    try:
        import dicomweb_client as library  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("dicomweb-client", "imaging") from None
    _silence("dicomweb_client", "urllib3", "pydicom")
    return library


def unreadable() -> tuple[type[Exception], ...]:
    """What pydicom raises on bytes that are no DICOM, or hostile (RecursionError: sequences in sequences)."""
    wrong = (ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, ArithmeticError, AssertionError)
    return (pydicom().errors.InvalidDicomError, struct.error, zlib.error, RuntimeError, MemoryError, *wrong)


def _silence(*names: str) -> None:
    known = [name for name in logging.Logger.manager.loggerDict if name.split(".")[0] in names]
    for name in (*names, *known):  # a child with a level of its own would speak all the same
        logging.getLogger(name).setLevel(_SILENT)
