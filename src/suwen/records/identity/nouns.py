"""The nouns of identity: accounts, passkeys, certified devices and sessions, each a frozen value and a document."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from suwen.errors import InputError
from suwen.records.identity.reading import Fields, head

__all__ = ["Account", "Device", "Passkey", "Session", "login_name"]

_HASH = r"[0-9a-f]{64}"
_BASE64URL = r"[A-Za-z0-9_-]+"
_ARGON2 = r"\$argon2id\$v=19\$m=[0-9]{1,10},t=[0-9]{1,10},p=[0-9]{1,8}\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+"
_BASE32 = r"[A-Z2-7]+"
_LONGEST_LOGIN = 64


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential: its id and COSE public key (both base64url) and how often it says it was used."""

    id: str
    public_key: str
    sign_count: int
    name: str
    created: float

    def to_document(self) -> dict[str, object]:
        """Give the JSON document, without a head: a passkey stands only inside its account."""
        return {
            "id": self.id,
            "public_key": self.public_key,
            "sign_count": self.sign_count,
            "name": self.name,
            "created": self.created,
        }


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in: what they know, what they hold, and how many wrong guesses there were.

    `password` is the argon2id encoding ("" = none), `totp` the base32 secret ("" = none), `totp_step` the last
    30-second step whose code was accepted, `subject` the OpenID Connect identity "issuer|sub" ("" = none). Times are
    UTC seconds. Secrets are left out of `repr`, so that no traceback or log line tells them.
    """

    id: str
    login: str
    name: str
    roles: frozenset[str]
    created: float
    password: str = field(default="", repr=False)
    must_change: bool = False
    totp: str = field(default="", repr=False)
    totp_step: int = 0
    failures: int = 0
    locked_until: float = 0.0
    passkeys: tuple[Passkey, ...] = ()
    subject: str = ""
    disabled: bool = False

    def to_document(self) -> dict[str, object]:
        """Give the JSON document; it holds secrets and is for sealing only."""
        return {
            **head("account"),
            "id": self.id,
            "login": self.login,
            "name": self.name,
            "roles": sorted(self.roles),
            "created": self.created,
            "password": self.password,
            "must_change": self.must_change,
            "totp": self.totp,
            "totp_step": self.totp_step,
            "failures": self.failures,
            "locked_until": self.locked_until,
            "passkeys": [one.to_document() for one in self.passkeys],
            "subject": self.subject,
            "disabled": self.disabled,
        }

    @classmethod
    def from_document(cls, document: object) -> Account:
        """Read a document strictly.

        Raises:
            FormatError: naming every field that is absent, unknown or not what it must be.

        """
        fields = Fields(document, kind="account")
        fields.head()
        account = cls(
            id=fields.text("id", empty=False),
            login=fields.text("login", empty=False),
            name=fields.text("name"),
            roles=fields.names("roles"),
            created=fields.moment("created"),
            password=fields.text("password", _ARGON2),
            must_change=fields.flag("must_change"),
            totp=fields.text("totp", _BASE32),
            totp_step=fields.whole("totp_step"),
            failures=fields.whole("failures"),
            locked_until=fields.moment("locked_until"),
            passkeys=fields.each("passkeys", _read_passkey, kind="passkey"),
            subject=fields.text("subject"),
            disabled=fields.flag("disabled"),
        )
        if len({one.id for one in account.passkeys}) != len(account.passkeys):
            fields.tell("passkeys", "has one passkey twice")
        fields.done()
        return account


@dataclass(frozen=True, slots=True)
class Device:
    """A certified device: `fingerprint` is the SHA-256 (hex) of its certificate's DER bytes, `acts` what it may do."""

    id: str
    name: str
    fingerprint: str
    subject: str
    acts: frozenset[str]
    revoked: bool
    valid_until: float
    registered: float

    def to_document(self) -> dict[str, object]:
        """Give the JSON document."""
        return {
            **head("device"),
            "id": self.id,
            "name": self.name,
            "fingerprint": self.fingerprint,
            "subject": self.subject,
            "acts": sorted(self.acts),
            "revoked": self.revoked,
            "valid_until": self.valid_until,
            "registered": self.registered,
        }

    @classmethod
    def from_document(cls, document: object) -> Device:
        """Read a document strictly.

        Raises:
            FormatError: naming every field that is absent, unknown or not what it must be.

        """
        fields = Fields(document, kind="device")
        fields.head()
        device = cls(
            id=fields.text("id", empty=False),
            name=fields.text("name", empty=False),
            fingerprint=fields.text("fingerprint", _HASH, empty=False),
            subject=fields.text("subject"),
            acts=fields.names("acts"),
            revoked=fields.flag("revoked"),
            valid_until=fields.moment("valid_until"),
            registered=fields.moment("registered"),
        )
        fields.done()
        return device


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts: the SHA-256 (hex) of its token, whose it is, and until when; the token itself is not kept."""

    token_hash: str
    account: str
    started: float
    seen: float
    expires: float
    second_factor: bool

    def to_document(self) -> dict[str, object]:
        """Give the JSON document."""
        return {
            **head("session"),
            "token_hash": self.token_hash,
            "account": self.account,
            "started": self.started,
            "seen": self.seen,
            "expires": self.expires,
            "second_factor": self.second_factor,
        }

    @classmethod
    def from_document(cls, document: object) -> Session:
        """Read a document strictly.

        Raises:
            FormatError: naming every field that is absent, unknown or not what it must be.

        """
        fields = Fields(document, kind="session")
        fields.head()
        session = cls(
            token_hash=fields.text("token_hash", _HASH, empty=False),
            account=fields.text("account", empty=False),
            started=fields.moment("started"),
            seen=fields.moment("seen"),
            expires=fields.moment("expires"),
            second_factor=fields.flag("second_factor"),
        )
        fields.done()
        return session


def login_name(text: str) -> str:
    """Bring a login name into the one form it is kept and looked up in: NFKC, lower case.

    Without one form, "Müller" typed on two keyboards would be two accounts, and a look-alike a third (RFC 8265).

    Raises:
        InputError: if it is empty, longer than 64 characters, or has anything but letters, digits and . _ - @ + in it.

    """
    name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
    if not 0 < len(name) <= _LONGEST_LOGIN or not all(one.isalnum() or one in "._-@+" for one in name):
        raise InputError(
            "a login name has 1 to 64 letters, digits and . _ - @ +; choose another",
            zh="登录名为 1 至 64 个字母、数字或 . _ - @ +；请另选",
        )
    return name


def _read_passkey(fields: Fields) -> Passkey:
    return Passkey(
        id=fields.text("id", _BASE64URL, empty=False),
        public_key=fields.text("public_key", _BASE64URL, empty=False),
        sign_count=fields.whole("sign_count"),
        name=fields.text("name"),
        created=fields.moment("created"),
    )
