"""Frames and bundles for another hospital: no bit changed, nothing cut off, nothing for or from anybody else."""

from __future__ import annotations

import base64
import io
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError, TamperError
from suwen.records.vault import (
    CHUNK,
    BundleKey,
    open_bundle,
    open_frames,
    public_text,
    read_public,
    seal_bundle,
    seal_frames,
)

KEY = bytes(range(32))
BOUND = b"what stands before"
MIB = random.Random(7).randbytes(CHUNK)  # noqa: S311 - content, no secret
SENDER = Ed25519PrivateKey.from_private_bytes(KEY)
OTHER_SENDER = Ed25519PrivateKey.from_private_bytes(KEY[::-1])
HOSPITAL = BundleKey(bytes(range(96)))
OTHER_HOSPITAL = BundleKey(bytes(range(96))[::-1])
HEAD: dict[str, Any] = {"from": "医院", "at": 7, "records": 2}
FRAMES = [b'{"record":{}}', b"", "血压".encode()]


def sealed_frames(frames: list[bytes], *, key: bytes = KEY, bound: bytes = BOUND) -> bytes:
    return b"".join(seal_frames(key, bound, frames))


def frames_in(sealed: bytes, *, key: bytes = KEY, bound: bytes = BOUND) -> list[bytes]:
    return list(open_frames(io.BytesIO(sealed), key, bound))


def sealed_bundle(head: dict[str, Any] = HEAD, frames: list[bytes] = FRAMES, recipient: BundleKey = HOSPITAL) -> bytes:
    return b"".join(seal_bundle(head, frames, recipient=public_text(recipient), signer=SENDER))


def opened_bundle(
    sealed: bytes, *, key: BundleKey = HOSPITAL, sender: Ed25519PrivateKey = SENDER
) -> tuple[dict[str, Any], list[bytes]]:
    head, frames = open_bundle(io.BytesIO(sealed), key=key, sender=sender.public_key())
    return head, list(frames)


def flipped(whole: bytes, bit: int) -> bytes:
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# Frames


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_frames_come_back_in_order(frames: list[bytes]) -> None:
    assert frames_in(sealed_frames(frames)) == frames


@pytest.mark.parametrize("over", [-9, -8, -7, -1, 0, 1, 8])
@pytest.mark.parametrize("first", [0, 5])
def test_frames_around_the_border_of_a_chunk_come_back(over: int, first: int) -> None:
    frames = [bytes(first), MIB[: CHUNK - 16 - first + over], b"", b"end"]
    assert frames_in(sealed_frames(frames)) == frames


def test_a_frame_longer_than_several_chunks_comes_back() -> None:
    frames = [b"a", MIB * 2 + b"b", b"c"]
    assert frames_in(sealed_frames(frames)) == frames


def test_every_flipped_bit_of_frames_is_refused() -> None:
    sealed = sealed_frames(FRAMES)
    for bit in range(8 * len(sealed)):
        with pytest.raises(TamperError):
            frames_in(flipped(sealed, bit))


def test_frames_cut_off_at_any_byte_or_continued_are_refused() -> None:
    sealed = sealed_frames(FRAMES)
    for changed in [*(sealed[:size] for size in range(len(sealed))), sealed + b"\0", sealed + bytes(4), sealed * 2]:
        with pytest.raises(TamperError):
            frames_in(changed)


def test_chunks_of_frames_cannot_be_swapped_repeated_dropped_or_declared_longer() -> None:
    sealed = sealed_frames([MIB, MIB])
    step = 4 + CHUNK + 16
    one, two, rest = sealed[:step], sealed[step : 2 * step], sealed[2 * step :]
    assert one[:4] == two[:4] == (CHUNK + 16).to_bytes(4, "big")
    assert frames_in(one + two + rest) == [MIB, MIB]
    longer = (CHUNK + 17).to_bytes(4, "big")
    for changed in (
        two + one + rest,
        one + one + rest,
        one + rest,
        one + two,
        one,
        rest,
        one + two + rest + rest,
        longer + one[4:] + two + rest,
        flipped(one, 0) + two + rest,  # the highest bit of a length that the largest chunk bounds anyway
    ):
        with pytest.raises(TamperError):
            frames_in(changed)


