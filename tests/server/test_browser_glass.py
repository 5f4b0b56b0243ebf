"""A real browser on the way of an emergency: the glass broken, the use reviewed, its entry in the log proven.

And on all the way nothing is asked of any other address, and nothing is complained of on the console.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from live import Live, browser_for, live
from ward import PASSWORD, Ward, open_ward

from suwen.govern import Role

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


def test_an_emergency_from_the_bedside_to_the_auditor(served: tuple[Ward, Live]) -> None:
    _, server = served
    with browser_for(server) as browser:
        night = Visit(browser, server.address, "night")
        assert "Testpatient1" not in night.go("/worklist")
        night.go("/emergency")
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
        assert [*night.wrong, *officer.wrong, *auditor.wrong] == []
