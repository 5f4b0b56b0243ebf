"""What an app can find out before it asks (SMART App Launch 2.2, "Conformance")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from suwen.server.house import house_of
from suwen.server.smart.assertions import ALGORITHMS
from suwen.server.smart.clients import TOKEN_PATH

__all__ = ["CAPABILITIES", "router"]

router = APIRouter(tags=["SMART on FHIR"])
CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "context-banner",
    "context-ehr-patient",
    "context-standalone-patient",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)
_SCOPES = ("launch", "launch/patient", "patient/*.cruds", "user/*.cruds", "system/*.cruds")


@router.get("/.well-known/smart-configuration")
@router.get("/fhir/.well-known/smart-configuration")
def smart_configuration(request: Request) -> JSONResponse:
    """Where to ask for access and how; no secret, so anybody may know."""
    base = house_of(request).settings.address
    said: dict[str, Any] = {
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}{TOKEN_PATH}",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": sorted(ALGORITHMS),
        "scopes_supported": list(_SCOPES),
        "capabilities": list(CAPABILITIES),
    }
    return JSONResponse(said, headers={"cache-control": "public, max-age=3600"})
