"""The one entrance: own patients only, every decision in the audit, and no audit, no access; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, text, update
from ward import CHEAP, PASSWORD, Clock, Ward, opening
from watch import audited, length, rows

from suwen.consult.chart import Draft, open_patient, open_patients, open_record, withdraw_record, write_records
from suwen.consult.emergency import break_glass
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import amend_patient, find_patients, list_my_patients, register_patient
from suwen.errors import AccessError, AuditError, LoginError, NotFoundError
from suwen.govern.apps import revoke_apps_of
from suwen.govern.auditing import current_checkpoint, prove_entry, read_audit
from suwen.govern.care import grant_care, identified, list_break_glass, list_care, review_break_glass, revoke_care
from suwen.govern.hospital import open_records
from suwen.govern.keys import change_passphrase, erase_patient, preview_erasure, rotate_data_keys, rotate_kek
from suwen.govern.machines import list_devices, revoke_device
from suwen.govern.people import (
    grant_role,
    list_accounts,
    lock_account,
    log_in,
    open_account,
    remove_second_factor,
    reset_password,
)
from suwen.govern.upkeep import back_up, check_store, verify_store
from suwen.records.access import Act, Purpose, Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.demographics import Demographics
from suwen.records.people import Actor, account_by_id, save_account
from suwen.records.store.store import Transaction
from suwen.records.store.tables import ENTRY, HEAD

NOBODY = Demographics(("MRN-none",), ("Nobody",))


def attempts(ward: Ward, patient: str, record: str, image: str) -> dict[str, Callable[[Actor], object]]:
    """Every way to a patient there is."""
    records = ward.records
    drafts = [Draft("Observation", b"x")]
    return {
        "open": lambda actor: open_patient(actor, records, patient),
        "open several": lambda actor: open_patients(actor, records, [patient]),
        "history": lambda actor: open_record(actor, records, patient, record),
        "image": lambda actor: open_image(actor, records, patient, record, image=image),
        "annotate": lambda actor: write_records(actor, records, patient, drafts),
        "diagnose": lambda actor: write_records(actor, records, patient, drafts, act=Act.DIAGNOSE),
        "order": lambda actor: write_records(actor, records, patient, drafts, act=Act.ORDER),
        "store an image": lambda actor: store_images(
            actor, records, patient, kind="ImagingStudy", payload=b"", images=[Image([b"x"], 1)]
        ),
        "amend": lambda actor: amend_patient(actor, records, patient, NOBODY),
        "withdraw": lambda actor: withdraw_record(actor, records, patient, record, base=1),
    }


def furnished(ward: Ward) -> tuple[str, str, str]:
    """A patient of the physician with an image: patient, record, image."""
    patient = ward.patient(1, records=1)
    made = store_images(
        ward[Role.PHYSICIAN], ward.records, patient, kind="ImagingStudy", payload=b"{}", images=[Image([b"pixels"], 6)]
    )
    return patient, made.id, made.images[0][0]


def test_another_physicians_patient_does_not_exist_for_anybody_else(either_ward: Ward) -> None:
    """Proves that without a care relationship no way to a patient opens or stores anything, and each is audited."""
    ward = either_ward
    patient, record, image = furnished(ward)
    other, before, stood = ward.hire("other", Role.PHYSICIAN), rows(ward), length(ward)
    blobs = sorted(one.name for one in ward.records.store.blobs.all())
    tried = attempts(ward, patient, record, image)
    for attempt in tried.values():
        with pytest.raises(AccessError, match="care relationship"):
            attempt(other)
    assert find_patients(other, ward.records, identifier="MRN-1") == []
    assert list_my_patients(other, ward.records) == []
    assert rows(ward) == before
    assert sorted(one.name for one in ward.records.store.blobs.all()) == blobs
    denied = audited(ward, stood, by=other.id, subject=patient, kind=EventKind.DECISION)
    assert [event.outcome for event in denied] == [Outcome.DENY] * (len(tried) + 1)  # and the one of finding
    assert not audited(ward, stood, by=other.id, kind=EventKind.OPEN)


def test_care_opens_at_once_and_its_end_closes_at_once_in_every_open_store(either_ward: Ward) -> None:
    """Proves that nothing about relationships is remembered: a second open store sees grant and revocation at once."""
    ward = either_ward
    patient = ward.patient(1)
    other, administrator = ward.hire("other", Role.PHYSICIAN), ward[Role.ADMINISTRATOR]
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        for _ in range(2):
            with pytest.raises(AccessError):
                open_patient(other, second, patient)
            grant_care(administrator, ward.records, patient=patient, who="other")
            assert len(open_patient(other, second, patient)) == 1
            assert [one.id for one in list_my_patients(other, second)] == [patient]
            assert [one.id for one in find_patients(other, second, identifier="mrn-1")] == [patient]
            assert revoke_care(administrator, ward.records, patient=patient, who="other") == 1
            assert list_my_patients(other, second) == []
        with pytest.raises(AccessError):
            open_patient(other, second, patient)
    with pytest.raises(NotFoundError):
        revoke_care(administrator, ward.records, patient=patient, who="other")


def test_care_ends_by_the_clock(ward: Ward) -> None:
    """Proves that a relationship for some days ends with them, to the second."""
    patient, other = ward.patient(1), ward.hire("other", Role.NURSE)
    care = grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="other", days=0.001)
    assert care.until is not None
    ward.clock.now = care.until / 1e6 - 1
    assert open_patient(other, ward.records, patient)
    ward.clock.now = care.until / 1e6
    with pytest.raises(AccessError):
        open_patient(other, ward.records, patient)


# What each role may do to a patient in its care: HIPAA's minimum necessary, as the policies have it.
MAY = {
    Role.PHYSICIAN: {"view", "annotate", "diagnose", "order"},
    Role.IMAGING_SPECIALIST: {"view", "annotate", "diagnose"},
    Role.NURSE: {"view", "annotate"},
    Role.RESEARCHER: set(),
    Role.DATA_SCIENTIST: set(),
    Role.ADMINISTRATOR: set(),
    Role.SECURITY_OFFICER: set(),
    Role.AUDITOR: set(),
}
_NEEDS = {"annotate": "annotate", "diagnose": "diagnose", "order": "order", "store an image": "annotate"}


def test_even_in_care_each_role_does_only_what_its_work_needs(either_ward: Ward) -> None:
    """Proves the table MAY: a care relationship gives no role more than its own acts, and five roles nothing."""
    ward = either_ward
    patient, record, image = furnished(ward)
    for role, may in MAY.items():
        actor = ward[role]
        if role is not Role.PHYSICIAN:
            login = {Role.SECURITY_OFFICER: "security"}.get(role, role.value.replace(" ", "-"))
            grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who=login)
        for name, attempt in attempts(ward, patient, record, image).items():
            if name in ("amend", "withdraw"):  # both annotate, and change what the next role finds
                continue
            if _NEEDS.get(name, "view") in may:
                attempt(actor)
            else:
                with pytest.raises(AccessError):
                    attempt(actor)
        assert bool(list_my_patients(actor, ward.records)) is ("view" in may)
        assert bool(find_patients(actor, ward.records, identifier="MRN-1")) is ("view" in may)


def test_only_physicians_and_nurses_register(ward: Ward) -> None:
    """Proves who admits patients, and that whoever does is in care of them from then on."""
    for number, role in enumerate(Role):
        who = Demographics((f"new-{number}",))
        if role in (Role.PHYSICIAN, Role.NURSE):
            patient = register_patient(ward[role], ward.records, who)
            assert [one.id for one in list_my_patients(ward[role], ward.records)] == [patient]
        else:
            with pytest.raises(AccessError):
                register_patient(ward[role], ward.records, who)


def test_the_purpose_is_part_of_the_question(ward: Ward) -> None:
    """Proves that a treating physician opens nothing for research, operations, audit or an emergency not declared."""
    patient = ward.patient(1)
    for purpose in set(Purpose) - {Purpose.TREATMENT}:
        with pytest.raises(AccessError):
            open_patient(ward[Role.PHYSICIAN], ward.records, patient, purpose=purpose)


def governing(ward: Ward, patient: str) -> dict[str, tuple[set[Role], Callable[[Actor], object]]]:
    """Every act of those responsible, with the roles that may do it."""
    records, home = ward.records, str(ward.home.parent / "backup")
    administrator, officer, auditor = {Role.ADMINISTRATOR}, {Role.SECURITY_OFFICER}, {Role.AUDITOR}
    return {
        "accounts": (administrator, lambda actor: list_accounts(actor, records)),
        "open account": (administrator, lambda actor: open_account(actor, records, "new", "New", roles=[])),
        "role": (administrator, lambda actor: grant_role(actor, records, "target", Role.PHYSICIAN)),
        "reset": (administrator, lambda actor: reset_password(actor, records, "target")),
        "factor": (administrator, lambda actor: remove_second_factor(actor, records, "target", reason="phone is lost")),
        "apps": (officer, lambda actor: revoke_apps_of(actor, records, "target")),
        "care": (administrator, lambda actor: grant_care(actor, records, patient=patient, who="target")),
        "list care": (administrator, lambda actor: list_care(actor, records)),
        "devices": (administrator, lambda actor: list_devices(actor, records)),
        "back up": (administrator, lambda actor: back_up(actor, records, home, progress=lambda _d, _a: None)),
        "identified": (administrator | officer, lambda actor: identified(actor, records, "MRN-1")),
        "check": (administrator | officer, lambda actor: check_store(actor, records)),
        "verify": (administrator | officer | auditor, lambda actor: verify_store(actor, records, log_only=True)),
        "lock": (officer, lambda actor: lock_account(actor, records, "target")),
        "list broken glass": (officer, lambda actor: list_break_glass(actor, records)),
        "rotate kek": (officer, lambda actor: rotate_kek(actor, records)),
        "rotate data keys": (officer, lambda actor: rotate_data_keys(actor, records)),
        "preview": (officer, lambda actor: preview_erasure(actor, records, patient)),
        "erase": (officer, lambda actor: erase_patient(actor, records, patient, reason="asked for")),
        "read audit": (auditor, lambda actor: read_audit(actor, records)),
        "checkpoint": (auditor, lambda actor: current_checkpoint(actor, records)),
        "prove": (auditor, lambda actor: prove_entry(actor, records, 0)),
    }


def test_three_powers_and_nobody_has_two_of_them(either_ward: Ward) -> None:
    """Proves that each act of those responsible is its role's alone; all others are refused and leave no trace."""
    ward = either_ward
    patient = ward.patient(1)
    target = ward.hire("target", Role.NURSE)
    with ward.records.store.transaction() as ongoing:
        account = account_by_id(ward.records.store, ongoing.connection, target.id)
        save_account(ward.records.store, ongoing.connection, replace(account, totp="JBSWY3DPEHPK3PXP"))
    actors = {role: ward[role] for role in Role}
    for name, (may, act) in governing(ward, patient).items():
        before = rows(ward)
        for role in set(Role) - may:
            with pytest.raises(AccessError):
                act(actors[role])
        assert rows(ward) == before, name
        for role in may:
            act(actors[role])


