"""Data that a request did not bring along, read from the calling system: only from addresses in the settings.

Threat: a request names the address and brings a token. A server that goes wherever it is told reads its own network
for a stranger (SSRF, OWASP ASVS 5.0, 1.3.6), or hands the token to one. So the address is not taken from the request:
it is held against the settings, and the one in the settings is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from suwen.formats.fhir import Json, parse_tree
from suwen.server.cds.hooks import Hook, resources_in

if TYPE_CHECKING:
    from suwen.server.house import House

__all__ = ["completed"]

LOG = logging.getLogger("suwen.server")
_SECONDS = 2.0  # for each: the whole call "should" take half a second
_LARGEST = 16 * 2**20


def completed(house: House, hook: Hook, templates: Mapping[str, str]) -> Hook:
    """A request with what it lacks of its templates, as far as its system is in the settings and gives it."""
    allowed = {one.rstrip("/") for one in house.settings.fhir_servers}
    missing = [key for key in templates if key not in hook.came]
    if not missing or hook.authorization is None or hook.server not in allowed:
        return hook
    base = next(one for one in allowed if one == hook.server)
    came, given = set(hook.came), list(hook.given)
    for key in missing:
        query = templates[key].replace("{{context.patientId}}", quote(hook.patient, safe=""))
        found = _asked(f"{base}/{query}", hook.authorization.token)
        if found is not None:
            came.add(key)
            given += resources_in(found, hook.patient)
    return replace(hook, came=frozenset(came), given=tuple(given))


def _asked(address: str, token: str) -> Json | None:
    """A resource from an address; None where it does not come, which leaves the request as it was."""
    import ssl  # noqa: PLC0415
    from urllib.error import URLError  # noqa: PLC0415
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener  # noqa: PLC0415

    class _Staying(HTTPRedirectHandler):
        """Follows no redirect: where it leads is in no settings, and the token would go along."""

        def redirect_request(self, *_: object) -> None:
            return None

    handlers = (ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context()), _Staying())
    headers = {"authorization": f"Bearer {token}", "accept": "application/fhir+json"}
    if not address.startswith("https://"):
        return None
    try:
        with build_opener(*handlers).open(Request(address, headers=headers), timeout=_SECONDS) as answer:  # noqa: S310
            body = answer.read(_LARGEST + 1)
        tree = parse_tree(body.decode()) if len(body) <= _LARGEST else None
    except (URLError, OSError, ValueError) as failure:
        LOG.warning(
            "a FHIR server of the settings did not give what a CDS Hooks request lacked: %s", type(failure).__name__
        )
        return None
    return tree if isinstance(tree, dict) and tree.get("resourceType") != "OperationOutcome" else None
