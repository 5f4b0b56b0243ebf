"""Signed checkpoints: C2SP signed notes to the byte, and no bit of one can be changed unseen."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError, TamperError
from suwen.records.audit.checkpoint import (
    Checkpoint,
    from_line,
    public_key_from_text,
    public_key_to_text,
    sign,
    to_line,
    verify,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
HERE = Checkpoint("clinic.example/audit", 12_345, sha256(b"root").digest(), 1_764_089_333_000_001)
NOTE = sign(HERE, KEY)

# A published note and its key: the example of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note is written from.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SAYS = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_SIGNS = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

times = st.integers(0, 10**16)
origins = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="+"), min_size=1, max_size=40)
digests = st.binary(min_size=32, max_size=32)
checkpoints = st.builds(Checkpoint, origins, st.integers(0, 1 << 62), digests, times, digests)


def test_the_note_stands_as_the_format_says() -> None:
    body = f"clinic.example/audit\n12345\n{b64encode(HERE.root).decode()}\ntime 1764089333000001\n"
    body += f"state {b64encode(HERE.state).decode()}\n"
    text, _, last = NOTE.partition("\n\n")
    assert text + "\n" == body
    assert last.startswith("— clinic.example/audit ")
    assert last.endswith("\n")
    stamp = b64decode(last.split()[2])
    assert stamp[:4] == sha256(b"clinic.example/audit\n\x01" + PUBLIC.public_bytes_raw()).digest()[:4]
    PUBLIC.verify(stamp[4:], body.encode())


def test_keys_and_signatures_are_those_of_other_readers_of_signed_notes() -> None:
    origin, public = public_key_from_text(PETER)
    assert origin == "PeterNeumann"
    assert public_key_to_text(public, origin=origin) == PETER
    stamp = b64decode(PETER_SIGNS)
    assert stamp[:4].hex() == PETER.split("+")[1]
    public.verify(stamp[4:], PETER_SAYS.encode())


@given(checkpoints)
def test_what_was_signed_is_read_back(checkpoint: Checkpoint) -> None:
    note = sign(checkpoint, KEY)
    assert verify(note, PUBLIC) == checkpoint
    assert sign(verify(note, PUBLIC), KEY) == note
    assert verify(from_line(to_line(note) + "\n"), PUBLIC) == checkpoint


@given(checkpoints)
@settings(max_examples=5, deadline=None)
def test_every_flipped_bit_is_seen(checkpoint: Checkpoint) -> None:
    note = sign(checkpoint, KEY).encode()
    for bit in range(len(note) * 8):
        changed = bytearray(note)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TamperError):
            # What is no UTF-8 any more still reaches the reader, as a file would be read by a careless one.
            verify(changed.decode(errors="surrogateescape"), PUBLIC)


def test_every_flipped_bit_of_a_line_is_seen() -> None:
    line = to_line(NOTE).encode()
    assert b"\n" not in line
    for bit in range(len(line) * 8):
        changed = bytearray(line)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TamperError):
            verify(from_line(changed.decode(errors="surrogateescape")), PUBLIC)


@pytest.mark.parametrize(
    "changed",
    [
        "",
        NOTE + "\n",
        NOTE[:-1],
        "\n" + NOTE,
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("12345", "012345"),
        NOTE.replace("12345", "１２３４５"),
        NOTE.replace("time 1764", "time +1764"),
        NOTE.replace("time 1764089333000001\n", ""),
        NOTE.replace("time 1764089333000001\n", "time 1764089333000001\nnote\n"),
        NOTE + NOTE.rpartition("\n\n")[2],
        NOTE.replace("— clinic.example/audit", "— clinic.example/other"),
        NOTE.replace("— ", "- "),
        NOTE.replace("clinic.example", "other.example"),
        NOTE.replace("\n12345\n", "\n12344\n"),
    ],
)
def test_another_form_is_refused(changed: str) -> None:
    assert changed != NOTE
    with pytest.raises(TamperError):
        verify(changed, PUBLIC)


def test_another_key_is_named_as_the_reason() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(TamperError, match="12345 entries was signed by another key"):
        verify(NOTE, other.public_key())


def test_a_root_in_another_spelling_is_refused_even_when_signed() -> None:
    # The last letter of the root has two bits without meaning; two texts must not say the same thing.
    body, _, last = NOTE.partition("\n\n")
    root = body.splitlines()[2]
    other = body.replace(root, f"{root[:-2]}{chr(ord(root[-2]) + 1)}=") + "\n"
    assert b64decode(other.splitlines()[2]) == HERE.root
    stamp = b64decode(last.split()[2])[:4] + KEY.sign(other.encode())
    with pytest.raises(TamperError, match="not written as format 1"):
        verify(f"{other}\n— {HERE.origin} {b64encode(stamp).decode()}\n", PUBLIC)


def test_a_signature_of_another_note_is_refused() -> None:
    later = sign(Checkpoint(HERE.origin, 12_346, HERE.root, HERE.at), KEY)
    with pytest.raises(TamperError, match="valid signature"):
        verify(NOTE.rpartition("\n\n")[0] + "\n\n" + later.rpartition("\n\n")[2], PUBLIC)


@pytest.mark.parametrize(
    "wrong",
    [
        Checkpoint("two words", 1, bytes(32), 0),
        Checkpoint("a+b", 1, bytes(32), 0),
        Checkpoint("", 1, bytes(32), 0),
        Checkpoint("诊所", 1, bytes(32), 0),
        Checkpoint("a\n2", 1, bytes(32), 0),
        Checkpoint("a", -1, bytes(32), 0),
        Checkpoint("a", 1, bytes(31), 0),
        Checkpoint("a", 1, bytes(33), 0),
        Checkpoint("a", 1, bytes(32), -1),
        Checkpoint("a", 10**19, bytes(32), 0),
    ],
)
def test_what_cannot_be_written_is_not_signed(wrong: Checkpoint) -> None:
    with pytest.raises(InputError):
        sign(wrong, KEY)


@pytest.mark.parametrize(
    "line", ["", "null", "[]", '"open', "{}", ' "a"', '"\\u0061"', '"a" ', '"a"\n\n', "[" * 50_000, '"\u2014"']
)
def test_a_damaged_line_is_refused(line: str) -> None:
    with pytest.raises(TamperError, match="checkpoints file"):
        from_line(line)


@given(origins)
def test_a_key_is_read_back_as_written(origin: str) -> None:
    text = public_key_to_text(PUBLIC, origin=origin)
    name, public = public_key_from_text(text + "\n")
    assert (name, public.public_bytes_raw()) == (origin, PUBLIC.public_bytes_raw())


def test_a_mistyped_key_is_refused() -> None:
    text = public_key_to_text(PUBLIC, origin="clinic")
    for place, letter in enumerate(text):
        for other in "aA0+/ ":
            if other != letter:
                with pytest.raises(FormatError):
                    public_key_from_text(text[:place] + other + text[place + 1 :])
    with pytest.raises(InputError):
        public_key_to_text(PUBLIC, origin="two words")


def test_a_key_of_another_kind_is_refused() -> None:
    packed = b64encode(b"\x04" + PUBLIC.public_bytes_raw()).decode()
    with pytest.raises(FormatError, match="not the public key"):
        public_key_from_text(f"clinic+{'0' * 8}+{packed}")
    assert isinstance(PUBLIC, Ed25519PublicKey)