def test_refused_reviews_and_revocations_are_refused_before_the_name_is_looked_up(ward: Ward) -> None:
    """Proves that whoever may not act cannot tell by the answer whether a device or a use exists."""
    for act in (
        lambda actor: revoke_device(actor, ward.records, "no such device"),
        lambda actor: review_break_glass(actor, ward.records, "no such use", justified=True, remark="fine"),
        lambda actor: lock_account(actor, ward.records, "no-such-account"),
        lambda actor: change_passphrase(actor, ward.records, "another long passphrase"),
    ):
        for role in (Role.PHYSICIAN, Role.ADMINISTRATOR, Role.AUDITOR):
            with pytest.raises(AccessError):
                act(ward[role])


def test_an_account_that_holds_every_role_may_do_nothing(either_ward: Ward) -> None:
    """Proves the second belt: even roles forced into the store past the checks give nothing when not kept apart."""
    ward = either_ward
    patient, record, image = furnished(ward)
    all_powerful = ward.hire("almighty", Role.PHYSICIAN)
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="almighty")
    with ward.records.store.transaction() as ongoing:
        account = account_by_id(ward.records.store, ongoing.connection, all_powerful.id)
        every = replace(account, roles=frozenset(role.value for role in Role))
        save_account(ward.records.store, ongoing.connection, every)
    for attempt in attempts(ward, patient, record, image).values():
        with pytest.raises(AccessError):
            attempt(all_powerful)
    for _, act in governing(ward, patient).values():
        with pytest.raises(AccessError):
            act(all_powerful)
    with pytest.raises(AccessError):
        break_glass(all_powerful, ward.records, patient=patient, reason="because I can do anything")


