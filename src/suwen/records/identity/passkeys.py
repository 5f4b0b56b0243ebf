"""Passkeys (W3C WebAuthn Level 2): registered and logged in with, each ceremony bound to one challenge."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from suwen.errors import LoginError, MissingExtraError
from suwen.records.identity.nouns import Account, Passkey
from suwen.subject import Saying

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

__all__ = [
    "Ceremony",
    "Purpose",
    "RelyingParty",
    "begin_authentication",
    "begin_registration",
    "credential_id",
    "finish_authentication",
    "finish_registration",
    "remove",
]

_LASTS = 300.0
_LARGEST = 64 * 1024  # characters of an answer; real ones have a few thousand
_REFUSED = Saying("the passkey is not accepted; begin again", "不接受该通行密钥；请重新开始")


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: `id` is the host name passkeys are bound to, `origin` the address pages come from (https://...)."""

    id: str
    name: str
    origin: str


class Purpose(Enum):
    """What a challenge is for; an answer to one cannot be used as the other."""

    REGISTER = "register"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A ceremony under way: its challenge, for whom ("" = whoever has the passkey), and until when.

    Hold it in `Waiting` and take it out before finishing: that is what makes a challenge usable once.
    """

    challenge: bytes
    account: str
    purpose: Purpose
    expires: float


def begin_registration(
    account: Account,
    party: RelyingParty,
    *,
    clock: Callable[[], float],
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Ceremony]:
    """Give the options for navigator.credentials.create() as JSON, and the ceremony to finish.

    Raises:
        MissingExtraError: if the extra "passkeys" is not installed.

    """
    _need_webauthn()
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    challenge = random(32)
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=account.id.encode(),
        user_name=account.login,
        user_display_name=account.name or account.login,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(account),
    )
    return options_to_json(options), Ceremony(challenge, account.id, Purpose.REGISTER, clock() + _LASTS)


def finish_registration(
    account: Account, ceremony: Ceremony, response: str, *, name: str, party: RelyingParty, clock: Callable[[], float]
) -> Account:
    """Check the browser's answer (JSON) and add the passkey, called `name`, to the account.

    Which device made the passkey is not asked (attestation "none"). The caller refuses an id that another account has.

    Raises:
        LoginError: one sentence for every reason.
        MissingExtraError: if the extra "passkeys" is not installed.

    """
    _need_webauthn()
    from webauthn import verify_registration_response  # noqa: PLC0415

    _check_ceremony(ceremony, Purpose.REGISTER, account, clock)
    _check_answer(response)
    try:
        verified = verify_registration_response(
            credential=response,
            expected_challenge=ceremony.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _failures() as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error
    identifier = _base64url(verified.credential_id)
    if any(one.id == identifier for one in account.passkeys):
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    key = _base64url(verified.credential_public_key)
    added = Passkey(identifier, key, verified.sign_count, name, clock())
    return replace(account, passkeys=(*account.passkeys, added))


def begin_authentication(
    account: Account | None,
    party: RelyingParty,
    *,
    clock: Callable[[], float],
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Ceremony]:
    """Give the options for navigator.credentials.get() as JSON, and the ceremony to finish.

    With None the browser offers whatever passkeys it has, and `credential_id` tells whose it is. That is the better
    way for a login page: a list of passkeys for a login name tells a stranger that the account exists.

    Raises:
        MissingExtraError: if the extra "passkeys" is not installed.

    """
    _need_webauthn()
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415

    challenge = random(32)
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=_descriptors(account) if account else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    owner = account.id if account else ""
    return options_to_json(options), Ceremony(challenge, owner, Purpose.LOGIN, clock() + _LASTS)


def finish_authentication(
    account: Account, ceremony: Ceremony, response: str, *, party: RelyingParty, clock: Callable[[], float]
) -> Account:
    """Check the browser's answer (JSON) against the account's passkey and remember its sign count.

    The person was verified by the device (fingerprint, PIN), so this counts as two factors; what is left to ask is
    in `login.proven`. Save the account before letting anybody in.

    Threat: a sign count that does not rise means that the passkey was copied; it is refused.

    Raises:
        LoginError: one sentence for every reason.
        MissingExtraError: if the extra "passkeys" is not installed.

    """
    _need_webauthn()
    from webauthn import verify_authentication_response  # noqa: PLC0415

    _check_ceremony(ceremony, Purpose.LOGIN, account, clock)
    _check_answer(response, owner=account.id)
    identifier = credential_id(response)
    passkey = next((one for one in account.passkeys if one.id == identifier), None)
    if passkey is None:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    try:
        verified = verify_authentication_response(
            credential=response,
            expected_challenge=ceremony.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _failures() as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error
    used = replace(passkey, sign_count=verified.new_sign_count)
    return replace(account, passkeys=tuple(used if one is passkey else one for one in account.passkeys))


def credential_id(response: str) -> str:
    """Give the id of the passkey that an answer claims to be from; nothing of it is checked yet.

    Raises:
        LoginError: if the answer is not one.

    """
    try:
        found = json.loads(response)["id"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error
    if not isinstance(found, str):
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    return found


def remove(account: Account, identifier: str) -> Account:
    """Take a passkey away from the account; one it does not have changes nothing."""
    return replace(account, passkeys=tuple(one for one in account.passkeys if one.id != identifier))


def _check_ceremony(ceremony: Ceremony, purpose: Purpose, account: Account, clock: Callable[[], float]) -> None:
    for_this = ceremony.account in (account.id, "") if purpose is Purpose.LOGIN else ceremony.account == account.id
    if ceremony.purpose is not purpose or not for_this or clock() >= ceremony.expires or account.disabled:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)


def _check_answer(response: str, owner: str = "") -> None:
    """Check what the library leaves to its user: size, a page framed by a stranger's, another account's passkey."""
    if len(response) > _LARGEST:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)
    try:
        answer = json.loads(response)["response"]
        framed = json.loads(_bytes(answer["clientDataJSON"])).get("crossOrigin", False)
        handle = answer.get("userHandle")
        wrong_owner = bool(owner and handle) and _bytes(handle) != owner.encode()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh) from error
    if framed is not False or wrong_owner:
        raise LoginError(_REFUSED.en, zh=_REFUSED.zh)


def _descriptors(account: Account) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor as Descriptor  # noqa: PLC0415

    return [Descriptor(id=_bytes(one.id)) for one in account.passkeys]


def _failures() -> tuple[type[Exception], ...]:
    """Give what the library raises on answers that are wrong, and what it lets through from its parsers."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    return WebAuthnException, UnsupportedAlgorithm, ValueError, LookupError, TypeError, AttributeError, RecursionError


def _need_webauthn() -> None:
    try:
        import webauthn  # noqa: F401, PLC0415
    except ImportError as error:
        raise MissingExtraError("webauthn", "passkeys") from error


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
