"""Access decisions obey their laws whatever is asked, and a text that cannot be trusted decides nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.records.access import (
    Act,
    Control,
    Principal,
    Purpose,
    Request,
    Resource,
    ResourceKind,
    Role,
    packaged_policies,
)
from suwen.records.access.text import packaged_schema

CONTROL = Control()
APART = frozenset({Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR})
BELOW = APART.symmetric_difference(Role)

ids = st.text(max_size=30) | st.sampled_from(
    ["", "a", '"', "\\", "\n", "\0", '" || true //', "\ud800", "医师", "x" * 10_000]
)
role_sets = st.frozensets(st.sampled_from(Role))
principals = st.builds(Principal, ids, role_sets, st.booleans(), st.frozensets(st.sampled_from(Act)))
booleans = st.booleans()
resources = st.builds(Resource, st.sampled_from(ResourceKind), ids, booleans, booleans, booleans, booleans)
acts, purposes = st.sampled_from(Act), st.sampled_from(Purpose)
# Half of what is drawn is close to what is permitted, so that the laws are tried where they could be broken.
clinicians = st.builds(Principal, ids, st.frozensets(st.sampled_from(Role), max_size=2))
patients = st.builds(Resource, st.just(ResourceKind.PATIENT), ids, booleans, booleans)
likely = st.builds(
    Request,
    clinicians,
    st.sampled_from([Act.VIEW, Act.ANNOTATE, Act.EXPORT, Act.REGISTER, Act.ERASE]),
    patients,
    st.sampled_from([Purpose.TREATMENT, Purpose.EMERGENCY, Purpose.OPERATIONS]),
)
requests = st.builds(Request, principals, acts, resources, purposes) | likely

NURSE = Principal("n1", frozenset({Role.NURSE}))
OWN = Resource(ResourceKind.PATIENT, "p1", in_care=True)
READING = Request(NURSE, Act.VIEW, OWN, Purpose.TREATMENT)
EVERYTHING = '@id("everything") permit (principal, action, resource);'
OVERFLOW = "9223372036854775807 + 1 == 0"


def _place(asked: tuple[Act, Resource, Purpose]) -> tuple[ResourceKind, str]:
    return asked[1].kind, asked[1].id


# --- laws -------------------------------------------------------------------------------------------------------------


@given(requests, st.sampled_from(sorted(APART, key=str)))
def test_the_three_powers_never_see_a_patient(request_: Request, power: Role) -> None:
    principal = replace(request_.principal, roles=request_.principal.roles | {power})
    resource = replace(request_.resource, kind=ResourceKind.PATIENT)
    assert not CONTROL.decide(replace(request_, principal=principal, act=Act.VIEW, resource=resource)).permitted


@given(requests)
def test_nothing_is_exported_in_an_emergency(request_: Request) -> None:
    assert not CONTROL.decide(replace(request_, act=Act.EXPORT, purpose=Purpose.EMERGENCY)).permitted


@given(requests, st.sampled_from(sorted(APART, key=str)))
def test_a_role_of_another_power_never_adds(request_: Request, power: Role) -> None:
    held = (request_.principal.roles or {Role.PHYSICIAN}) - {power} or {Role.PHYSICIAN}
    both = replace(request_.principal, roles=frozenset(held | {power}))
    assert not CONTROL.decide(replace(request_, principal=both)).permitted


@given(requests)
def test_roles_below_the_powers_add_up(request_: Request) -> None:
    held = request_.principal.roles & BELOW
    person = replace(request_.principal, device=False)

    def may(roles: frozenset[Role]) -> bool:
        return CONTROL.decide(replace(request_, principal=replace(person, roles=roles))).permitted

    assert may(held) == any(may(frozenset({role})) for role in held)


@given(requests)
def test_the_unknown_may_do_nothing(request_: Request) -> None:
    stranger = replace(request_.principal, roles=frozenset(), device=False)
    assert not CONTROL.decide(replace(request_, principal=stranger)).permitted
    nobody = replace(request_.principal, id="")
    assert not CONTROL.decide(replace(request_, principal=nobody)).permitted


@given(requests, ids.filter(bool), ids)
def test_an_id_never_raises_nor_decides(request_: Request, who: str, what: str) -> None:
    plain = CONTROL.decide(
        replace(request_, principal=replace(request_.principal, id="a"), resource=replace(request_.resource, id="b"))
    )
    strange = CONTROL.decide(
        replace(request_, principal=replace(request_.principal, id=who), resource=replace(request_.resource, id=what))
    )
    if any("\ud800" <= char <= "\udfff" for char in who + what):  # half a character, which no account can bear
        assert not strange.permitted
        assert strange.errors
    else:
        assert strange == plain


@given(requests)
def test_a_decision_is_whole(request_: Request) -> None:
    decision = CONTROL.decide(request_)
    assert decision == CONTROL.decide(request_)
    assert not (decision.permitted and decision.errors)
    assert not (decision.permitted and not decision.policies)
    assert all(CONTROL.why(policy) for policy in decision.policies)


@given(requests, ids.filter(lambda one: len(one) > 5))
def test_errors_quote_no_id(request_: Request, secret: str) -> None:
    resource = replace(request_.resource, id=secret)
    principal = replace(request_.principal, id=secret)
    decision = CONTROL.decide(replace(request_, principal=principal, resource=resource))
    assert not any(secret in error for error in decision.errors)


# --- what is not as it should be denies -----------------------------------------------------------------------------


@given(principals | clinicians, st.lists(st.tuples(acts, patients | resources, purposes), max_size=5, unique_by=_place))
def test_decided_together_as_alone(who: Principal, asked: list[tuple[Act, Resource, Purpose]]) -> None:
    """Whether requests are put one by one or all at once, each gets the same decision."""
    together = [Request(who, act, resource, purpose) for act, resource, purpose in asked]
    assert CONTROL.decide_each(together) == [CONTROL.decide(one) for one in together]


def test_what_is_decided_together_is_of_one_principal_and_agrees() -> None:
    """An attribute said of one request's resource must not count for another's."""
    mine, other = (
        replace(READING, resource=replace(OWN, in_care=False)),
        replace(READING, principal=Principal("n2", frozenset())),
    )
    for one in (mine, other):
        with pytest.raises(InputError, match="one principal and agree"):
            CONTROL.decide_each([READING, one])


def test_a_failing_permit_denies_though_another_permits() -> None:
    failing = f'@id("failing") permit (principal, action, resource) when {{ {OVERFLOW} }};'
    decision = Control(f"{EVERYTHING}\n{failing}").decide(READING)
    assert (decision.permitted, decision.policies) == (False, ())
    assert decision.errors == ("policy 'failing' cannot be evaluated",)


def test_a_failing_forbid_denies_though_cedar_would_permit() -> None:
    text = f'{EVERYTHING}\n@id("failing") forbid (principal, action, resource) when {{ {OVERFLOW} }};'
    entities = '[{"uid": {"type": "Person", "id": "n1"}, "attrs": {}, "parents": []}]'
    question = {"principal": 'Person::"n1"', "action": 'Action::"view"', "resource": 'Patient::"p1"', "context": {}}
    assert cedarpy.is_authorized(question, text, entities).allowed  # the danger is real
    decision = Control(text).decide(READING)
    assert not decision.permitted
    assert decision.errors == ("policy 'failing' cannot be evaluated",)


def test_a_forbid_is_named_beside_a_failure() -> None:
    failing = f'@id("f") forbid (principal, action, resource) when {{ {OVERFLOW} }};'
    decision = Control(f'@id("no") forbid (principal, action, resource);\n{failing}').decide(READING)
    assert (decision.policies, decision.errors) == (("no",), ("policy 'f' cannot be evaluated",))


@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError])
def test_what_cedar_raises_denies(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def broken(*_: object) -> None:
        raise error("p1 n1")

    monkeypatch.setattr(cedarpy, "is_authorized", broken)
    decision = CONTROL.decide(READING)
    assert not decision.permitted
    assert decision.errors == ("the request cannot be put to the policies",)


@pytest.mark.parametrize("flag", [1, "true", None, [True]])
def test_a_flag_that_is_not_plainly_true_denies(flag: object) -> None:
    odd = replace(OWN, in_care=flag)  # type: ignore[arg-type]
    decision = CONTROL.decide(replace(READING, resource=odd))
    assert not decision.permitted
    assert decision.errors


def test_only_registered_acts_count_and_only_for_devices() -> None:
    device = Principal("d1", frozenset(), device=True, acts=frozenset({Act.ANNOTATE}))
    assert CONTROL.decide(replace(READING, principal=device, act=Act.ANNOTATE)).permitted
    assert not CONTROL.decide(replace(READING, principal=device)).permitted
    assert not CONTROL.decide(replace(READING, principal=replace(device, device=False), act=Act.ANNOTATE)).permitted


def test_nothing_is_remembered_between_requests() -> None:
    assert CONTROL.decide(READING).permitted
    assert not CONTROL.decide(replace(READING, principal=replace(NURSE, roles=frozenset()))).permitted
    assert not CONTROL.decide(replace(READING, resource=replace(OWN, in_care=False))).permitted
    assert CONTROL.decide(READING).permitted


# --- a text that cannot be used is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("permit (principal, action", "unexpected end of input"),
        ("permt (principal, action, resource);", "permt"),
        ("\ud800", "surrogates"),
        ("", "hold no policy"),
        ("// nothing but a remark", "hold no policy"),
        ("permit (principal, action, resource);", "without an id"),
        ('@id("") permit (principal, action, resource);', "without an id"),
        (f"{EVERYTHING}\n{EVERYTHING}", "is the id of 2 policies"),
        ('@id("t") permit (principal == ?principal, action, resource);', "template"),
        ('@id("r") permit (principal in Role::"phisician", action, resource);', 'r: .*Role::"phisician"'),
        ('@id("p") forbid (principal, action, resource) when { context.purpose == Purpose::"X" };', 'Purpose::"X"'),
        ('@id("v") permit (principal, action == Action::"viev", resource);', 'Action::"viev"'),
        ('@id("a") permit (principal, action, resource is Patient) when { resource.in_car };', "in_car"),
        ('@id("k") permit (principal, action == Action::"train", resource is Keys);', "applicable action"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Control(text)


def test_every_problem_is_named_at_once() -> None:
    text = """
    @id("one") permit (principal in Role::"phisician", action, resource);
    @id("two") permit (principal, action == Action::"viev", resource);
    permit (principal, action, resource) when { resource.in_car };
    @id("one") forbid (principal == ?principal, action, resource);
    @id("one") forbid (principal, action, resource);
    """
    with pytest.raises(InputError) as caught:
        Control(text)
    said = str(caught.value)
    assert all(one in said for one in ("phisician", "viev", "in_car", "template", "without an id", "2 policies"))
    assert {one.where for one in caught.value.problems} >= {"one", "two"}


def test_the_digest_is_of_the_text() -> None:
    text = packaged_policies()
    assert CONTROL.digest == hashlib.sha256(text.encode()).hexdigest() == Control(text).digest
    assert Control(text + "\n").digest != CONTROL.digest


def test_the_packaged_text_is_every_file_of_the_folder() -> None:
    folder = Path(__file__).parents[2] / "src" / "suwen" / "records" / "access" / "policies"
    files = sorted(folder.glob("*.cedar"))
    assert len(files) == 5
    assert all(path.read_text(encoding="utf-8") in packaged_policies() for path in files)


def test_the_nouns_and_the_schema_have_the_same_words() -> None:
    schema = re.sub(r"//.*", "", packaged_schema())
    for kind, words in (("Role", Role), ("Purpose", Purpose)):
        said = re.search(rf"entity {kind} enum \[(.*?)\]", schema, re.DOTALL)
        assert said
        assert re.findall('"([^"]+)"', said[1]) == [one.value for one in words]
    acts = [name for line in re.findall(r"action (.*?) appliesTo", schema) for name in re.findall('"([^"]+)"', line)]
    assert sorted(acts) == sorted(act.value for act in Act)
    for kind in ResourceKind:
        assert f"entity {kind.value.capitalize()}" in schema


def test_why_says_nothing_of_the_unknown() -> None:
    assert CONTROL.why("never-nobody")
    assert CONTROL.why("no such policy") == ""
    assert Control(EVERYTHING).why("everything") == ""
