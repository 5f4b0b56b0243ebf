"""Images and signals in chunks: any slice opens from the chunks it touches, and no chunk can be moved or cut off."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError, TamperError
from suwen.records.vault import HEAD_BYTES, PatientKey, StreamCipher, open_head, open_range, seal_stream
from suwen.records.vault.stream import chunks_of

DATA_KEY = bytes(range(32))
KEY = PatientKey(DATA_KEY, patient=bytes(range(16)), generation=1)
BLOB = bytes(range(50, 66))
CHUNK = 4096
STEP = CHUNK + 16
PLAIN = random.Random(7).randbytes(5 * CHUNK)  # noqa: S311 - content, no secret

sizes = st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK])
sizes |= st.integers(0, 5 * CHUNK)


def sealed_bytes(plain: bytes, *, key: PatientKey = KEY, blob: bytes = BLOB, chunk: int = CHUNK) -> bytes:
    return b"".join(seal_stream(key, blob, [plain], size=len(plain), chunk=chunk))


def slicing(sealed: bytes) -> Callable[[int, int], bytes]:
    """A reader that, unlike the store's, says nothing when bytes are missing: the vault must notice by itself."""
    return lambda low, high: sealed[low:high]


def opened(sealed: bytes, *, key: PatientKey = KEY, blob: bytes = BLOB) -> bytes:
    return b"".join(open_range(key, blob, slicing(sealed)))


def pieces_of(sealed: bytes) -> tuple[bytes, list[bytes]]:
    """Head and sealed chunks."""
    return sealed[:HEAD_BYTES], [sealed[low : low + STEP] for low in range(HEAD_BYTES, len(sealed), STEP)]


# Round trip


