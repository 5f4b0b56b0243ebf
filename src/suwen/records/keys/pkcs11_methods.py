"""The ways a PKCS#11 token wraps a data key, each with the byte that names it in front of the wrapped bytes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from suwen.records.keys.wrapping import changed

__all__ = ["METHODS", "Method", "offered"]

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Method:
    """One way: its name in the settings, its byte, the PKCS#11 mechanism, and whether keys or bytes go in.

    The bytes never change meaning; a new way takes a new byte.
    """

    name: str
    byte: int
    mechanism: str
    wraps_keys: bool

    def capabilities(self) -> Any:
        """Return what a KEK for this method may be used for; nothing else, so that no act can undo another."""
        from pkcs11 import MechanismFlag  # noqa: PLC0415

        if self.wraps_keys:
            return MechanismFlag.WRAP | MechanismFlag.UNWRAP
        return MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT

    def wrap(self, session: Any, kek: Any, name: str, key: bytes) -> bytes:
        """Return the method byte and `key` wrapped by the object `kek`, which is called `name`."""
        from pkcs11 import Mechanism  # noqa: PLC0415
        from pkcs11.mechanisms import GCMParams  # noqa: PLC0415

        lead = bytes([self.byte])
        mechanism = Mechanism[self.mechanism]
        if self.wraps_keys:
            with _gone_after(session.create_object(_template(key))) as data_key:
                return lead + bytes(kek.wrap_key(data_key, mechanism=mechanism))
        # Random nonces: NIST SP 800-38D, section 8.3, allows 2**32 of them for one KEK.
        nonce = secrets.token_bytes(NONCE_BYTES)
        parameters = GCMParams(nonce, lead + name.encode(), 128)
        return lead + nonce + bytes(kek.encrypt(key, mechanism=mechanism, mechanism_param=parameters))

    def unwrap(self, kek: Any, name: str, data: bytes) -> bytes:
        """Return what `wrap` was given; errors of the token pass through."""
        from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass  # noqa: PLC0415
        from pkcs11.mechanisms import GCMParams  # noqa: PLC0415

        lead, rest = data[:1], data[1:]
        if lead != bytes([self.byte]) or len(rest) <= NONCE_BYTES:
            raise changed()
        mechanism = Mechanism[self.mechanism]
        if self.wraps_keys:
            readable = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
            found = kek.unwrap_key(ObjectClass.SECRET_KEY, KeyType.AES, rest, mechanism=mechanism, template=readable)
            with _gone_after(found) as data_key:
                return bytes(data_key[Attribute.VALUE])
        parameters = GCMParams(rest[:NONCE_BYTES], lead + name.encode(), 128)
        return bytes(kek.decrypt(rest[NONCE_BYTES:], mechanism=mechanism, mechanism_param=parameters))


METHODS: dict[str, Method] = {
    one.name: one
    for one in (
        Method("kwp", 1, "AES_KEY_WRAP_KWP", wraps_keys=True),  # RFC 5649 by the name of PKCS#11 3.0
        Method("key-wrap-pad", 2, "AES_KEY_WRAP_PAD", wraps_keys=True),  # the older name; some tokens pad otherwise
        Method("gcm", 3, "AES_GCM", wraps_keys=False),  # for tokens that let no key be read, such as in FIPS mode
    )
}


def offered(token: Any) -> list[Method]:
    """Return the methods whose mechanism the token lists, the best first; whether they work shows a trial."""
    from pkcs11 import Mechanism  # noqa: PLC0415

    listed = set(token.slot.get_mechanisms())
    return [one for one in METHODS.values() if Mechanism[one.mechanism] in listed]


def _template(key: bytes) -> dict[Any, Any]:
    from pkcs11 import Attribute, KeyType, ObjectClass  # noqa: PLC0415

    return {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.VALUE: key,
        Attribute.TOKEN: False,  # lives in this session only, never in the token's memory
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: False,
        Attribute.EXTRACTABLE: True,  # C_WrapKey wraps nothing else
    }


@contextmanager
def _gone_after(key: Any) -> Iterator[Any]:
    try:
        yield key
    finally:
        key.destroy()
