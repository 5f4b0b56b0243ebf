"""Time-based one-time codes (RFC 6238): enrolled with a proof, accepted one step early or late, and only once."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest

from suwen.errors import LoginError
from suwen.records.identity.nouns import Account

__all__ = ["accept", "enrol", "new_secret", "provisioning_uri", "remove"]

_STEP = 30
_DIGITS = 6


def new_secret(*, random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Draw a shared secret of 160 bits, the length RFC 4226 (section 4, R6) recommends, in base32."""
    return base64.b32encode(random(20)).decode("ascii")


def provisioning_uri(account: Account, secret: str, *, issuer: str) -> str:
    """Give the otpauth:// address that an authenticator app reads from a QR code; it holds the secret."""
    from pyotp import TOTP  # noqa: PLC0415

    return TOTP(secret).provisioning_uri(name=account.login, issuer_name=issuer)


def enrol(account: Account, secret: str, code: str, *, clock: Callable[[], float]) -> Account:
    """Bind `secret` to the account once a code proves that the app holds it; that code is used up by this.

    Raises:
        LoginError: if the code does not come from this secret; the account stays as it was.

    """
    enrolled = accept(replace(account, totp=secret, totp_step=0), code, clock=clock)
    if enrolled is None:
        raise LoginError(
            "the code does not belong to this secret; scan it again and check the clock of the device",
            zh="验证码与该密钥不符；请重新扫描，并检查设备时间",
        )
    return enrolled


def remove(account: Account) -> Account:
    """Take the secret away, for a person whose device is lost."""
    return replace(account, totp="", totp_step=0)


def accept(account: Account, code: str, *, clock: Callable[[], float]) -> Account | None:
    """Give the account with the code's step remembered, or None if the code is wrong, too old, or was used.

    Threat: a code read over a shoulder is worth nothing once its step is remembered (RFC 6238, section 5.2), nor is
    an older one. So the caller must save the account before anybody is let in.
    """
    from pyotp import TOTP  # noqa: PLC0415

    if not account.totp:
        return None
    given, now = "".join(code.split()).encode("utf-8", "surrogatepass"), int(clock()) // _STEP
    app, accepted = TOTP(account.totp, digits=_DIGITS), None
    for step in (now - 1, now, now + 1):  # one step either way, for clocks that differ and people who type slowly
        same = step >= 0 and compare_digest(app.generate_otp(step).encode("ascii"), given)
        if same and step > account.totp_step:
            accepted = replace(account, totp_step=step)
    return accepted
