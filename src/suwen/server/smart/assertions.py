"""Signed tokens by which systems prove who they are (RFC 7523; CDS Hooks 2.0, "Trusting CDS Clients")."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suwen.errors import DataError, LoginError, MissingExtraError
from suwen.server.smart.boxes import Box
from suwen.server.smart.strength import SMALLEST_RSA

if TYPE_CHECKING:
    from suwen.server.house import House

__all__ = ["ALGORITHMS", "claimed", "require_signed", "verify"]

LOG = logging.getLogger("suwen.server")
# Threat: "none" needs no key, and with HS256 the public key, which everybody has, would be the secret (RFC 8725, 3.1).
# Each algorithm serves its own type of key and curve only.
ALGORITHMS = {"ES384": ("EC", "P-384"), "RS384": ("RSA", ""), "ES256": ("EC", "P-256")}
_LEEWAY = 60.0
_LONGEST = 3600.0  # seconds a token may be good for: it is made for one request
_LONGEST_TEXT = 16 * 1024
_REFUSED = "the signed token is not accepted"


def claimed(token: str) -> str:
    """Who a token says it is from (`iss`), not yet believed: to look up the keys it is then held against."""
    import base64  # noqa: PLC0415
    import binascii  # noqa: PLC0415

    part = token.split(".")[1] if token.count(".") == 2 and len(token) <= _LONGEST_TEXT else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return ""
    found = claims.get("iss") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else ""


def verify(
    house: House, token: str, *, jwks: Path, issuer: str, audience: str, longest: float = _LONGEST, dated: bool = False
) -> dict[str, Any]:
    """Hold a token against the keys of its issuer: signature, whom it is for, when, and that it comes the first time.

    `longest`: seconds it may be good for; `dated`: it must say when it was made. Returns what it claims. The address of
    keys that a token names itself (`jku`) is never asked: whoever forges a token would name their own.
    Raises LoginError, one sentence for every reason; MissingExtraError without pyjwt.
    """
    claims = _signed(token, jwks)
    now = house.records.store.clock()
    audiences = claims.get("aud")
    sound = (
        claims.get("iss") == issuer,
        audience in (audiences if isinstance(audiences, list) else [audiences]),
        _is_current(claims, now, longest),
        "iat" in claims or not dated,
    )
    if not all(sound):
        raise LoginError(_REFUSED)
    _require_first(house, issuer, claims, now)
    return claims


def require_signed(token: str, *, jwks: Path) -> None:
    """Hold a token against the keys alone: not for whom, when, or how often. Raises LoginError, MissingExtraError."""
    _signed(token, jwks)


def _signed(token: str, jwks: Path) -> dict[str, Any]:
    try:
        import jwt  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pyjwt", "oidc") from None
    if len(token) > _LONGEST_TEXT:
        raise LoginError(_REFUSED)
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        # "crit" names what a reader must understand; none of it is understood here (RFC 7515, 4.1.11).
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or "crit" in header:
            raise LoginError(_REFUSED)
        key = _key(_keys(jwks), header.get("kid"), algorithm)
        claims = json.loads(jwt.PyJWS().decode(token, key, algorithms=[algorithm]))
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise LoginError(_REFUSED) from None
    if not isinstance(claims, dict):
        raise LoginError(_REFUSED)
    return claims


def _keys(file: Path) -> list[Mapping[str, Any]]:
    """The keys of a JSON Web Key Set, read anew each time: a key that was taken out counts no more."""
    try:
        found = json.loads(file.read_text("utf-8"))
        return [one for one in found["keys"] if isinstance(one, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            "the file of a client's public keys (jwks) in the settings cannot be read",
            zh="无法读取设置中客户端公钥文件（jwks）",
        ) from None


def _key(keys: list[Mapping[str, Any]], kid: object, algorithm: str) -> Any:
    """The one public key that fits the token's header; with a choice and no name, guessing would be believing."""
    from jwt import PyJWK  # noqa: PLC0415

    kind, curve = ALGORITHMS[algorithm]
    fitting = [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("crv", "") == curve
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and "d" not in key
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise LoginError(_REFUSED)
    chosen = PyJWK(dict(fitting[0]), algorithm)
    if kind == "RSA" and chosen.key.key_size < SMALLEST_RSA:
        # whoever runs the server is told; keys may have been exchanged since the settings were read
        LOG.error("an RSA key of a system that signs has %d bits; %d are needed", chosen.key.key_size, SMALLEST_RSA)
        raise LoginError(_REFUSED)
    return chosen


def _is_current(claims: Mapping[str, Any], now: float, longest: float) -> bool:
    moments = [claims.get("exp"), claims.get("iat", now), claims.get("nbf", 0)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in moments):
        return False
    expires, issued, begins = (float(one) for one in moments)
    # Written so that NaN fails each comparison.
    return (
        now - _LEEWAY < expires <= now + longest + _LEEWAY
        and now - longest - _LEEWAY <= issued <= now + _LEEWAY
        and begins <= now + _LEEWAY
    )


def _require_first(house: House, issuer: str, claims: Mapping[str, Any], now: float) -> None:
    """Refuse a token that was here before: whoever recorded a request must not be able to send it again."""
    name = claims.get("jti")
    if not isinstance(name, str) or not 0 < len(name) <= 255:
        raise LoginError(_REFUSED)
    seen: Box[str] = house.room("signed tokens", lambda: Box(house.records.store.clock, lasts=_LONGEST, most=200_000))
    if not seen.put_first(issuer, handle=f"{issuer}\x00{name}", lasts=float(claims["exp"]) - now + 2 * _LEEWAY):
        raise LoginError(_REFUSED)
