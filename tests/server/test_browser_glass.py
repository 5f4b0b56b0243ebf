"""A real browser on the way of an emergency: the glass broken, the use reviewed, its entry in the log proven.

And on all the way nothing is asked of any other address, and nothing is complained of on the console.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from live import Live, browser_for, live
from ward import PASSWORD, Ward, open_ward

from suwen.govern import Role

HEX = 64  # digits of a hash
REASON = "found unconscious on the ward, nobody else about"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ward, Live]]:
    home = tmp_path_factory.mktemp("glass")
    with open_ward(home / "store") as ward:
        ward.hire("night", Role.PHYSICIAN)
        ward.patient(1)
        with live(ward, home / "tls") as server:
            yield ward, server


class Visit:
    """A fresh browser of one person; it remembers what it asked of others and what its console complained of."""

    def __init__(self, browser: Any, address: str, login: str) -> None:
        self.address, self.wrong = address, list[str]()
        self.page = browser.new_context(locale="en-US").new_page()
        self.page.on("request", lambda one: self._asked(one.url))
        self.page.on("console", lambda one: self.wrong.append(one.text) if one.type == "error" else None)
        self.page.goto(f"{address}/sign-in")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(url)

    def go(self, path: str) -> str:
        self.page.goto(self.address + path)
        return str(self.page.inner_text("main"))


def assert_proven(page: Any) -> None:
    """What the page shows is enough to compute the signed root anew (RFC 9162, 2.1.3.2), without asking Suwen."""
    leaf, *path, root = (bytes.fromhex(one) for one in page.inner_text("dl.facts").split() if len(one) == HEX)
    checkpoint = page.inner_text("main pre").splitlines()
    size, at = int(checkpoint[1]), int(page.url.rpartition("/")[2])
    assert root_of(leaf, at, size, path) == root == base64.b64decode(checkpoint[2])
    assert root_of(hashlib.sha256(leaf).digest(), at, size, path) != root


def root_of(leaf: bytes, at: int, size: int, path: list[bytes]) -> bytes:
    """The root of a tree of `size` entries by the hash of entry `at` and the hashes on its way."""
    found, last = leaf, size - 1
    for one in path:
        if at & 1 or at == last:
            found = hashlib.sha256(b"\x01" + one + found).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + one).digest()
        at, last = at >> 1, last >> 1
    return found


def test_an_emergency_from_the_bedside_to_the_auditor(served: tuple[Ward, Live]) -> None:
    _, server = served
    with browser_for(server) as browser:
        night = Visit(browser, server.address, "night")
        assert "Testpatient1" not in night.go("/worklist")
        night.page.click("text=Emergency access")
        night.page.fill("input[name=identifier]", "MRN-1")
        night.page.fill("[name=reason]", REASON)
        night.page.click("main form button")
        night.page.wait_for_url("**/patients/*")
        assert "Testpatient1" in night.page.inner_text("main")
        assert "reviewed" in night.page.inner_text("[role=alert]")

        officer = Visit(browser, server.address, "security")
        assert REASON in officer.go("/security/glass")
        officer.page.fill("article input[name=remark]", "the ambulance protocol says the same")
        officer.page.click("article button[value=justified]")
        officer.page.wait_for_load_state()
        assert "the ambulance protocol says the same" in officer.page.inner_text("main")

        auditor = Visit(browser, server.address, "auditor")
        auditor.go("/security/audit")
        auditor.page.select_option("select[name=kind]", "break glass")
        auditor.page.click("form[action='/security/audit'] button")
        auditor.page.wait_for_load_state()
        assert "night" in auditor.page.inner_text("table")
        auditor.page.click("table a")
        auditor.page.wait_for_url("**/security/audit/*")
        assert "The proof holds." in auditor.page.inner_text("main")
        assert_proven(auditor.page)
        assert [*night.wrong, *officer.wrong, *auditor.wrong] == []
