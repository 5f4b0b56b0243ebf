"""Feedback on cards: what became of them, filed in the record of the patient whom the card was about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suwen.consult import Draft, write_records_of
from suwen.errors import InputError, NotFoundError, Problem
from suwen.formats.fhir import Json, Stored
from suwen.server.cds.cards import Card
from suwen.server.smart.boxes import Box

if TYPE_CHECKING:
    from suwen.govern import Actor
    from suwen.server.house import House

__all__ = ["CODES", "keep_feedback", "remember"]

# A name of our own, and no address: http://hl7.org/fhir/R4/basic.html has a code for what no type of R4 is for.
CODES = "urn:suwen:cds-hooks"
_DAY = 24 * 3600.0
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")  # "ISO timestamp in UTC"
_MOST, _LONGEST = 200, 4000  # entries at once, characters of a comment


@dataclass(frozen=True, slots=True)
class _Given:
    """A card that was given out: by which service, to whom, about whom and what."""

    service: str
    asker: str
    patient: str
    about: str
    suggestions: frozenset[str]


def _given_out(house: House) -> Box[_Given]:
    found: Box[_Given] = house.room("cds cards", lambda: Box(house.records.store.clock, lasts=_DAY, most=100_000))
    return found


def remember(house: House, service: str, actor: Actor, patient: str, cards: list[Card]) -> None:
    """Remember cards for a day, so that feedback on them finds the record it belongs to."""
    box = _given_out(house)
    for one in cards:
        said = frozenset(suggestion.uuid for suggestion in one.suggestions)
        box.put(_Given(service, actor.id, patient, one.about, said), handle=one.uuid)


def keep_feedback(actor: Actor, house: House, service: str, said: Mapping[str, Any]) -> int:
    """File feedback (https://cds-hooks.hl7.org/2.0/#feedback) as Basic resources; how many entries were filed.

    It is no verdict on a finding: those are a person's who has signed in here. Only whoever was given a card may say
    what became of it. Feedback on a patient without a record here is counted and not kept.
    Raises InputError, NotFoundError where no card is known (any more), AccessError.
    """
    entries = _read(said)
    known = [(one, found) for one in entries if (found := _of(house, actor, service, one)) is not None]
    if not known:
        raise NotFoundError("no card of these is known here, or no longer: cards are remembered for a day")
    _require_suggestions(known)
    drafts: dict[str, list[Draft]] = {}
    for one, found in known:
        if found.patient:
            drafts.setdefault(found.patient, []).append(Draft("Basic", Stored(_resource(one, found)).to_bytes()))
    if drafts:
        write_records_of(actor, house.records, drafts)
    return sum(map(len, drafts.values()))


def _of(house: House, actor: Actor, service: str, entry: Mapping[str, Any]) -> _Given | None:
    found = _given_out(house).find(entry["card"])
    return found if found and (found.service, found.asker) == (service, actor.id) else None


def _require_suggestions(known: list[tuple[Mapping[str, Any], _Given]]) -> None:
    for one, found in known:
        if not {each["id"] for each in one.get("acceptedSuggestions", [])} <= found.suggestions:
            raise InputError("an accepted suggestion is none of its card")


def _read(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = said.get("feedback")
    if not isinstance(entries, list) or not 0 < len(entries) <= _MOST:
        raise InputError(f"feedback is a list of 1 to {_MOST} entries")
    problems = [problem for place, one in enumerate(entries) for problem in _problems(one, f"feedback[{place}]")]
    if problems:
        raise InputError("this is no sound feedback of CDS Hooks 2.0:", problems)
    return entries


def _problems(one: Any, where: str) -> list[Problem]:
    """What is wrong with an entry (invariants cds-fb-1 to cds-fb-3 of the published logical model)."""
    if not isinstance(one, Mapping):
        return [Problem(where, "is no object")]
    outcome, accepted = one.get("outcome"), one.get("acceptedSuggestions")
    ids = (
        [each.get("id") if isinstance(each, Mapping) else None for each in accepted]
        if isinstance(accepted, list)
        else []
    )
    found = {
        "card": isinstance(one.get("card"), str) and one["card"],
        "outcome": outcome in {"accepted", "overridden"},
        "outcomeTimestamp": isinstance(one.get("outcomeTimestamp"), str) and _TIME.fullmatch(one["outcomeTimestamp"]),
        "acceptedSuggestions": (bool(ids) or outcome != "accepted") and all(isinstance(each, str) for each in ids),
        "overrideReason": "overrideReason" not in one or _is_reason(one["overrideReason"]),
    }
    return [Problem(f"{where}.{name}", "is absent or not as it must be") for name, sound in found.items() if not sound]


def _is_reason(node: Any) -> bool:
    if not isinstance(node, Mapping):
        return False
    reason, comment = node.get("reason"), node.get("userComment")
    sound = reason is None or (isinstance(reason, Mapping) and isinstance(reason.get("code"), str))
    said = comment is None or (isinstance(comment, str) and 0 < len(comment) <= _LONGEST)
    return sound and said and (reason is not None or comment is not None)


def _resource(one: Mapping[str, Any], found: _Given) -> Json:
    """The entry as a resource of its own type: which card, about what, what became of it, and why."""
    reason = one.get("overrideReason", {})
    told = {
        "card": one["card"],
        "service": found.service,
        "about": found.about,
        "outcome": one["outcome"],
        "reason": reason.get("reason", {}).get("code", ""),
        "comment": reason.get("userComment", ""),
        "suggestions": " ".join(each["id"] for each in one.get("acceptedSuggestions", [])),
        "at": one["outcomeTimestamp"],
    }
    return {
        "resourceType": "Basic",
        "extension": [{"url": f"{CODES}:{name}", "valueString": text} for name, text in told.items() if text],
        "code": {"coding": [{"system": CODES, "code": "feedback"}], "text": "CDS Hooks feedback"},
        "subject": {"reference": f"Patient/{found.patient}"},
        "created": one["outcomeTimestamp"][:10],
    }
