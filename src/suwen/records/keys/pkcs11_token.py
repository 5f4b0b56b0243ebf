"""KEKs on a hardware security module or smart card, reached through PKCS#11: they cannot be taken off it."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from suwen.errors import InputError, KeyProviderError, MissingExtraError, TamperError
from suwen.records.keys.nouns import KEY_BYTES, Secret, Wrapped
from suwen.records.keys.pkcs11_methods import METHODS, Method, offered
from suwen.records.keys.settings import complete
from suwen.records.keys.wrapping import changed, check_key, unknown

__all__ = ["Pkcs11Provider"]

# A KEK is an AES-256 secret key object whose CKA_LABEL is the label in the settings and whose CKA_ID is its identifier:
# six digits that count up, a hyphen, eight hexadecimal digits. The last one in this order is current. The random part
# keeps two rotations at the same time apart: both KEKs exist then, and both unwrap.

_DEFAULTS = {"library": "", "token": "", "label": "suwen", "method": ""}
_IDENTIFIER = re.compile(r"[0-9]{6}-[0-9a-f]{8}", re.ASCII)

# Cryptoki is initialised without locks of its own and once in a process, whatever number of providers it has.
_LOCK = threading.RLock()


class Pkcs11Provider:
    """KEKs as non-extractable objects of one token; all acts are done by the token, one at a time.

    Logging in is the process's, not the session's (PKCS#11 2.40, section 5.6): while one provider of this process is
    open, the PIN given to a second one for the same token is not looked at by the token.
    """

    kind: str = "pkcs11"

    def __init__(self, session: Any, settings: Mapping[str, Any], method: Method) -> None:
        self._session = session
        self._settings = dict(settings)
        self._method = method
        self._where = f"the token {settings['token']!r} under the label {settings['label']!r}"

    @classmethod
    def create(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:  # noqa: ARG003 - one signature for all
        """Make the first KEK on the token, by the best method that works there unless `settings` names one.

        Raises:
            InputError: the settings cannot be used, or the label is taken.
            KeyProviderError: library, token or PIN do not work, or no method does.

        """
        given = _complete(settings)
        with _LOCK, _token_said(given["token"]):
            session = _login(given, secret)
            methods = [METHODS[given["method"]]] if given["method"] else offered(session.token)
            if _find(session, given["label"]):
                raise InputError(
                    f"The token already holds KEKs labelled {given['label']!r}; open them, or relabel.",
                    zh=f"令牌已有标签为 {given['label']!r} 的主密钥；请打开它们，或另取标签",
                )
            for method in methods:
                if _make(session, given["label"], method, 1):
                    return cls(session, {**given, "method": method.name}, method)
        raise KeyProviderError(
            f"The token {given['token']!r} wraps keys by none of: {', '.join(METHODS)}.",
            zh=f"令牌 {given['token']!r} 不支持以下任何一种封装方法：{'、'.join(METHODS)}",
        )

    @classmethod
    def open(cls, settings: Mapping[str, Any], *, folder: Path, secret: Secret) -> Self:  # noqa: ARG003 - one signature for all
        """Log in to the token and find the KEKs.

        Raises:
            InputError: the settings cannot be used.
            KeyProviderError: library, token or PIN do not work, or no KEK is there.

        """
        given = _complete(settings)
        if not given["method"]:
            raise InputError(
                f"The method is not set; take the settings that were kept, or one of {', '.join(METHODS)}.",
                zh=f"未设置方法；请沿用保存的设置，或选 {'、'.join(METHODS)} 之一",
            )
        with _LOCK, _token_said(given["token"]):
            provider = cls(_login(given, secret), given, METHODS[given["method"]])
            provider._current()
        return provider

    @property
    def current(self) -> str:
        """Identifier of the last KEK on the token."""
        with self._using():
            return self._current()

    @property
    def earlier(self) -> tuple[str, ...]:
        """See `KeyProvider.earlier`; asked of the token."""
        with self._using():
            return tuple(sorted(_find(self._session, self._settings["label"])))[:-1]

    def wrap(self, key: bytes) -> Wrapped:
        """See `KeyProvider.wrap`; the current KEK is looked up anew, for another program may have rotated."""
        check_key(key)
        with self._using():
            kek = self._current()
            return Wrapped(kek, self._method.wrap(self._session, self._object(kek), kek, key))

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """See `KeyProvider.unwrap`."""
        with self._using():
            kek = self._object(wrapped.kek)
            try:
                key = self._method.unwrap(kek, wrapped.kek, wrapped.data)
            except _refusals() as error:
                # SoftHSM says "general error" to altered bytes, which elsewhere may be a failing device: ask it again.
                if _works(self._session, kek, wrapped.kek, self._method):
                    raise changed() from error
                raise
        if len(key) != KEY_BYTES:
            raise changed()
        return key

    def rotate(self) -> str:
        """See `KeyProvider.rotate`."""
        with self._using():
            made = _make(self._session, self._settings["label"], self._method, int(self._current()[:6]) + 1)
        if not made:
            raise KeyProviderError(
                f"{self._where} made a KEK that does not wrap; it was destroyed, the old one stays.",
                zh=f"{self._where} 生成的主密钥不能封装；已将其销毁，旧密钥保留",
            )
        return made

    def retire(self, kek: str) -> None:
        """See `KeyProvider.retire`."""
        with self._using():
            if kek == self._current():
                raise InputError(
                    f"The KEK {kek!r} is the current one; rotate before it is retired.",
                    zh=f"主密钥 {kek!r} 为当前密钥；停用前请先更换",
                )
            self._object(kek).destroy()

    def settings(self) -> dict[str, Any]:
        """Return library, token, label and method; the PIN is asked for anew."""
        return {"kind": self.kind, **self._settings}

    def close(self) -> None:
        """Log out, which logs out every other provider of this process for the same token as well."""
        with self._using():
            self._session.close()
            self._session = None

    @contextmanager
    def _using(self) -> Iterator[None]:
        with _LOCK, _token_said(self._settings["token"]):
            if self._session is None:
                raise KeyProviderError(
                    f"The session with {self._where} was closed; open the key provider again.",
                    zh=f"与 {self._where} 的会话已关闭；请重新打开密钥服务",
                )
            yield

    def _current(self) -> str:
        found = _find(self._session, self._settings["label"])
        if not found:
            raise KeyProviderError(
                f"There is no KEK on {self._where}; check the settings, or restore the token.",
                zh=f"{self._where} 上没有主密钥；请检查设置，或恢复令牌",
            )
        return max(found)

    def _object(self, kek: str) -> Any:
        found = _find(self._session, self._settings["label"], kek) if _IDENTIFIER.fullmatch(kek) else {}
        if kek not in found:
            raise unknown(kek, self._where)
        return found[kek]


def _complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    given = complete(settings, kind=Pkcs11Provider.kind, defaults=_DEFAULTS)
    library = Path(given["library"])
    # The library runs inside this process: whoever can replace it, or have another one named, reads every record.
    if not library.is_absolute() or not library.is_file() or library.stat().st_mode & 0o022:
        raise InputError(
            "The PKCS#11 library must be an absolute path to a file that only its owner may change.",
            zh="PKCS#11 库须为绝对路径，且只有其所有者可更改该文件",
        )
    if given["method"] not in {"", *METHODS}:
        raise InputError(
            f"The method is none of {', '.join(METHODS)}; leave it out when a store is created.",
            zh=f"方法不在 {'、'.join(METHODS)} 之内；建立存储时请省略",
        )
    if not given["token"] or not given["label"]:
        raise InputError(
            "The label of the token and the label of its KEKs must be given.", zh="须给出令牌的标签及其主密钥的标签"
        )
    return given


def _login(given: Mapping[str, Any], secret: Secret) -> Any:
    import pkcs11  # noqa: PLC0415

    try:
        token = pkcs11.lib(given["library"]).get_token(token_label=given["token"])
    except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned) as error:
        raise KeyProviderError(
            f"There is not exactly one token labelled {given['token']!r}; check it.",
            zh=f"标签为 {given['token']!r} 的令牌不是恰好一个；请检查",
        ) from error
    pin = secret(f"PIN of the token {given['token']!r}")
    try:
        return token.open(rw=True, user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        return token.open(rw=True)
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid):
        raise KeyProviderError(
            f"The PIN is not the one of the token {given['token']!r}; it may lock itself.",
            zh=f"PIN 与令牌 {given['token']!r} 不符；令牌可能会自行锁定",
        ) from None


def _find(session: Any, label: str, kek: str | None = None) -> dict[str, Any]:
    from pkcs11 import Attribute, KeyType, ObjectClass  # noqa: PLC0415

    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.LABEL: label}
    if kek is not None:
        wanted[Attribute.ID] = kek.encode("ascii")
    named = {bytes(one[Attribute.ID]).decode("latin-1"): one for one in list(session.get_objects(wanted))}
    return {name: one for name, one in named.items() if _IDENTIFIER.fullmatch(name)}


def _make(session: Any, label: str, method: Method, number: int) -> str | None:
    """Make a KEK and try it; one that does not work is destroyed again, and None returned."""
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415

    name = f"{number:06d}-{secrets.token_hex(4)}"
    try:
        kek = session.generate_key(
            KeyType.AES,
            256,
            id=name.encode("ascii"),
            label=label,
            store=True,
            capabilities=method.capabilities(),
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True},
        )
    except _unfit():
        return None
    if _works(session, kek, name, method):
        return name
    kek.destroy()
    return None


def _works(session: Any, kek: Any, name: str, method: Method) -> bool:
    import pkcs11  # noqa: PLC0415

    key = secrets.token_bytes(KEY_BYTES)
    try:
        return method.unwrap(kek, name, method.wrap(session, kek, name, key)) == key
    except (pkcs11.PKCS11Error, TamperError):
        return False


def _unfit() -> tuple[type[Exception], ...]:
    import pkcs11  # noqa: PLC0415

    return pkcs11.TemplateInconsistent, pkcs11.AttributeValueInvalid, pkcs11.MechanismInvalid


def _refusals() -> tuple[type[Exception], ...]:
    import pkcs11  # noqa: PLC0415

    return (
        pkcs11.WrappedKeyInvalid,
        pkcs11.WrappedKeyLenRange,
        pkcs11.EncryptedDataInvalid,
        pkcs11.EncryptedDataLenRange,
        pkcs11.DataInvalid,
        pkcs11.DataLenRange,
        pkcs11.FunctionFailed,
        pkcs11.GeneralError,
    )


@contextmanager
def _token_said(token: str) -> Iterator[None]:
    try:
        from pkcs11 import PKCS11Error  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("python-pkcs11", "hsm") from error
    try:
        yield
    except PKCS11Error as error:
        what = type(error).__name__
        raise KeyProviderError(
            f"The token {token!r} did not work ({what}); check that it is attached.",
            zh=f"令牌 {token!r} 未正常工作（{what}）；请检查其连接",
        ) from error