def test_chunks_that_end_where_a_frame_ends_cannot_be_moved_or_dropped_either() -> None:
    """Here the frames fit together in any order: nothing but the nonce of each chunk tells where it stands."""
    sealed = sealed_frames([bytes([one]) * (CHUNK - 8) for one in range(3)])
    step = 4 + CHUNK + 16
    chunks = [sealed[low : low + step] for low in range(0, len(sealed), step)]
    assert [frame[0] for frame in frames_in(b"".join(chunks))] == [0, 1, 2]
    for size in range(4):
        for chosen in itertools.product(range(3), repeat=size):
            if chosen != (0, 1, 2):
                with pytest.raises(TamperError):
                    frames_in(b"".join(chunks[one] for one in chosen))


@pytest.mark.parametrize(("key", "bound"), [(KEY[::-1], BOUND), (KEY, BOUND + b"x"), (KEY, b"")])
def test_frames_open_only_under_their_key_and_behind_what_they_are_bound_to(key: bytes, bound: bytes) -> None:
    with pytest.raises(TamperError):
        frames_in(sealed_frames(FRAMES), key=key, bound=bound)


def test_plaintext_that_ends_in_the_middle_of_a_frame_is_refused() -> None:
    """As a program with the key but a fault in it would write."""

    class Cut(bytes):
        def __len__(self) -> int:
            return 100

    with pytest.raises(TamperError, match="middle"):
        frames_in(b"".join(seal_frames(KEY, BOUND, [Cut(b"short")])))


# Bundles


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text("abc文"), max_size=4),
    st.lists(st.binary(max_size=50), max_size=6),
)
def test_a_bundle_opens_as_it_was_sealed(head: dict[str, Any], frames: list[bytes]) -> None:
    assert opened_bundle(sealed_bundle(head, frames)) == (head, frames)


def test_sealing_a_bundle_twice_gives_different_bytes_and_shows_only_the_head() -> None:
    one, other = sealed_bundle(), sealed_bundle()
    start = one[: one.index(b"}") + 1]
    assert start == other[: len(start)]
    assert one[len(start) + 64 : len(start) + 96] != other[len(start) + 64 : len(start) + 96]
    assert FRAMES[0] not in one
    assert FRAMES[2] not in one


def test_no_flipped_bit_of_a_bundle_passes() -> None:
    sealed = sealed_bundle()
    for bit in range(8 * len(sealed)):
        with pytest.raises((TamperError, FormatError)) as refused:
            opened_bundle(flipped(sealed, bit))
        assert refused.type is TamperError or bit < 8 * 9  # another magic or number makes it another thing


def test_a_bundle_cut_off_at_any_byte_or_continued_is_refused() -> None:
    sealed = sealed_bundle()
    for size in range(len(sealed)):
        with pytest.raises(TamperError if size >= 9 else FormatError):
            opened_bundle(sealed[:size])
    with pytest.raises(TamperError):
        opened_bundle(sealed + b"\0")


def test_frames_cut_off_or_changed_never_end_as_if_they_were_whole() -> None:
    """Early frames of a long bundle come before its end is seen; the end must then be an error."""
    sealed = sealed_bundle(frames=[MIB, MIB, b"last"])
    for changed in (sealed[:-1], sealed[: -CHUNK - 100], flipped(sealed, 8 * len(sealed) - 1)):
        _, coming = open_bundle(io.BytesIO(changed), key=HOSPITAL, sender=SENDER.public_key())
        with pytest.raises(TamperError):  # noqa: PT012 - which frame fails is not said
            for index, frame in enumerate(coming):
                assert frame == [MIB, MIB, b"last"][index]


def test_a_bundle_opens_for_its_recipient_alone() -> None:
    with pytest.raises(TamperError, match="not sealed for this hospital"):
        opened_bundle(sealed_bundle(), key=OTHER_HOSPITAL)
    half = BundleKey(HOSPITAL.raw[:64] + OTHER_HOSPITAL.raw[64:])  # the lattice key alone opens nothing,
    with pytest.raises(TamperError):
        opened_bundle(sealed_bundle(), key=half)
    half = BundleKey(OTHER_HOSPITAL.raw[:64] + HOSPITAL.raw[64:])  # nor does the curve key
    with pytest.raises(TamperError):
        opened_bundle(sealed_bundle(), key=half)


def test_a_bundle_of_another_sender_is_refused() -> None:
    with pytest.raises(TamperError, match="did not sign"):
        opened_bundle(sealed_bundle(), sender=OTHER_SENDER)


