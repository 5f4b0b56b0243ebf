"""Manifests and tracing: a digest for what a cohort is, and from a patient to exactly the models that saw them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bedside import put
from study import admit, approve, criteria, hba1c, select, study
from ward import Ward
from watch import audited, length, rows

from suwen.cohort import (
    Manifest,
    Row,
    Use,
    models_of,
    open_cohort,
    read_manifest,
    register_model,
    reidentify,
    renew_consent,
    show_cohort,
    withdraw,
    write_cohort,
    write_manifest,
)
from suwen.cohort.anonymity import crowded
from suwen.cohort.manifest import signed
from suwen.errors import AccessError, ConflictError, DataError, FormatError, InputError, NotFoundError
from suwen.govern.keys import erase_patient
from suwen.govern.upkeep import verify_store
from suwen.learn.card import Card
from suwen.records.access import Role
from suwen.records.audit import EventKind


def card(name: str, cohort: str, **more: Any) -> Card:
    said: dict[str, Any] = {
        "version": "1",
        "purpose": {"en": "a test", "zh": "测试"},
        "task": "classes",
        "classes": ("no", "yes"),
        "network": {},
        "prepare": {},
        "data": (),
        "figures": {},
        "limits": {"en": (), "zh": ()},
        "licence": "",
        "weights_sha256": name.encode().hex().ljust(64, "0"),
        **more,
    }
    return Card(name=name, cohort=cohort, **said)


# The manifest


def manifest() -> Manifest:
    return signed(
        Manifest(
            criteria={"format": 1, "features": ["sex"], "all": [{"age": {"from": 3}}]},
            use=Use.TRAINING,
            actor="aa",
            approval="bb",
            at=5,
            columns=("id", "sex"),
            rows=(Row("p1", "d1"), Row("p2", "d2")),
            table="t",
            texts="",
            anonymity={"k": 2},
            release={"suwen": "1"},
        )
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"criteria": {"format": 1}},
        {"use": Use.RESEARCH},
        {"actor": "ab"},
        {"approval": "bc"},
        {"at": 6},
        {"columns": ("id", "age")},
        {"rows": (Row("p2", "d2"), Row("p1", "d1"))},
        {"rows": (Row("p1", "d1"),)},
        {"rows": (Row("p1", "d1"), Row("p2", "d3"))},
        {"table": "u"},
        {"texts": "v"},
        {"anonymity": {"k": 3}},
        {"release": {"suwen": "2"}},
    ],
)
def test_the_digest_covers_everything(changed: dict[str, Any]) -> None:
    """Proves that no field of a manifest can change under the same digest, and that a changed file is refused."""
    whole = manifest()
    other = signed(replace(whole, **changed))
    assert other.digest != whole.digest
    assert signed(whole) == whole
    forged = json.loads(write_manifest(other))
    forged["digest"] = whole.digest
    with pytest.raises(FormatError, match="was changed"):
        read_manifest(json.dumps(forged).encode())


def test_a_manifest_reads_back_whatever_its_spelling() -> None:
    """Proves the round trip, and that order and blanks are no content."""
    whole = manifest()
    assert read_manifest(write_manifest(whole)) == whole
    plain = json.loads(write_manifest(whole))
    names = sorted(plain, reverse=True)
    assert read_manifest(json.dumps({name: plain[name] for name in names}, indent=3).encode()) == whole
    for junk in (b"", b"\xff", b"[]", b"{}", b'{"format": 2}', b'{"format": 1}'):
        with pytest.raises(FormatError):
            read_manifest(junk)
    with pytest.raises(FormatError):
        read_manifest(json.dumps({**plain, "more": 1}).encode())


def test_the_manifest_of_a_selection_is_what_is_written(ward: Ward, tmp_path: Path) -> None:
    """Proves that the file that goes along is the manifest in the store."""
    study(ward)
    approve(ward, Role.RESEARCHER)
    wanted = criteria(all=[{"observation": {"code": "LOINC:4548-4", "is": "<", "value": 1e3, "unit": "%"}}])
    made = select(ward, wanted, export=True)
    write_cohort(made, tmp_path / "out")
    read = read_manifest((tmp_path / "out" / "manifest.json").read_bytes())
    assert read == made.manifest == show_cohort(ward[Role.RESEARCHER], ward.records, made.id)[0]


def test_a_folder_is_written_whole_or_not_at_all(ward: Ward, tmp_path: Path) -> None:
    """Proves that what is there is not written over, and that a failure leaves nothing behind."""
    study(ward)
    approve(ward, Role.RESEARCHER)
    made = select(ward)
    write_cohort(made, tmp_path / "out")
    with pytest.raises(InputError, match="is there already"):
        write_cohort(made, tmp_path / "out")
    with pytest.raises(DataError):
        write_cohort(made, tmp_path / "nowhere" / "out")
    with pytest.raises(DataError):
        write_cohort(replace(made, texts={"a/b/c.txt": "x"}), tmp_path / "other")
    assert {one.name for one in tmp_path.iterdir()} == {"out", "store"}


# As of a moment


def test_a_cohort_opens_as_it_was(ward: Ward) -> None:
    """Proves that data written after the selection change nothing of it, and a new selection sees them."""
    patients = study(ward)
    approve(ward, Role.RESEARCHER)
    made = select(ward)
    put(ward, patients[0], hba1c(9.9, "2020-01-20"))
    admit(ward, 9)
    again = open_cohort(ward[Role.RESEARCHER], ward.records, made.manifest.digest[:8])
    assert (again.table, again.manifest) == (made.table, made.manifest)
    newer = select(ward)
    assert newer.manifest.number == 7
    assert sum("9.9" in row for row in newer.table.rows) == 1


def test_a_cohort_with_somebody_gone_opens_no_more(ward: Ward) -> None:
    """Proves it for one who has withdrawn, and for one who was erased."""
    patients = study(ward, 7)
    approve(ward, Role.RESEARCHER)
    made = select(ward)
    withdraw(ward[Role.PHYSICIAN], ward.records, patients[0])
    since = length(ward)
    with pytest.raises(InputError, match="withdrawn"):
        open_cohort(ward[Role.RESEARCHER], ward.records, made.id)
    assert EventKind.OPEN not in {one.kind for one in audited(ward, since)}
    assert show_cohort(ward[Role.RESEARCHER], ward.records, made.id)[2] is False
    renew_consent(ward[Role.PHYSICIAN], ward.records, patients[0])
    assert open_cohort(ward[Role.RESEARCHER], ward.records, made.id).table == made.table
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, patients[1], reason="the patient asks for it")
    with pytest.raises(InputError, match="erased"):
        open_cohort(ward[Role.RESEARCHER], ward.records, made.id)
    assert select(ward).manifest.number == 6


def test_who_withdraws_while_it_is_selected_is_not_in_it(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the last look decides: a withdrawal between opening and keeping stops the selection."""
    patients = study(ward)
    approve(ward, Role.RESEARCHER)

    def meanwhile(*given: Any) -> Any:
        withdraw(ward[Role.PHYSICIAN], ward.records, patients[0])
        return crowded(*given)

    monkeypatch.setattr("suwen.cohort.selecting.crowded", meanwhile)
    before = rows(ward)["document"]
    with pytest.raises(ConflictError, match="withdrawn"):
        select(ward)
    assert rows(ward)["document"] == before + 1  # the withdrawal


