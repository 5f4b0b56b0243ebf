"""The worklist shows one's own patients and nobody else's."""

from __future__ import annotations

from served import Served

from suwen.govern import Role


def test_own_patients_alone(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).get("/worklist")
    assert page.status_code == 200
    assert served.own in page.text
    assert served.other not in page.text


def test_nobody_is_sent_to_sign_in(served: Served) -> None:
    answer = served.client().get("/worklist")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