def test_permitted_work_is_audited_with_who_what_whom_and_why(either_ward: Ward) -> None:
    """Proves that opening and writing leave a decision and an act each, with actor, act, purpose and subject."""
    ward = either_ward
    patient = ward.patient(1)
    physician, stood = ward[Role.PHYSICIAN], length(ward)
    (written,) = write_records(physician, ward.records, patient, [Draft("Observation", b"x")], act=Act.ORDER)
    open_patient(physician, ward.records, patient)
    find_patients(physician, ward.records, identifier="MRN-1")
    seen = audited(ward, stood, by=physician.id)
    assert [(one.kind, one.act, one.outcome) for one in seen] == [
        (EventKind.DECISION, "order", Outcome.PERMIT),
        (EventKind.SEAL, "order", Outcome.SUCCESS),
        (EventKind.DECISION, "view", Outcome.PERMIT),
        (EventKind.OPEN, "view", Outcome.SUCCESS),
        (EventKind.QUERY, "view", Outcome.SUCCESS),
        (EventKind.DECISION, "view", Outcome.PERMIT),
        (EventKind.OPEN, "view", Outcome.SUCCESS),
    ]
    assert all(one.purpose == "TREAT" and one.actor == physician.id for one in seen)
    assert all(one.subject == patient for one in seen if one.kind is not EventKind.QUERY)
    assert seen[0].detail["policies"] == ["physician-own-patient"]
    assert str(seen[1].detail["records"]).count(f"{written.id}:1:") == 1
    assert f"{written.id}:1" in str(seen[3].detail["records"])