def test_another_hospital_cannot_sign_anew_what_was_sealed_for_us() -> None:
    """Nor give it another head: both the signature and what is sealed hang on the head."""
    sealed = sealed_bundle()
    clear = 13 + len(json.dumps(HEAD, separators=(",", ":"), ensure_ascii=False).encode())
    wrapped, rest = sealed[clear + 64 : clear + 64 + 1168], sealed[clear + 64 + 1168 :]
    said = json.dumps({**HEAD, "from": "other"}, sort_keys=True, separators=(",", ":")).encode()
    start = sealed[:9] + len(said).to_bytes(4, "big") + said
    signature = OTHER_SENDER.sign(start + wrapped)
    with pytest.raises(TamperError, match="not sealed for"):
        opened_bundle(start + signature + wrapped + rest, sender=OTHER_SENDER)
    signature = OTHER_SENDER.sign(sealed[:clear] + wrapped)  # the same head, signed by somebody else
    with pytest.raises(TamperError):
        opened_bundle(sealed[:clear] + signature + wrapped + rest, sender=OTHER_SENDER)


def test_frames_of_another_bundle_of_the_same_hospitals_are_refused() -> None:
    one, other = sealed_bundle(), sealed_bundle()
    border = len(one) - len(sealed_frames(FRAMES))
    with pytest.raises(TamperError):
        opened_bundle(one[:border] + other[border:])


def test_a_head_that_could_not_be_opened_is_not_sealed() -> None:
    with pytest.raises(InputError, match="at most"):
        sealed_bundle({"long": "x" * (1 << 20)})


def test_a_bundle_that_claims_an_endless_head_is_refused_before_it_is_read() -> None:
    """Whoever sends one could else fill the memory before any signature is looked at."""

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 <= size <= 1 << 20
            return super().read(size)

    sealed = sealed_bundle()
    for length in ((1 << 20) + 1, (1 << 32) - 1):
        with pytest.raises(TamperError, match="head of the bundle was changed"):
            open_bundle(
                Watched(sealed[:9] + length.to_bytes(4, "big") + sealed[13:]), key=HOSPITAL, sender=SENDER.public_key()
            )


@pytest.mark.parametrize("said", [b"not json", b"\xff", b"[1]", b"7", b"[" * 100_000])
def test_a_genuine_bundle_whose_head_is_no_object_is_refused(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the faulty program of a hospital that is known would write."""

    class Said(str):
        def encode(self, *_: str) -> bytes:  # type: ignore[override]
            return said

    def dumps(*_: object, **_said: object) -> str:
        return Said()

    with monkeypatch.context() as patch:
        patch.setattr("suwen.records.vault.bundle.json.dumps", dumps)
        sealed = sealed_bundle()
    with pytest.raises(FormatError, match="no JSON object"):
        opened_bundle(sealed)


# Public keys


def test_a_public_key_is_one_line_that_reads_back_with_blanks_around_it() -> None:
    text = public_text(HOSPITAL)
    assert text.isascii()
    assert text.split() == [text]
    assert text == public_text(BundleKey(HOSPITAL.raw))
    read_public(f"  {text}\n")


def test_fresh_keys_differ() -> None:
    assert len({public_text(BundleKey.generate()) for _ in range(5)}) == 5


def test_a_bundle_key_says_nothing_of_itself_in_its_public_half() -> None:
    raw = base64.b64decode(public_text(HOSPITAL).split(":")[1])
    assert HOSPITAL.raw[:64] not in raw
    assert HOSPITAL.raw[64:] not in raw


def test_every_mistyped_character_of_a_public_key_is_refused() -> None:
    text = public_text(HOSPITAL)
    for index, letter in enumerate(text):
        with pytest.raises(FormatError):
            read_public(text[:index] + ("A" if letter != "A" else "B") + text[index + 1 :])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:0],
        lambda text: text.split(":")[1],
        lambda text: text[:-1],
        lambda text: text[:-4],
        lambda text: text + "AAAA",
        lambda text: text[:500],
        lambda text: text[:200] + text[201:] + "A",
        lambda text: text[:600] + " " + text[600:],
        lambda text: text.replace("suwen-hospital-1:", "suwen-hospital-2:"),
        lambda text: "suwen-hospital-1:" + text,
        lambda text: text[: len("suwen-hospital-1:")],
        lambda text: text[:40] + "密" + text[41:],
    ],
)
def test_a_damaged_public_key_is_refused(damage: Callable[[str], str]) -> None:
    with pytest.raises(FormatError):
        read_public(damage(public_text(HOSPITAL)))
    with pytest.raises(FormatError):
        next(seal_bundle(HEAD, [], recipient=damage(public_text(HOSPITAL)), signer=SENDER))