# Models


def test_a_withdrawal_lists_exactly_the_models_that_saw_the_patient(ward: Ward) -> None:
    """Proves the promise of the issue over several cohorts and models, against sets that the test keeps itself."""
    patients = [admit(ward, number, value=5.0 + number) for number in range(1, 11)]
    approve(ward, Role.RESEARCHER)
    saw: dict[str, set[str]] = {one: set() for one in patients}
    for low, high in ((0, 20), (8, 20), (0, 11), (9.5, 14.6)):
        limits = [(">", low), ("<", high)]
        leaves = [
            {"observation": {"code": "LOINC:4548-4", "is": sign, "value": value, "unit": "%"}} for sign, value in limits
        ]
        made = select(ward, criteria(all=leaves))
        inside = [one for number, one in enumerate(patients, start=1) if low < 5 + number < high]
        assert made.manifest.number == len(inside)
        for name in ("a", "b")[: 1 + (low == 0)]:
            model = card(f"{name} {low} {high}", made.manifest.digest)
            assert register_model(ward[Role.RESEARCHER], ward.records, model).name == model.name
            for one in inside:
                saw[one].add(model.name)
    for one in patients:
        found = models_of(ward[Role.PHYSICIAN], ward.records, one)
        assert {model.name for model in found.models} == saw[one]
        assert found.since == 0
    first = withdraw(ward[Role.PHYSICIAN], ward.records, patients[4])
    assert {model.name for model in first.models} == saw[patients[4]]
    assert first.since > 0
    again = withdraw(ward[Role.PHYSICIAN], ward.records, patients[4])
    assert again.since == first.since