def test_the_spelling_of_an_id_hides_nobody_from_the_audit(ward: Ward) -> None:
    """Proves that a patient's id in capitals, or an actor's, cannot keep an act out of what the auditor filters by."""
    patient = ward.patient(10)
    made = store_images(
        ward[Role.PHYSICIAN], ward.records, patient, kind="ImagingStudy", payload=b"{}", images=[Image([b"p"], 1)]
    )
    loud, stood = patient.upper(), length(ward)
    ward.hire("other", Role.NURSE)
    open_image(ward[Role.PHYSICIAN], ward.records, loud, made.id, image=made.images[0][0])
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=loud, who="other")
    list_care(ward[Role.ADMINISTRATOR], ward.records, patient=loud)
    revoke_care(ward[Role.ADMINISTRATOR], ward.records, patient=loud, who="other")
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, loud, reason="asked for")
    kinds = [one.kind for one in audited(ward, stood, subject=patient)]
    for kind in (EventKind.OPEN, EventKind.CARE, EventKind.QUERY, EventKind.ERASE):
        assert kind in kinds
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []
    disguised = replace(ward[Role.PHYSICIAN], id=ward[Role.PHYSICIAN].id.upper())
    assert disguised.id != ward[Role.PHYSICIAN].id
    with pytest.raises(LoginError):
        register_patient(disguised, ward.records, NOBODY)


def test_work_that_fails_leaves_nothing_but_its_audit(either_ward: Ward) -> None:
    """Proves that of a batch with one bad part nothing is stored, and that it was tried and failed is."""
    ward = either_ward
    mine, physician = ward.patient(1), ward[Role.PHYSICIAN]
    before, stood = rows(ward), length(ward)
    unknown = Draft("Observation", b"y", id="ab" * 16, base=1)
    with pytest.raises(NotFoundError):
        write_records(physician, ward.records, mine, [Draft("Observation", b"x"), unknown])
    assert rows(ward) == before
    assert len(open_patient(physician, ward.records, mine)) == 1
    seen = audited(ward, stood, by=physician.id)
    assert [one.outcome for one in seen[:2]] == [Outcome.PERMIT, Outcome.FAILURE]
    assert seen[1].detail == {"error": "NotFoundError"}
    assert EventKind.SEAL not in {one.kind for one in seen}