@settings(deadline=None)
@given(sizes, st.lists(st.integers(0, 2 * CHUNK), max_size=6))
def test_a_stream_opens_as_it_was_sealed_however_it_came(size: int, cuts: list[int]) -> None:
    plain = PLAIN[:size]
    parts = [memoryview(bytearray(part)) for part in cut(plain, cuts)]
    sealed = b"".join(seal_stream(KEY, BLOB, parts, size=size, chunk=CHUNK))
    assert len(sealed) == HEAD_BYTES + size + 16 * max(1, -(-size // CHUNK))
    assert len(sealed) == open_head(sealed[:HEAD_BYTES], BLOB).stored
    assert opened(sealed) == plain


def cut(plain: bytes, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield plain[:size]
        plain = plain[size:]
    yield plain


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(1, 8))
def test_parts_are_cut_into_whole_chunks_and_a_rest(lengths: list[int], chunk: int) -> None:
    parts = [PLAIN[10 * index : 10 * index + length] for index, length in enumerate(lengths)]
    cut_up = [bytes(piece) for piece in chunks_of(parts, chunk)]
    whole = b"".join(parts)
    assert b"".join(cut_up) == whole
    assert [len(piece) for piece in cut_up[:-1]] == [chunk] * (len(cut_up) - 1)
    assert len(cut_up[-1]) in range(1, chunk + 1) or not whole
    assert len(cut_up) == max(1, -(-len(whole) // chunk))


@settings(deadline=None)
@given(sizes, st.data())
def test_a_slice_is_the_slice_of_the_plaintext_from_the_chunks_it_touches(size: int, data: st.DataObject) -> None:
    sealed = sealed_bytes(PLAIN[:size])
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    asked: list[tuple[int, int]] = []

    def read(low: int, high: int) -> bytes:
        asked.append((low, high))
        return sealed[low:high]

    assert b"".join(open_range(KEY, BLOB, read, start=start, end=end)) == PLAIN[start:end]
    touched = range(start // CHUNK, (end - 1) // CHUNK + 1) if end > start else range(1 if size == 0 else 0)
    spans = [(HEAD_BYTES + one * STEP, min(HEAD_BYTES + (one + 1) * STEP, len(sealed))) for one in touched]
    assert asked == [(0, HEAD_BYTES), *spans]


def test_chunks_are_read_only_as_they_are_asked_for() -> None:
    sealed, asked = sealed_bytes(PLAIN), []

    def read(low: int, high: int) -> bytes:
        asked.append(low)
        return sealed[low:high]

    coming = open_range(KEY, BLOB, read)
    assert next(coming) == PLAIN[:CHUNK]
    assert asked == [0, HEAD_BYTES]


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (0, CHUNK + 1), (CHUNK + 1, None), (7, 3), (CHUNK + 1, CHUNK + 2)])
def test_a_slice_outside_is_refused(start: int, end: int | None) -> None:
    sealed = sealed_bytes(PLAIN[:CHUNK])
    with pytest.raises(InputError, match="do not lie within"):
        list(open_range(KEY, BLOB, slicing(sealed), start=start, end=end))


def test_sealing_twice_shares_no_bytes_but_those_of_the_head() -> None:
    one, other = (sealed_bytes(bytes(2 * CHUNK)) for _ in range(2))
    (head, chunks), (other_head, other_chunks) = pieces_of(one), pieces_of(other)
    assert head[:18] == other_head[:18]
    assert head[18:50] != other_head[18:50]
    assert not set(chunks) & set(other_chunks)
    assert chunks[0][:16] != chunks[1][:16]  # equal plaintext, other nonce


def test_a_stream_has_the_bytes_that_the_format_says() -> None:
    """Opened here from the written format alone, without the code of the vault."""
    size = CHUNK + 100
    head, chunks = pieces_of(sealed_bytes(PLAIN[:size]))
    assert head[:18] == b"SUWENSTR\x01\x0c" + size.to_bytes(8, "big")
    assert head[50:] == BLOB[:8]
    parent = HKDF(SHA256(), 32, None, b"suwen stream 1").derive(DATA_KEY)
    info = b"suwen stream 1" + KEY.patient + b"\0\0\0\1" + BLOB
    cipher = AESGCM(HKDF(SHA256(), 32, head[18:50], info).derive(parent))
    nonces = [bytes(12), bytes(10) + b"\1\1"]
    assert b"".join(cipher.decrypt(*one, head) for one in zip(nonces, chunks, strict=True)) == PLAIN[:size]


# Tampering

SIZE = 3 * CHUNK + 100
SEALED = sealed_bytes(PLAIN[:SIZE])
HEAD, CHUNKS = pieces_of(SEALED)


def test_every_order_and_choice_of_chunks_but_the_right_one_is_refused() -> None:
    choices = list(itertools.product(range(4), repeat=4))
    assert len(choices) == 256
    for chosen in choices:
        sealed = HEAD + b"".join(CHUNKS[one] for one in chosen)
        if chosen == (0, 1, 2, 3):
            assert opened(sealed) == PLAIN[:SIZE]
        else:
            with pytest.raises(TamperError):
                opened(sealed)


@pytest.mark.parametrize("kept", range(4))
def test_a_stream_cut_off_at_a_chunk_is_refused_even_with_the_size_adjusted(kept: int) -> None:
    shorter = HEAD[:10] + (kept * CHUNK).to_bytes(8, "big") + HEAD[18:]
    for head in (HEAD, shorter):
        with pytest.raises(TamperError):
            opened(head + b"".join(CHUNKS[:kept]))


@pytest.mark.parametrize("cut_off", [0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, STEP, len(SEALED) - 1])
def test_a_stream_cut_off_anywhere_is_refused(cut_off: int) -> None:
    with pytest.raises(TamperError):
        opened(SEALED[:cut_off])


def test_every_flipped_bit_of_the_head_is_refused() -> None:
    for bit in range(8 * HEAD_BYTES):
        changed = bytearray(SEALED)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TamperError):
            opened(bytes(changed))


def test_every_flipped_bit_of_a_chunk_is_refused() -> None:
    sealed = sealed_bytes(b"a signal", chunk=CHUNK)
    for bit in range(8 * HEAD_BYTES, 8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TamperError):
            opened(bytes(changed))


@settings(deadline=None, max_examples=50)
@given(st.integers(8 * HEAD_BYTES, 8 * len(SEALED) - 1))
def test_a_flipped_bit_in_any_chunk_of_several_is_refused(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TamperError):
        opened(bytes(changed))


@pytest.mark.parametrize("index", range(4))
def test_a_chunk_of_another_stream_of_the_same_bytes_is_refused(index: int) -> None:
    for other in (
        sealed_bytes(PLAIN[:SIZE]),  # the same image stored again
        sealed_bytes(PLAIN[:SIZE], blob=BLOB[:8] + bytes(8)),  # a blob whose id begins alike
    ):
        theirs = pieces_of(other)[1]
        with pytest.raises(TamperError):
            opened(HEAD + b"".join([*CHUNKS[:index], theirs[index], *CHUNKS[index + 1 :]]))


@pytest.mark.parametrize(
    ("key", "blob"),
    [
        (KEY, BLOB[:8] + bytes(8)),
        (KEY, bytes(16)),
        (PatientKey(DATA_KEY, patient=bytes(16), generation=1), BLOB),
        (PatientKey(DATA_KEY, patient=KEY.patient, generation=2), BLOB),
        (PatientKey(bytes(32), patient=KEY.patient, generation=1), BLOB),
    ],
)
def test_a_stream_is_bound_to_its_blob_patient_generation_and_key(key: PatientKey, blob: bytes) -> None:
    with pytest.raises(TamperError):
        opened(SEALED, key=key, blob=blob)


def test_a_head_is_read_only_for_the_blob_it_names() -> None:
    assert open_head(HEAD, BLOB).size == SIZE
    with pytest.raises(TamperError):
        open_head(HEAD, bytes(16))


@pytest.mark.parametrize("sizes", [[CHUNK, 99], [CHUNK - 1, 100], [CHUNK, 101], [CHUNK + 1, 100], [0, 100]])
def test_genuine_chunks_of_other_sizes_than_the_head_says_are_refused(sizes: list[int]) -> None:
    """As a faulty program with the key would seal them: a part of an image must not be taken for the whole."""
    head = open_head(sealed_bytes(PLAIN[: CHUNK + 100])[:HEAD_BYTES], BLOB)
    cipher = StreamCipher(KEY, BLOB, head)
    for index, size in enumerate(sizes):
        sealed = cipher.seal(index, PLAIN[:size])
        if size == [CHUNK, 100][index]:
            assert cipher.open(index, sealed) == PLAIN[:size]
        else:
            with pytest.raises(TamperError, match="not of the size"):
                cipher.open(index, sealed)


def test_an_empty_stream_is_authenticated_too() -> None:
    sealed = sealed_bytes(b"")
    assert opened(sealed) == b""
    for changed in (sealed[:-1], sealed[:HEAD_BYTES], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(TamperError):
            opened(changed)
    emptied = HEAD[:10] + bytes(8) + HEAD[18:]
    with pytest.raises(TamperError):
        opened(emptied + b"".join(CHUNKS))


# What cannot be sealed


@settings(deadline=None)
@given(sizes, sizes)
def test_parts_of_another_size_than_said_leave_nothing_that_opens_whole(said: int, held: int) -> None:
    given_away = bytearray()

    def seal() -> None:
        for piece in seal_stream(KEY, BLOB, [PLAIN[:held]], size=said, chunk=CHUNK):
            given_away.extend(piece)

    if said == held:
        seal()
        assert opened(bytes(given_away)) == PLAIN[:held]
        return
    with pytest.raises(InputError, match=f"said to hold {said} bytes"):
        seal()
    with pytest.raises(TamperError):
        opened(bytes(given_away))


@pytest.mark.parametrize("chunk", [-4096, -1, 0, 1, 2048, 4095, 4097, 6144, 1 << 27])
def test_a_chunk_size_the_head_cannot_say_is_refused(chunk: int) -> None:
    with pytest.raises(InputError, match="power of two"):
        next(seal_stream(KEY, BLOB, [b"x"], size=1, chunk=chunk))


@pytest.mark.parametrize("log", range(12, 27))
def test_every_chunk_size_of_the_format_is_sealed_and_opened(log: int) -> None:
    assert opened(sealed_bytes(b"a signal", chunk=1 << log)) == b"a signal"


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(InputError, match="cannot hold"):
        next(seal_stream(KEY, BLOB, [b""], size=-1))