def test_a_model_is_registered_once_and_rightly(ward: Ward) -> None:
    """Proves that a card without weights, with another digest, or of no cohort is refused; twice is once."""
    study(ward)
    approve(ward, Role.RESEARCHER, Role.DATA_SCIENTIST, training=True)
    made = select(ward, role=Role.DATA_SCIENTIST, use=Use.TRAINING)
    scientist, digest = ward[Role.DATA_SCIENTIST], made.manifest.digest
    first = register_model(scientist, ward.records, card("m", digest), where="GPU 1")
    assert register_model(scientist, ward.records, card("m", digest), where="GPU 2") == first
    assert (first.manifest, first.where, first.weights) == (digest, "GPU 1", card("m", "").weights_sha256)
    assert register_model(scientist, ward.records, card("n", ""), digest).name == "n"
    for wrong, named in (
        (card("m", digest), "0" * 64),
        (card("m", ""), ""),
        (card("m", digest, weights_sha256=""), ""),
    ):
        with pytest.raises(InputError):
            register_model(scientist, ward.records, wrong, named)
    with pytest.raises(NotFoundError):
        register_model(scientist, ward.records, card("m", "0" * 64))
    for role in (Role.RESEARCHER, Role.PHYSICIAN):
        with pytest.raises(AccessError):
            register_model(ward[role], ward.records, card("o", digest))
    _, models, _ = show_cohort(scientist, ward.records, digest)
    assert [one.name for one in models] == ["m", "n"]


def test_only_those_who_treat_withdraw_and_ask(ward: Ward) -> None:
    """Proves that no one without a care relationship enters a withdrawal, takes it back, asks or re-identifies."""
    patients = study(ward)
    approve(ward, Role.RESEARCHER)
    made = select(ward)
    stranger = ward.hire("stranger", Role.PHYSICIAN)
    pseudonym = made.manifest.rows[0].pseudonym
    for actor in (stranger, ward[Role.RESEARCHER], ward[Role.ADMINISTRATOR], ward[Role.NURSE]):
        for tried in (
            lambda actor: withdraw(actor, ward.records, patients[0]),
            lambda actor: renew_consent(actor, ward.records, patients[0]),
            lambda actor: models_of(actor, ward.records, patients[0]),
            lambda actor: reidentify(actor, ward.records, made.id, pseudonym),
        ):
            with pytest.raises(AccessError):
                tried(actor)
    with pytest.raises(InputError, match="has not withdrawn"):
        renew_consent(ward[Role.PHYSICIAN], ward.records, patients[0])
    found = {reidentify(ward[Role.PHYSICIAN], ward.records, made.id, one.pseudonym) for one in made.manifest.rows}
    assert found == set(patients)
    with pytest.raises(NotFoundError):
        reidentify(ward[Role.PHYSICIAN], ward.records, made.id, "p" + "0" * 20)


def test_withdrawing_and_consenting_stand_in_the_log(ward: Ward) -> None:
    """Proves that both are audited with the patient as their subject, and that everything kept verifies."""
    patients = study(ward)
    approve(ward, Role.RESEARCHER)
    made = select(ward)
    register_model(ward[Role.RESEARCHER], ward.records, card("m", made.manifest.digest))
    since = length(ward)
    withdraw(ward[Role.PHYSICIAN], ward.records, patients[0])
    renew_consent(ward[Role.PHYSICIAN], ward.records, patients[0])
    withdraw(ward[Role.PHYSICIAN], ward.records, patients[0])
    found = [one for one in audited(ward, since) if one.kind is EventKind.CARE]
    assert [one.detail["what"].split()[0] for one in found] == ["withdrew", "consented", "withdrew"]
    assert {one.subject for one in found} == {patients[0]}
    assert found[0].detail["models"] == 1
    assert not verify_store(ward[Role.ADMINISTRATOR], ward.records).faults


def test_nothing_kept_of_a_cohort_is_in_the_clear(ward: Ward) -> None:
    """Proves that criteria, pseudonyms, names of models and the reference of the committee are sealed in the store."""
    study(ward)
    approve(ward, Role.RESEARCHER, reference="IRB-IN-THE-CLEAR")
    made = select(ward)
    register_model(ward[Role.RESEARCHER], ward.records, card("model-in-the-clear", made.manifest.digest))
    ward.records.store.close()
    whole = b"".join(one.read_bytes() for one in ward.home.rglob("*") if one.is_file())
    for secret in (
        "IRB-IN-THE-CLEAR",
        "model-in-the-clear",
        made.manifest.rows[0].pseudonym,
        made.manifest.digest,
        "hba1c",
    ):
        assert secret.encode() not in whole