def make_unwritable(ward: Ward) -> None:
    """Have the database refuse every new entry of the log, as a full disk or an intruder would."""
    store = ward.records.store
    statements = ["CREATE TRIGGER shut BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END"]
    if store.engine.dialect.name == "postgresql":
        statements = [
            "CREATE FUNCTION shut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$",
            "CREATE TRIGGER shut BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION shut()",
        ]
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_no_audit_no_access(either_ward: Ward) -> None:
    """Proves that with a log that cannot be written nothing is opened, stored, granted, keyed or logged in to."""
    ward = either_ward
    patient, record, image = furnished(ward)
    for role in Role:
        ward[role]
    ward.hire("target", Role.NURSE)
    before, stood = rows(ward), length(ward)
    make_unwritable(ward)
    physician = ward[Role.PHYSICIAN]
    for attempt in attempts(ward, patient, record, image).values():
        with pytest.raises(AuditError):
            attempt(physician)
    for who in (ward[Role.NURSE], physician):
        with pytest.raises(AuditError):
            break_glass(who, ward.records, patient=patient, reason="the heart has stopped")
    for search in (find_patients, lambda *given, **_: list_my_patients(*given)):
        with pytest.raises(AuditError):
            search(physician, ward.records, identifier="MRN-1")
    for may, act in governing(ward, patient).values():
        for role in may:
            with pytest.raises(AuditError):
                act(ward[role])
    with pytest.raises(AuditError):
        log_in(ward.records, "target", PASSWORD)
    with pytest.raises(AuditError):
        log_in(ward.records, "target", "not the password at all")
    assert rows(ward) == before
    assert length(ward) == stood
    with ward.records.store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER shut" + ("" if connection.dialect.name == "sqlite" else " ON entry")))
    assert len(open_patient(physician, ward.records, patient)) == 3
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_a_denial_that_cannot_be_audited_is_an_audit_error(ward: Ward) -> None:
    """Proves that even a refusal is told only once it is written: nobody probes the doors unseen."""
    patient, other = ward.patient(1), ward.hire("other", Role.PHYSICIAN)
    make_unwritable(ward)
    with pytest.raises(AuditError):
        open_patient(other, ward.records, patient)


def test_two_writers_of_one_place_in_the_log_are_an_audit_error(either_ward: Ward) -> None:
    """Proves that a transaction whose place in the log was taken stores nothing, even past the database's lock."""
    ward, store = either_ward, either_ward.records.store
    patient, stood = ward.patient(1), length(ward)

    def take_the_entry(ongoing: Transaction) -> None:
        last = ongoing.connection.execute(select(ENTRY).where(ENTRY.c.seq == ongoing.head.size - 1)).mappings().one()
        ongoing.connection.execute(insert(ENTRY), [{**last, "seq": ongoing.head.size}])

    def move_the_head(ongoing: Transaction) -> None:
        ongoing.connection.execute(update(HEAD).values(size=HEAD.c.size + 1))

    def write(takes: Callable[[Transaction], None]) -> None:
        with store.transaction() as ongoing:
            ongoing.connection.execute(text("DELETE FROM blind"))
            ongoing.note(EventKind.CHECK)
            takes(ongoing)

    for takes in (take_the_entry, move_the_head):
        with pytest.raises(AuditError):
            write(takes)
    assert length(ward) == stood
    assert [one.id for one in find_patients(ward[Role.PHYSICIAN], ward.records, identifier="MRN-1")] == [patient]


@pytest.mark.parametrize("id_", ["", "ab", "ab" * 15, "ab" * 17, "zz" * 16, "MRN-1", "é" * 32])
def test_an_id_of_another_shape_is_not_found(ward: Ward, id_: str) -> None:
    """Proves that ids that are none end in NotFoundError, for patients and records alike."""
    patient = ward.patient(1)
    with pytest.raises(NotFoundError):
        open_patient(ward[Role.PHYSICIAN], ward.records, id_)
    with pytest.raises(NotFoundError):
        open_record(ward[Role.PHYSICIAN], ward.records, patient, id_)
    with pytest.raises(NotFoundError):
        erase_patient(ward[Role.SECURITY_OFFICER], ward.records, id_, reason="asked for")
    with pytest.raises(NotFoundError):
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=id_, who="auditor")


def test_a_revocation_holds_at_once_on_a_machine_whose_clock_is_behind(either_ward: Ward) -> None:
    """Proves that taking away does not wait for another machine's clock, nor does giving."""
    ward = either_ward
    patient, other = ward.patient(1), ward.hire("other", Role.PHYSICIAN)
    with open_records(ward.home, opening(Clock(ward.clock.now - 600)), policy=CHEAP) as late:
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="other")
        assert open_patient(other, late, patient)
        revoke_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="other")
        with pytest.raises(AccessError):
            open_patient(other, late, patient)
