"""One-time codes: the published vectors of RFC 6238, one step of tolerance, and each code once."""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import LoginError
from suwen.records.identity import totp
from suwen.records.identity.nouns import Account

# RFC 6238, appendix B, the SHA-1 rows: eight digits, of which six-digit codes are the last six (RFC 4226, 5.3).
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
SECRET = base64.b32encode(b"12345678901234567890").decode()
LIN = Account("a1", "lin", "Lin", frozenset(), 0.0, totp=SECRET)


def code_at(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize(("at", "code"), VECTORS)
def test_published_vectors(at: int, code: str) -> None:
    accepted = totp.accept(LIN, code[-6:], clock=lambda: float(at))
    assert accepted is not None
    assert accepted.totp_step == at // 30


@pytest.mark.parametrize(("at", "code"), VECTORS)
def test_the_library_agrees_with_all_eight_digits(at: int, code: str) -> None:
    assert pyotp.TOTP(SECRET, digits=8).at(at) == code


@given(st.integers(100, 10**8), st.integers(-5, 5))
def test_one_step_either_way_and_no_more(step: int, off: int) -> None:
    at = step * 30 + 12.5
    near = {code_at(step + one) for one in (-1, 0, 1)}
    accepted = totp.accept(LIN, code_at(step + off), clock=lambda: at)
    assert (accepted is not None) is (code_at(step + off) in near)


@given(st.integers(100, 10**8), st.lists(st.integers(-1, 1), min_size=1, max_size=6))
def test_a_code_or_an_older_one_is_never_accepted_again(step: int, offs: list[int]) -> None:
    account, used = LIN, []
    for off in offs:
        after = totp.accept(account, code_at(step + off), clock=lambda: step * 30.0)
        if after is not None:
            used.append(after.totp_step)
            account = after
    assert used == sorted(set(used))


@pytest.mark.parametrize("code", ["", "0", "94287082", "28708", "abcdef", "２８７０８２", "\ud800", "28\x007082"])
def test_what_is_not_the_code_is_refused(code: str) -> None:
    assert totp.accept(LIN, code, clock=lambda: 59.0) is None


def test_a_code_may_be_typed_with_spaces() -> None:
    assert totp.accept(LIN, " 287 082 ", clock=lambda: 59.0) is not None


def test_without_a_secret_no_code_is_right() -> None:
    assert totp.accept(replace(LIN, totp=""), "287082", clock=lambda: 59.0) is None


def test_enrolment_needs_a_code_and_uses_it_up() -> None:
    bare = replace(LIN, totp="")
    with pytest.raises(LoginError):
        totp.enrol(bare, SECRET, "000000", clock=lambda: 59.0)
    enrolled = totp.enrol(bare, SECRET, "287082", clock=lambda: 59.0)
    assert enrolled.totp == SECRET
    assert totp.accept(enrolled, "287082", clock=lambda: 59.0) is None
    assert totp.remove(enrolled) == bare


def test_a_secret_has_160_bits() -> None:
    assert len(base64.b32decode(totp.new_secret())) == 20
    assert totp.new_secret() != totp.new_secret()


def test_an_app_can_read_the_address() -> None:
    parts = urlsplit(totp.provisioning_uri(LIN, SECRET, issuer="St. Mary's"))
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/St. Mary's:lin")
    assert parse_qs(parts.query)["secret"] == [SECRET]
    read = pyotp.parse_uri(totp.provisioning_uri(LIN, SECRET, issuer="St. Mary's"))
    assert isinstance(read, pyotp.TOTP)
    assert read.at(59) == "287082"
