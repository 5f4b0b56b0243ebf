"""The policies permit exactly what the hand-written table says, and a lost policy is always noticed."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from access_table import Somebody, expected, forbidden, people, requests, rows

from suwen.records.access import Act, Control, Decision, Purpose, Request, ResourceKind, packaged_policies

POLICY = re.compile(
    r'^@id\("(?P<name>[^"]+)"\)\n.*?^(?P<effect>permit|forbid) \(.*?^[})].*?;$', re.MULTILINE | re.DOTALL
)
CONDITION = re.compile(r"resource\.\w+ && | && resource\.\w+|principal\.acts\.contains\(action\) && ")
WIDE = '\n@id("too-wide")\npermit (principal, action, resource);\n'
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"

# Which acts can be said of which things; a request for anything else is denied with an error, as it means nothing.
SAID = {
    ResourceKind.PATIENT: "view diagnose order annotate export register erase review",
    ResourceKind.COHORT: "view export train",
}
SAID_OF_WHOLES = {
    (Act.MANAGE_KEYS, ResourceKind.KEYS),
    (Act.ERASE, ResourceKind.KEYS),
    (Act.READ_AUDIT, ResourceKind.AUDIT),
    (Act.VERIFY, ResourceKind.AUDIT),
    (Act.VERIFY, ResourceKind.STORE),
    (Act.BACK_UP, ResourceKind.STORE),
    (Act.MANAGE, ResourceKind.ACCOUNTS),
    (Act.LOCK, ResourceKind.ACCOUNTS),
    (Act.REVIEW, ResourceKind.ACCOUNTS),
    (Act.VIEW, ResourceKind.DIRECTORY),
    (Act.MANAGE, ResourceKind.DIRECTORY),
}

# The belts of never.cedar: they change nothing as long as no permit is too wide, by design.
BELTS = {
    "never-administrator-beyond-the-system",
    "never-security-officer-in-a-record",
    "never-auditor-beyond-the-log",
    "never-the-log-but-for-the-auditor",
    "never-keys-but-for-the-security-officer",
    "never-the-system-but-for-the-administrator",
    "never-a-patient-without-a-reason",
    "never-export-in-an-emergency",
    "never-an-identified-or-unapproved-cohort",
    "never-a-cohort-but-for-research",
    "never-the-directory-for-research-or-audit",
    "never-a-device-beyond-care",
    "never-a-device-beyond-its-registration",
    "never-a-device-reading-others",
}
POLICIES = {found["name"]: found for found in POLICY.finditer(packaged_policies())}


def meant(request: Request) -> bool:
    kind = request.resource.kind
    return request.act.value in SAID.get(kind, "").split() or (request.act, kind) in SAID_OF_WHOLES


@pytest.fixture(scope="module")
def control() -> Control:
    return Control()


@pytest.fixture(scope="module")
def asked() -> list[tuple[Somebody, Request]]:
    """Everything anybody could ask; what means nothing, whoever asks, is not asked again for every two roles."""
    every = [(somebody, request) for somebody in people() for request in requests(somebody.principal)]
    return [one for one in every if len(one[0].principal.roles) < 2 or meant(one[1])]


@pytest.fixture(scope="module")
def decided(control: Control, asked: list[tuple[Somebody, Request]]) -> list[Decision]:
    return [control.decide(request) for _, request in asked]


def test_the_table_and_the_policies_agree(asked: list[tuple[Somebody, Request]], decided: list[Decision]) -> None:
    pairs = 8 * 7 // 2
    assert len(asked) == ((len(people()) - pairs) * len(Act) * 13 + pairs * 55) * len(Purpose)
    wrong = [
        (somebody.names, request, decision)
        for (somebody, request), decision in zip(asked, decided, strict=True)
        if decision.permitted != expected(somebody, request)
    ]
    assert wrong == []


def test_errors_are_for_requests_that_mean_nothing(
    asked: list[tuple[Somebody, Request]], decided: list[Decision]
) -> None:
    for (_, request), decision in zip(asked, decided, strict=True):
        assert bool(decision.errors) is not meant(request), request


def test_what_is_permitted_names_the_permit(decided: list[Decision]) -> None:
    named = {name for decision in decided if decision.permitted for name in decision.policies}
    assert named == {name for name, found in POLICIES.items() if found["effect"] == "permit"}
    assert all(decision.policies for decision in decided if decision.permitted)


def test_every_row_says_something_of_its_own(asked: list[tuple[Somebody, Request]]) -> None:
    said = {
        (name, request.act.value)
        for somebody, request in asked
        if len(somebody.names) == 1 and expected(somebody, request)
        for name in somebody.names
    }
    assert said == {(who, act) for who, act, _ in rows("Permitted")}


def without(name: str, text: str) -> str:
    start, end = POLICIES[name].span()
    return text[:start] + text[end:]


@pytest.fixture(scope="module")
def telling(asked: list[tuple[Somebody, Request]], decided: list[Decision]) -> list[tuple[Somebody, Request]]:
    """Requests in an order that finds a mutant soon; none that means something is left out."""
    order = random.Random(20).sample(range(len(asked)), len(asked))  # noqa: S311 - an order, not a secret
    order.sort(key=lambda i: (not decided[i].permitted, not decided[i].policies))
    return [asked[i] for i in order if meant(asked[i][1])]


def noticed(text: str, telling: list[tuple[Somebody, Request]]) -> bool:
    mutant = Control(text)
    return any(mutant.decide(request).permitted != expected(somebody, request) for somebody, request in telling)


def test_every_policy_is_found_by_its_text() -> None:
    assert len(POLICIES) == packaged_policies().count("@id(") == packaged_policies().count("@why(")
    assert set(POLICIES) > BELTS


@pytest.mark.parametrize("name", sorted(set(POLICIES) - BELTS))
def test_a_lost_policy_is_noticed(name: str, telling: list[tuple[Somebody, Request]]) -> None:
    assert noticed(without(name, packaged_policies()), telling)


def loosened() -> list[tuple[str, str, str]]:
    """Each permit without one of its conditions, or for every purpose."""
    found = []
    for name, policy in POLICIES.items():
        if policy["effect"] == "permit":
            text = packaged_policies()
            start, end = policy.span()
            for one in CONDITION.finditer(policy[0]):
                changed = policy[0].replace(one[0], "", 1)
                found.append((name, one[0], text[:start] + changed + text[end:]))
            changed = re.sub(r"context\.purpose == Purpose::\"\w+\"", "true", policy[0])
            found.append((name, "purpose", text[:start] + changed + text[end:]))
    return found


def bare(text: str) -> str:
    """Only the permits: the belts would hold what a loosened permit lets through."""
    for name in sorted(BELTS, key=lambda one: -POLICIES[one].start()):
        text = re.sub(re.escape(POLICIES[name][0]), "", text)
    return text


@pytest.mark.parametrize(("name", "condition", "text"), loosened(), ids=lambda one: one if len(one) < 50 else "")
def test_a_lost_condition_is_noticed(
    name: str, condition: str, text: str, telling: list[tuple[Somebody, Request]]
) -> None:
    # A looser permit permits more, and most plainly to those who hold one role.
    order = sorted(telling, key=lambda one: (expected(*one), len(one[0].names) != 1))
    assert noticed(bare(text), order), f"{name} without {condition}"


# The second belt


@pytest.fixture(scope="module")
def barred() -> list[Request]:
    """Everything the table calls never permitted, among requests that mean something."""
    never = rows("Never, even if a permit is added that is too wide")
    alone = [somebody.principal for somebody in people() if len(somebody.principal.roles) < 2]
    every = [request for principal in alone for request in requests(principal) if meant(request)]
    return [request for request in every if any(forbidden(row, request) for row in never)]


@pytest.fixture(scope="module")
def worn(barred: list[Request]) -> list[tuple[Request, Decision]]:
    loose = Control(packaged_policies() + WIDE)
    return [(request, loose.decide(request)) for request in barred]


def test_the_belts_hold_against_a_permit_that_is_too_wide(worn: list[tuple[Request, Decision]]) -> None:
    assert [request for request, decision in worn if decision.permitted] == []


def test_the_belts_change_nothing_by_themselves(asked: list[tuple[Somebody, Request]], decided: list[Decision]) -> None:
    only = Control(bare(packaged_policies()))
    # Taking away a forbid can only open what a forbid had closed.
    closed = [request for (_, request), one in zip(asked, decided, strict=True) if set(one.policies) & BELTS]
    assert closed
    assert not any(only.decide(request).permitted for request in closed)


@pytest.mark.parametrize("name", sorted(BELTS))
def test_a_lost_belt_is_noticed(name: str, worn: list[tuple[Request, Decision]]) -> None:
    mutant = Control(without(name, packaged_policies()) + WIDE)
    alone = [request for request, decision in worn if decision.policies == (name,)]
    assert alone, "no request is held by this belt alone"
    assert all(mutant.decide(request).permitted for request in alone[:20])


def test_the_page_for_readers_holds_the_same_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for heading in ("Permitted", "Held together", "Never, even if a permit is added that is too wide"):
        for row in rows(heading):
            assert f"| {' | '.join(row)} |" in page
