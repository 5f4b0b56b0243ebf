"""OpenID Connect relying party: authorization code flow with PKCE, state and nonce against one hospital provider."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from suwen.errors import FormatError, LoginError
from suwen.records.identity import tokens
from suwen.records.identity.web import ask, check_address
from suwen.subject import Saying

__all__ = ["Discovered", "Identity", "Pending", "Provider", "begin", "discover", "finish"]

_LASTS = 600.0
_REFUSED = Saying("the identity provider's answer is not accepted; begin again", "不接受身份认证服务的应答；请重新登录")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as it was agreed with: its issuer address, our client there, and where it sends people back to.

    `ca_file` names a PEM file for a hospital's own authority. `strong` are the acr values that mean a second factor;
    the default ones are "phishing-resistant" (OpenID Extended Authentication Profile).
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str = field(default="", repr=False)
    ca_file: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    strong: frozenset[str] = frozenset({"phr", "phrh"})


@dataclass(frozen=True, slots=True)
class Discovered:
    """What the provider says about itself: three addresses, its keys, and how it wants to be spoken to."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    keys: tuple[Mapping[str, object], ...]
    takes_basic: bool = True
    names_itself: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A login under way. Hold it in `Waiting`, its handle in a cookie, and take it out before finishing."""

    issuer: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    expires: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to the provider. Only issuer and subject together identify; an address is for display."""

    issuer: str
    subject: str
    name: str
    email: str
    second_factor: bool

    @property
    def key(self) -> str:
        """What stands in `Account.subject`."""
        return f"{self.issuer}|{self.subject}"


def discover(provider: Provider) -> Discovered:
    """Read the provider's configuration (OpenID Connect Discovery 1.0) and keys.

    Raises:
        InputError: if an address is neither https nor on this machine.
        NetworkError: if the provider cannot be reached.
        FormatError: if what it says is not a configuration, or one for another issuer.
        MissingExtraError: if the extra "oidc" is not installed.

    """
    tokens.need_jwt()
    said = ask(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration", ca_file=provider.ca_file)
    if said.get("issuer") != provider.issuer:
        raise FormatError(
            "the provider's configuration is for another issuer; give its address exactly as it does",
            zh="身份认证服务的配置属于其他颁发者；请按其所示填写地址",
        )
    methods = said.get("token_endpoint_auth_methods_supported")
    jwks = _address(said, "jwks_uri")
    return Discovered(
        issuer=provider.issuer,
        authorization=_address(said, "authorization_endpoint"),
        token=_address(said, "token_endpoint"),
        jwks=jwks,
        keys=_keys(jwks, provider),
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def begin(
    provider: Provider,
    discovered: Discovered,
    *,
    clock: Callable[[], float],
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Pending]:
    """Give the address to send the browser to, and what the answer must be matched with.

    PKCE (RFC 7636, S256) makes a stolen code useless to who stole it; the nonce binds the token to this login.
    """
    state, nonce, verifier = (_base64url(random(32)) for _ in range(3))
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(discovered.authorization).query else "?"
    pending = Pending(discovered.issuer, state, nonce, verifier, clock() + _LASTS)
    return f"{discovered.authorization}{joint}{urlencode(query)}", pending


def finish(
    provider: Provider, discovered: Discovered, pending: Pending, callback_url: str, *, clock: Callable[[], float]
) -> Identity:
    """Exchange the code the browser came back with for an ID token, verify it, and say who it is.

    Raises:
        LoginError: one sentence for every reason an answer is not accepted.
        NetworkError: if the provider cannot be reached, or refuses the code.
        FormatError: if its answer is not JSON.
        MissingExtraError: if the extra "oidc" is not installed.

    """
    tokens.need_jwt()
    if pending.issuer != provider.issuer or discovered.issuer != provider.issuer or clock() >= pending.expires:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    answer = _exchange(provider, discovered, pending, _code(provider, discovered, pending, callback_url))
    token, access = answer.get("id_token"), answer.get("access_token", "")
    if not isinstance(token, str) or not isinstance(access, str):
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    claims, algorithm = _verified(token, provider, discovered)
    expected = tokens.Expected(provider.issuer, provider.client_id, pending.nonce, access)
    tokens.check_claims(claims, algorithm, expected, clock=clock)
    return _identity(claims, provider)


def _code(provider: Provider, discovered: Discovered, pending: Pending, callback_url: str) -> str:
    """Take the code out of the address the browser was sent back to, if that address answers this login."""
    here, agreed = urlsplit(callback_url), urlsplit(provider.redirect_uri)
    pairs = parse_qsl(here.query, keep_blank_values=True)
    said = dict(pairs)
    # Threat: an honest provider's code sent to a dishonest one's door (mix-up, RFC 9207). `iss` tells whose it is.
    named = said.get("iss", "" if discovered.names_itself else provider.issuer)
    sound = (
        here[:3] == agreed[:3],
        len(said) == len(pairs),  # a parameter twice may be read once here and once there
        compare_digest(said.get("state", "").encode("utf-8", "surrogatepass"), pending.state.encode()),
        named == provider.issuer,
        "error" not in said and said.get("code", "") != "",
    )
    if not all(sound):
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    return said["code"]


def _exchange(provider: Provider, discovered: Discovered, pending: Pending, code: str) -> dict[str, object]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.redirect_uri,
        "code_verifier": pending.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if provider.client_secret and discovered.takes_basic:
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"  # RFC 6749, 2.3.1
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    else:
        form["client_id"] = provider.client_id
        form |= {"client_secret": provider.client_secret} if provider.client_secret else {}
    return ask(discovered.token, form=urlencode(form).encode(), headers=headers, ca_file=provider.ca_file)


def _verified(token: str, provider: Provider, discovered: Discovered) -> tuple[dict[str, object], str]:
    """Verify with the keys we know; if the token names another, they were changed, so ask for them once."""
    try:
        return tokens.read_token(token, discovered.keys)
    except tokens.UnknownKeyError:
        keys = _keys(discovered.jwks, provider)
    try:
        return tokens.read_token(token, keys)
    except tokens.UnknownKeyError as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error


def _identity(claims: Mapping[str, object], provider: Provider) -> Identity:
    methods = claims.get("amr")
    # RFC 8176: "mfa" says that more than one factor was used; lists of single methods are too vague to be believed.
    several = isinstance(methods, list) and "mfa" in methods
    acr = claims.get("acr")
    return Identity(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        name=_text(claims, "name") or _text(claims, "preferred_username"),
        email=_text(claims, "email") if claims.get("email_verified") is True else "",
        second_factor=several or (isinstance(acr, str) and acr in provider.strong),
    )


def _keys(address: str, provider: Provider) -> tuple[Mapping[str, object], ...]:
    found = ask(address, ca_file=provider.ca_file).get("keys")
    if not isinstance(found, list):
        raise FormatError(
            "the provider's key set has no keys; check its configuration", zh="身份认证服务的密钥集为空；请检查其配置"
        )
    return tuple(key for key in found if isinstance(key, dict))


def _address(said: Mapping[str, object], key: str) -> str:
    value = said.get(key)
    if not isinstance(value, str):
        raise FormatError(
            f"the provider's configuration has no {key}; check its address",
            zh=f"身份认证服务的配置缺少 {key}；请检查其地址",
        )
    return check_address(value)


def _text(claims: Mapping[str, object], key: str) -> str:
    value = claims.get(key)
    return value if isinstance(value, str) else ""


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
