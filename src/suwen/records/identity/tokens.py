"""ID tokens (OpenID Connect Core 1.0, section 3.1.3.7): signature and claims verified, nothing believed before."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from suwen.errors import LoginError, MissingExtraError
from suwen.subject import Saying

if TYPE_CHECKING:
    from jwt import PyJWK

__all__ = ["Expected", "UnknownKeyError", "check_claims", "need_jwt", "read_token"]

Jwk = Mapping[str, object]

# Threat: "none" needs no key, and HS256 makes the public key, which everybody has, the secret. Neither may ever be
# added here (RFC 8725, section 3.1). The key types stand beside them so that a key serves only its own algorithm.
_ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
_SMALLEST_RSA = 2048  # NIST SP 800-131A
_LEEWAY = 60.0
_OLDEST = 3600.0
_REFUSED = Saying("the identity provider's answer is not accepted; begin again", "不接受身份认证服务的应答；请重新登录")


class UnknownKeyError(LookupError):
    """The token names a key that is not among those given: they may have been changed since."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say to be the answer to this login."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str = ""


def need_jwt() -> None:
    """Make sure that PyJWT is there.

    Raises:
        MissingExtraError: if the extra "oidc" is not installed.

    """
    try:
        import jwt  # noqa: F401, PLC0415
    except ImportError as error:
        raise MissingExtraError("pyjwt", "oidc") from error


def read_token(token: str, keys: Sequence[Jwk]) -> tuple[dict[str, object], str]:
    """Verify the signature with one of the provider's keys, and give the claims and the algorithm.

    Raises:
        UnknownKeyError: if no key has the id the token names.
        LoginError: if the token is not one, or was not signed with that key.

    """
    import jwt  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415

    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        # "crit" names what a reader must understand; we understand none of it (RFC 7515, section 4.1.11).
        if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS or "crit" in header:
            raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
        key = _key(keys, header.get("kid"), algorithm)
        # Claims are checked by `check_claims`, against the clock that was passed in and not the machine's.
        body = jwt.PyJWS().decode(token, key, algorithms=[algorithm])
        claims = json.loads(body)
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, RecursionError) as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error
    if not isinstance(claims, dict):
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    return claims, algorithm


def check_claims(
    claims: Mapping[str, object], algorithm: str, expected: Expected, *, clock: Callable[[], float]
) -> None:
    """Check who made the token, for whom, when, and for which login.

    Raises:
        LoginError: one sentence for every reason.

    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    azp = claims.get("azp")
    sound = (
        claims.get("iss") == expected.issuer,
        expected.client_id in audiences,
        azp == expected.client_id if azp is not None else len(audiences) == 1,
        isinstance(claims.get("sub"), str) and 0 < len(str(claims["sub"])) <= 255,
        _same(claims.get("nonce"), expected.nonce),
        _is_current(claims, clock()),
        "at_hash" not in claims or _same(claims["at_hash"], _half_hash(expected.access_token, algorithm)),
    )
    if not all(sound):
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)


def _is_current(claims: Mapping[str, object], now: float) -> bool:
    moments = [claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in moments):
        return False
    expires, issued, begins = (float(one) for one in moments if isinstance(one, int | float))
    # A token of this login was made a moment ago. Comparisons are written so that NaN fails them.
    return expires > now - _LEEWAY and now - _OLDEST <= issued <= now + _LEEWAY and begins <= now + _LEEWAY


def _key(keys: Sequence[Jwk], kid: object, algorithm: str) -> PyJWK:
    """Choose the one public signing key that fits the token's header."""
    from jwt import PyJWK  # noqa: PLC0415

    fitting = [
        key
        for key in keys
        if key.get("kty") == _ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and "d" not in key  # a provider that publishes its private key is not one to believe
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fitting) != 1:  # none by this id; or no id and a choice, where guessing would be believing
        raise UnknownKeyError("no key of the provider fits the token")
    chosen = PyJWK(dict(fitting[0]), algorithm)
    if algorithm in ("RS256", "PS256") and chosen.key.key_size < _SMALLEST_RSA:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    return chosen


def _half_hash(access_token: str, algorithm: str) -> str:
    """Give at_hash: the left half of the hash that goes with the algorithm (section 3.1.3.6; Ed25519 has SHA-512)."""
    name = "sha512" if algorithm == "EdDSA" else "sha256"
    digest = hashlib.new(name, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode("ascii").rstrip("=")


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and wanted != "" and compare_digest(given.encode(), wanted.encode())
