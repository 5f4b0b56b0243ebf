"""Signed checkpoints: what the audit log promised to hold at a time, kept outside it so that nothing can be taken back.

FORMAT 1. A checkpoint is a C2SP signed note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint, v1.0.0) in UTF-8:

    <origin>                          name of the log, also the name of its key
    <size>                            number of entries signed, decimal
    <base64 of the 32-byte root>      RFC 6962 tree over those entries
    time <at>                         extension line: microseconds since 1970-01-01T00:00:00Z, decimal
    state <base64 of 32 bytes>        extension line: digest of what the store holds beside the log
    <empty line>
    — <origin> <base64 of key id (4 bytes) and Ed25519 signature (64 bytes)>

Signed are the bytes before the empty line, its last line feed included. The key id is the beginning of SHA-256(origin,
line feed, 0x01, public key). Every line ends with one line feed; numbers have no leading zero; base64 has its padding.
There is exactly one signature. The public key is written as a note's verifier key: origin+key id in hex+base64(0x01,
public key).

Promise: checkpoints and keys written in this format are readable by every later Suwen, and by any other reader of
signed notes. Another format gets another extension line, its own number here, and a reader beside this one.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suwen.errors import FormatError, InputError, TamperError

__all__ = ["Checkpoint", "from_line", "public_key_from_text", "public_key_to_text", "sign", "to_line", "verify"]

_ED25519 = b"\x01"  # the signature type of c2sp.org/signed-note
_ORIGIN = r"[!-*,-~]{1,200}"  # visible ASCII without space and plus
_NUMBER = r"0|[1-9][0-9]{0,18}"
_NOTE = re.compile(
    rf"(?P<body>(?P<origin>{_ORIGIN})\n(?P<size>{_NUMBER})\n(?P<root>[A-Za-z0-9+/]{{43}}=)\n"
    rf"time (?P<at>{_NUMBER})\nstate (?P<state>[A-Za-z0-9+/]{{43}}=)\n)"
    rf"\n\u2014 (?P<name>{_ORIGIN}) (?P<signature>[A-Za-z0-9+/]{{91}}=)\n"
)
_KEY = re.compile(rf"(?P<origin>{_ORIGIN})\+(?P<id>[0-9a-f]{{8}})\+(?P<key>[A-Za-z0-9+/]{{44}})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` had `size` entries with this 32-byte Merkle `root` at `at` (microseconds since 1970, UTC).

    `state` (32 bytes) is a digest of what its keeper holds beside the log; zeros where there is nothing.
    """

    origin: str
    size: int
    root: bytes
    at: int
    state: bytes = bytes(32)


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the checkpoint as a signed note, format 1.

    Raises:
        InputError: the origin, the numbers or the root cannot be written in format 1.

    """
    body = _body(checkpoint)
    stamp = _key_id(checkpoint.origin, key.public_key()) + key.sign(body.encode())
    note = f"{body}\n\u2014 {checkpoint.origin} {b64encode(stamp).decode()}\n"
    if not _NOTE.fullmatch(note):
        raise InputError(
            "a checkpoint needs a name of visible ASCII without space and plus, whole numbers, a root and a state of "
            "32",
            zh="检查点须有仅含可见 ASCII 且无空格和加号的名称、整数、32 字节的根和状态",
        )
    return note


def verify(text: str, public_key: Ed25519PublicKey) -> Checkpoint:
    """Return what the signed note says, after checking that it is format 1 to the byte and signed by this key.

    Raises:
        TamperError: any of it differs from what was signed, or another key signed it.

    """
    found = _NOTE.fullmatch(text)
    if found is None:
        raise TamperError(
            "a checkpoint is damaged: it is not a signed note of format 1", zh="检查点已损坏：不是格式 1 的签名文件"
        )
    root, stamp = b64decode(found["root"]), b64decode(found["signature"])
    state = b64decode(found["state"])
    checkpoint = Checkpoint(found["origin"], int(found["size"]), root, int(found["at"]), state)
    canonical = b64encode(stamp).decode() == found["signature"] and _body(checkpoint) == found["body"]
    if not canonical or found["name"] != found["origin"]:
        raise TamperError(
            f"a checkpoint over {checkpoint.size} entries is damaged: it is not written as format 1 is",
            zh=f"含 {checkpoint.size} 条的检查点已损坏：书写不符合格式 1",
        )
    if stamp[:4] != _key_id(checkpoint.origin, public_key):
        raise TamperError(
            f"a checkpoint over {checkpoint.size} entries was signed by another key than the one given",
            zh=f"含 {checkpoint.size} 条的检查点由所给以外的密钥签名",
        )
    try:
        public_key.verify(stamp[4:], found["body"].encode())
    except InvalidSignature as error:
        raise TamperError(
            f"a checkpoint over {checkpoint.size} entries does not bear a valid signature",
            zh=f"含 {checkpoint.size} 条的检查点签名无效",
        ) from error
    return checkpoint


def to_line(text: str) -> str:
    """Return a signed note as one line of a checkpoints file: a JSON string in ASCII, without line feed."""
    return json.dumps(text, ensure_ascii=True)


def from_line(line: str) -> str:
    """Return the signed note that stands in one line of a checkpoints file; a line feed at its end is allowed.

    Raises:
        TamperError: the line is not what `to_line` writes.

    """
    bare = line.removesuffix("\n")
    try:
        text = json.loads(bare)
    except (ValueError, RecursionError) as error:
        raise TamperError(
            "a line of the checkpoints file is damaged: it is not a JSON string",
            zh="检查点文件的一行已损坏：不是 JSON 字符串",
        ) from error
    if not isinstance(text, str) or to_line(text) != bare:
        raise TamperError(
            "a line of the checkpoints file is damaged: it is not a JSON string as Suwen writes it",
            zh="检查点文件的一行已损坏：不是 Suwen 所写的 JSON 字符串",
        )
    return text


def public_key_to_text(public_key: Ed25519PublicKey, *, origin: str) -> str:
    """Return the key and the name of its log as one word, to be handed to whoever shall check checkpoints.

    Raises:
        InputError: the name is not visible ASCII without space and plus.

    """
    if not re.fullmatch(_ORIGIN, origin):
        raise InputError(
            "the name of a log is 1 to 200 characters of visible ASCII, without space and plus",
            zh="日志名称为 1 至 200 个可见 ASCII 字符，不含空格和加号",
        )
    key = b64encode(_ED25519 + _raw(public_key)).decode()
    return f"{origin}+{_key_id(origin, public_key).hex()}+{key}"


def public_key_from_text(text: str) -> tuple[str, Ed25519PublicKey]:
    """Return the name of a log and its public key from what `public_key_to_text` gave.

    Raises:
        FormatError: the text is not such a key, or a character of it was changed.

    """
    found = _KEY.fullmatch(text.strip())
    packed = b64decode(found["key"]) if found else b""
    if found is None or packed[:1] != _ED25519:
        raise FormatError(
            "this is not the public key of an audit log; it looks like name+1234abcd+base64",
            zh="这不是审计日志的公钥；公钥形如 name+1234abcd+base64",
        )
    public_key = Ed25519PublicKey.from_public_bytes(packed[1:])
    if found["id"] != _key_id(found["origin"], public_key).hex():
        raise FormatError(
            "the public key of the audit log was mistyped: its name, id and key do not belong together",
            zh="审计日志的公钥输入有误：其名称、编号和密钥不相配",
        )
    return found["origin"], public_key


def _body(checkpoint: Checkpoint) -> str:
    root = b64encode(checkpoint.root).decode()
    state = b64encode(checkpoint.state).decode()
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\ntime {checkpoint.at}\nstate {state}\n"


def _key_id(origin: str, public_key: Ed25519PublicKey) -> bytes:
    return sha256(origin.encode() + b"\n" + _ED25519 + _raw(public_key)).digest()[:4]


def _raw(public_key: Ed25519PublicKey) -> bytes:
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
