"""The decision: one request put to the policies; denied unless a permit matches, no forbid does, and none fails."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

import cedarpy

from suwen.errors import InputError
from suwen.records.access.nouns import Decision, Principal, Request, Resource, ResourceKind
from suwen.records.access.text import checked, packaged_policies, packaged_schema

__all__ = ["Control"]

_ATTRIBUTES = {ResourceKind.PATIENT: ("in_care", "broken_glass"), ResourceKind.COHORT: ("deidentified", "approved")}
_FAILED = re.compile(r"policy `(\w+)`")
_Uid = dict[str, str]


class Control:
    """The policies, parsed and validated once; deciding changes nothing, so threads may share one.

    `digest` is the SHA-256 of the policy text in hexadecimal, for the audit log. Without `policies` the packaged files
    are used. Raises InputError with every problem of the text. Policies are Cedar (Cutler et al., OOPSLA 2024).
    """

    def __init__(self, policies: str | None = None) -> None:
        text = packaged_policies() if policies is None else policies
        self._schema = cedarpy.Schema.from_str(packaged_schema())
        self._rules = checked(text, self._schema)
        self.digest = hashlib.sha256(text.encode()).hexdigest()

    def decide(self, request: Request) -> Decision:
        """Decide one request; never raises for what a request holds, and anything unclear is denied with an error."""
        try:
            answer = cedarpy.is_authorized(_question(request), self._rules.handle, _entities(request), self._schema)
        except (KeyError, TypeError, ValueError):
            # What cedarpy documents; its texts would quote the ids. A panic in it is no Exception and ends the request.
            return Decision(False, errors=("the request cannot be put to the policies",))
        return self._read(request, answer)

    def _read(self, request: Request, answer: cedarpy.AuthzResult) -> Decision:
        if answer.decision is cedarpy.Decision.NoDecision:
            return Decision(False, errors=(f"'{request.act.value}' is not said of {request.resource.kind.value}",))
        failed = self._failed(answer.diagnostics.errors)
        permitted = answer.decision is cedarpy.Decision.Allow
        # Cedar leaves a failing policy out, so a failing forbid would open what it forbids: here it closes.
        if permitted and failed:
            return Decision(False, errors=failed)
        return Decision(permitted, tuple(sorted(self._rules.names[one] for one in answer.diagnostics.reasons)), failed)

    def decide_each(self, requests: Sequence[Request]) -> list[Decision]:
        """Decide several requests of one principal, each as `decide` would: their entities are read once for all.

        Raises InputError for requests of several principals, or that say different things of one resource.
        """
        if not requests:
            return []
        _require_agreement(requests)
        questions = [_question(one) for one in requests]
        try:
            answers = cedarpy.is_authorized_batch(questions, self._rules.handle, _entities(*requests), self._schema)
        except (KeyError, TypeError, ValueError):
            return [self.decide(one) for one in requests]  # which of them cannot be put is told of each alone
        return [self._read(one, answer) for one, answer in zip(requests, answers, strict=True)]

    def why(self, policy: str) -> str:
        """The @why of the policy with this @id, to be shown to whoever was refused; "" where it gives none."""
        return self._rules.whys.get(policy, "")

    def _failed(self, errors: Iterable[str]) -> tuple[str, ...]:
        """Which policies failed, without Cedar's sentences: they may quote the ids of persons and patients."""
        found = [_FAILED.search(error) for error in errors]
        names = {self._rules.names.get(one[1], "unknown") if one else "unknown" for one in found}
        return tuple(f"policy '{name}' cannot be evaluated" for name in sorted(names))


def _question(request: Request) -> dict[str, object]:
    # Ids travel as JSON, never as Cedar text: a quote in an account name must not end a string in a policy language.
    return {
        "principal": _principal_uid(request.principal),
        "action": {"type": "Action", "id": request.act.value},
        "resource": _resource_uid(request.resource),
        "context": {"purpose": {"__entity": {"type": "Purpose", "id": request.purpose.value}}},
    }


def _require_agreement(requests: Sequence[Request]) -> None:
    """What is said of one request's principal or resource must not count for another's. Raises InputError."""
    known: dict[tuple[ResourceKind, str], Resource] = {}
    for one in requests:
        here = known.setdefault((one.resource.kind, one.resource.id), one.resource)
        if one.principal != requests[0].principal or one.resource != here:
            raise InputError("requests decided together are of one principal and agree on each resource")


def _entities(*requests: Request) -> str:
    """The entities of requests, made anew each time: roles and care relationships must never be stale."""
    principal, resources = (
        requests[0].principal,
        {(one.resource.kind, one.resource.id): one.resource for one in requests},
    )
    acts = [{"__entity": {"type": "Action", "id": act.value}} for act in principal.acts]
    return json.dumps(
        [
            {
                "uid": _principal_uid(principal),
                "attrs": {"acts": acts} if principal.device else {},
                "parents": [{"type": "Role", "id": role.value} for role in principal.roles],
            },
            *map(_resource_entity, resources.values()),
        ]
    )


def _resource_entity(resource: Resource) -> dict[str, object]:
    attributes = {name: getattr(resource, name) for name in _ATTRIBUTES.get(resource.kind, ())}
    return {"uid": _resource_uid(resource), "attrs": attributes, "parents": []}


def _principal_uid(principal: Principal) -> _Uid:
    return {"type": "Device" if principal.device else "Person", "id": principal.id}


def _resource_uid(resource: Resource) -> _Uid:
    return {"type": resource.kind.value.capitalize(), "id": resource.id}
