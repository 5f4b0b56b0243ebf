"""The noun of the audit log: one event, and its one way of being written as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from json import JSONDecoder
from json.encoder import encode_basestring
from math import isfinite
from operator import itemgetter
from typing import Any

from suwen.errors import InputError, TamperError

__all__ = ["Detail", "Event", "EventKind", "Outcome", "decode", "encode"]

Detail = str | int | float | bool | None | Sequence[str | int | float | bool | None]
"""What a detail may hold: a JSON scalar or a flat list of them, read back as a list."""


class EventKind(Enum):
    """What happened. The values stand in sealed entries for ever: more may come, none is renamed or reused."""

    DECISION = "decision"  # access was asked for; the outcome is PERMIT or DENY
    OPEN = "open"  # a record was unsealed and shown
    QUERY = "query"  # records were searched
    SEAL = "seal"  # a record was written
    EXPORT = "export"  # data left the house
    ERASE = "erase"  # a key was destroyed, and with it what it sealed
    KEY = "key"  # a key was made, wrapped anew or retired
    LOGIN = "login"
    LOGOUT = "logout"
    ACCOUNT = "account"  # an account or its credentials were changed
    ROLE = "role"  # somebody's roles were changed
    CARE = "care"  # a care relationship was begun or ended
    DEVICE = "device"  # a device was registered, came in, or was revoked
    BREAK_GLASS = "break glass"  # access in an emergency was taken
    REVIEW = "review"  # a use of break-glass was judged
    BACKUP = "backup"
    RESTORE = "restore"
    VERIFY = "verify"  # the log was verified
    CHECK = "check"  # the store was checked
    AUDIT = "audit"  # the log itself was read
    START = "start"  # Suwen began to work on this store
    STOP = "stop"


class Outcome(Enum):
    """How it ended: a decision permits or denies, anything else succeeds or fails."""

    PERMIT = "permit"
    DENY = "deny"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `actor` did `act` to `subject` for `purpose`.

    `at` is in microseconds since 1970-01-01T00:00:00Z. `actor` is the id of a person or device, empty for Suwen itself;
    `subject` the id of a patient or of what else was acted on, empty for none. `purpose` is a code of HL7 ActReason
    ("TREAT"). `detail` holds flat JSON; put ids there, never what a record says.
    """

    kind: EventKind
    at: int
    actor: str = ""
    act: str = ""
    purpose: str = ""
    subject: str = ""
    outcome: Outcome = Outcome.SUCCESS
    detail: Mapping[str, Detail] = field(default_factory=dict, hash=False)


_from_json = JSONDecoder().raw_decode
_quoted: Callable[[str], str] = encode_basestring
_KIND_OF = {kind.value: kind for kind in EventKind}
_OUTCOME_OF = {outcome.value: outcome for outcome in Outcome}
_KIND_TEXT = {kind: f'"{kind.value}"' for kind in EventKind}
_OUTCOME_TEXT = {outcome: f'"{outcome.value}"' for outcome in Outcome}
_LIMIT = 1 << 63  # numbers beyond a signed 64-bit integer fit no database
_YEAR_10000 = 253_402_300_800_000_000  # microseconds; later times cannot be written as dates
_fields_of = itemgetter("kind", "at", "actor", "act", "purpose", "subject", "outcome", "detail")


def encode(event: Event) -> bytes:
    """Return the one canonical form: JSON in UTF-8, keys sorted by code point, no spaces, nothing escaped needlessly.

    Raises:
        InputError: a field is not of its type or out of range, a detail is nested, or a text is not Unicode.

    """
    try:
        detail = [f"{_quoted(key)}:{_WRITERS[type(one)](one)}" for key, one in sorted(event.detail.items())]
        text = (
            f'{{"act":{_quoted(event.act)},"actor":{_quoted(event.actor)},"at":{_time(event.at)},'
            f'"detail":{{{",".join(detail)}}},"kind":{_KIND_TEXT[event.kind]},"outcome":{_OUTCOME_TEXT[event.outcome]},'
            f'"purpose":{_quoted(event.purpose)},"subject":{_quoted(event.subject)}}}'
        )
        return text.encode()
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "an audit event cannot be written: its texts must be Unicode, its time microseconds of 1970 to 9999, "
            "its details texts, numbers within 64 bits, true, false, null or flat lists of these",
            zh="无法写入审计事件：文字须为 Unicode，时间须在 1970 至 9999 年之间（微秒）"
            "，详情须为文字、64 位以内的数、真、假、空或其列表",
        ) from None  # the first error would quote the event


def decode(body: bytes) -> Event:
    """Return the event whose canonical form is `body`.

    Raises:
        TamperError: `body` is not the canonical form of any event this version knows.

    """
    try:
        fields, _ = _from_json(body.decode())
        kind, at, actor, act, purpose, subject, outcome, detail = _fields_of(fields)
        event = Event(_KIND_OF[kind], at, actor, act, purpose, subject, _OUTCOME_OF[outcome], detail)
        canonical = encode(event) == body
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # The first error would quote the event.
        raise TamperError(
            "an audit event is not readable: it is damaged, or a newer Suwen wrote it",
            zh="审计事件无法读取：已损坏，或由更新版本的 Suwen 写入",
        ) from None
    if not canonical:
        raise TamperError("an audit event is not written as Suwen writes it", zh="审计事件不是 Suwen 所写的形式")
    return event


# The standard library's JSON encoder is called piece by piece: it costs more than the event, and allows nested details.


def _time(at: int) -> str:
    if not 0 <= at < _YEAR_10000:
        raise ValueError("a time before 1970 or after 9999")
    return _integer(at)


def _integer(value: int) -> str:
    if type(value) is not int or not -_LIMIT <= value < _LIMIT:
        raise ValueError("not an integer of 64 bits")
    return str(value)


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError("not a number")
    return repr(value)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _nothing(_: None) -> str:
    return "null"


def _list(values: Sequence[object]) -> str:
    return f"[{','.join([_SCALAR_WRITERS[type(one)](one) for one in values])}]"


_SCALAR_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: _integer,
    float: _number,
    bool: _truth,
    type(None): _nothing,
}
_WRITERS: dict[type, Callable[[Any], str]] = {**_SCALAR_WRITERS, list: _list, tuple: _list}
