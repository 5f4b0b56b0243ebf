"""The decision: one request put to the policies; denied unless a permit matches, no forbid does, and none fails."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

import cedarpy

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
            outcome = answer.decision
        except (KeyError, TypeError, ValueError):
            # What cedarpy documents; its texts would quote the ids. A panic in it is no Exception and ends the request.
            return Decision(False, errors=("the request cannot be put to the policies",))
        if outcome is cedarpy.Decision.NoDecision:
            return Decision(False, errors=(f"'{request.act.value}' is not said of {request.resource.kind.value}",))
        failed = self._failed(answer.diagnostics.errors)
        permitted = outcome is cedarpy.Decision.Allow
        # Cedar leaves a failing policy out, so a failing forbid would open what it forbids: here it closes.
        if permitted and failed:
            return Decision(False, errors=failed)
        return Decision(permitted, tuple(sorted(self._rules.names[one] for one in answer.diagnostics.reasons)), failed)

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


def _entities(request: Request) -> str:
    """The two entities of one request, made anew each time: roles and care relationships must never be stale."""
    principal, resource = request.principal, request.resource
    acts = [{"__entity": {"type": "Action", "id": act.value}} for act in principal.acts]
    return json.dumps(
        [
            {
                "uid": _principal_uid(principal),
                "attrs": {"acts": acts} if principal.device else {},
                "parents": [{"type": "Role", "id": role.value} for role in principal.roles],
            },
            {
                "uid": _resource_uid(resource),
                "attrs": {name: getattr(resource, name) for name in _ATTRIBUTES.get(resource.kind, ())},
                "parents": [],
            },
        ]
    )


def _principal_uid(principal: Principal) -> _Uid:
    return {"type": "Device" if principal.device else "Person", "id": principal.id}


def _resource_uid(resource: Resource) -> _Uid:
    return {"type": resource.kind.value.capitalize(), "id": resource.id}
