"""Devices: certified by the hospital's own authority, known by certificate, doing their registered acts alone."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ward import CHEAP, Ward, opening
from watch import audited, length

from suwen.consult.chart import Draft, open_patient, write_records
from suwen.consult.emergency import break_glass
from suwen.consult.images import Image, store_images
from suwen.consult.patients import find_patients, list_my_patients, register_patient
from suwen.errors import AccessError, FormatError, InputError, LoginError, NotFoundError
from suwen.govern.auditing import read_audit
from suwen.govern.care import grant_care, revoke_care
from suwen.govern.hospital import open_records
from suwen.govern.machines import (
    begin_authority,
    certify_device,
    list_devices,
    recognise_device,
    register_device,
    revoke_device,
    trust_authority,
)
from suwen.govern.people import list_accounts
from suwen.records.access import Act, Purpose, Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.demographics import Demographics
from suwen.records.identity import authority as authorities
from suwen.records.identity.certificates import fingerprint
from suwen.records.people import Actor

STORING = (Act.ANNOTATE, Act.REGISTER)


def der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def certified(ward: Ward, name: str, *acts: Act, days: int = 365) -> bytes:
    """Certificate (DER) of a device that the administrator has certified."""
    _, request = authorities.certificate_request(name)
    return der(certify_device(ward[Role.ADMINISTRATOR], ward.records, request, name=name, acts=acts, days=days))


def with_authority(ward: Ward) -> Ward:
    begin_authority(ward[Role.ADMINISTRATOR], ward.records, "Hospital")
    return ward


def test_it_stores_for_any_patient_and_opens_none(either_ward: Ward) -> None:
    """Proves that results of a patient not yet assigned are kept, and a stolen certificate reads nobody."""
    ward = with_authority(either_ward)
    patient, stood = ward.patient(1), length(ward)
    scanner = recognise_device(ward.records, certified(ward, "ct-1", *STORING, Act.VIEW, Act.DIAGNOSE))
    write_records(scanner, ward.records, patient, [Draft("Observation", b"bpm 60")])
    made = store_images(scanner, ward.records, patient, kind="ImagingStudy", payload=b"", images=[Image([b"x"], 1)])
    for attempt in (
        lambda: open_patient(scanner, ward.records, patient),
        lambda: write_records(scanner, ward.records, patient, [Draft("Finding", b"{}")], act=Act.DIAGNOSE),
        lambda: open_patient(scanner, ward.records, patient, purpose=Purpose.EMERGENCY),
        lambda: break_glass(scanner, ward.records, patient=patient, reason="the device wants to see"),
        lambda: list_accounts(scanner, ward.records),
        lambda: read_audit(scanner, ward.records),
    ):
        with pytest.raises(AccessError):
            attempt()
    assert find_patients(scanner, ward.records, identifier="MRN-1") == list_my_patients(scanner, ward.records) == []
    assert len(open_patient(ward[Role.PHYSICIAN], ward.records, patient)) == 3
    seen = audited(ward, stood, by=scanner.id, subject=patient)
    assert [one.outcome for one in seen if one.kind is EventKind.DECISION][:2] == [Outcome.PERMIT, Outcome.PERMIT]
    assert sum(made.id in repr(one.detail) for one in seen if one.kind is EventKind.SEAL) == 1


def test_a_patient_assigned_to_it_is_read_until_that_ends(either_ward: Ward) -> None:
    """Proves that a care relationship opens its one patient to a device that may view, and its end closes it."""
    ward = with_authority(either_ward)
    patient, other = ward.patient(1), ward.patient(2)
    monitor = recognise_device(ward.records, certified(ward, "monitor", *STORING, Act.VIEW))
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="monitor", device=True)
    assert len(open_patient(monitor, ward.records, patient)) == 1
    assert [one.id for one in list_my_patients(monitor, ward.records)] == [patient]
    with pytest.raises(AccessError):
        open_patient(monitor, ward.records, other)
    revoke_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="monitor", device=True)
    with pytest.raises(AccessError):
        open_patient(monitor, ward.records, patient)
    with pytest.raises(NotFoundError):
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="no-such-device", device=True)


def test_it_does_what_it_was_registered_for(ward: Ward) -> None:
    """Proves that each act not registered is refused, and that acts no device may do stay refused when registered."""
    with_authority(ward)
    patient = ward.patient(1)
    lamp = recognise_device(ward.records, certified(ward, "lamp"))
    clerk = recognise_device(ward.records, certified(ward, "kiosk", Act.REGISTER))
    every = recognise_device(ward.records, certified(ward, "everything", *Act))
    for device in (lamp, clerk):
        with pytest.raises(AccessError):
            write_records(device, ward.records, patient, [Draft("Observation", b"x")])
    with pytest.raises(AccessError):
        register_patient(lamp, ward.records, Demographics(("MRN-2",)))
    new = register_patient(clerk, ward.records, Demographics(("MRN-2",)))
    assert list_my_patients(clerk, ward.records) == []  # a device is in nobody's care team by registering
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=new, who="everything", device=True)
    assert open_patient(every, ward.records, new)
    for act in (
        lambda: write_records(every, ward.records, new, [Draft("Order", b"x")], act=Act.ORDER),
        lambda: list_accounts(every, ward.records),
        lambda: read_audit(every, ward.records),
    ):
        with pytest.raises(AccessError):
            act()


def test_revoked_it_is_out_at_once_everywhere(either_ward: Ward) -> None:
    """Proves that the security officer's revocation stops a device in its running session, also in another store."""
    ward = with_authority(either_ward)
    patient, certificate = ward.patient(1), certified(ward, "pump", *STORING)
    pump = recognise_device(ward.records, certificate)
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        write_records(pump, second, patient, [Draft("Observation", b"1")])
        with pytest.raises(AccessError):
            revoke_device(ward[Role.ADMINISTRATOR], ward.records, "pump")
        revoke_device(ward[Role.SECURITY_OFFICER], ward.records, "pump")
        with pytest.raises(LoginError):
            write_records(pump, second, patient, [Draft("Observation", b"2")])
        with pytest.raises(LoginError):
            recognise_device(second, certificate)
    with pytest.raises(NotFoundError):
        revoke_device(ward[Role.SECURITY_OFFICER], ward.records, "pump")
    assert [one.revoked for one in list_devices(ward[Role.ADMINISTRATOR], ward.records)] == [True]
    again = recognise_device(ward.records, certified(ward, "pump", *STORING))  # a new certificate, the same name
    assert again.id != pump.id
    write_records(again, ward.records, patient, [Draft("Observation", b"3")])


def test_an_expired_certificate_is_out_in_the_middle_of_its_work(ward: Ward) -> None:
    """Proves expiry by the clock, for recognising and for a device recognised before."""
    with_authority(ward)
    patient, certificate = ward.patient(1), certified(ward, "probe", *STORING, days=1)
    probe = recognise_device(ward.records, certificate)
    ward.clock.now += 86_400 - 60
    write_records(probe, ward.records, patient, [Draft("Observation", b"1")])
    ward.clock.now += 120
    with pytest.raises(LoginError):
        write_records(probe, ward.records, patient, [Draft("Observation", b"2")])
    with pytest.raises(LoginError):
        recognise_device(ward.records, certificate)


def test_strangers_are_refused_alike_and_audited(either_ward: Ward) -> None:
    """Proves that unknown, self-made and unreadable certificates get one answer and an entry with their fingerprint."""
    ward = with_authority(either_ward)
    certified(ward, "known", *STORING)
    stranger = authorities.create_authority("Hospital", clock=ward.clock)
    _, request = authorities.certificate_request("known")
    forged = der(authorities.issue(stranger, request, device="known", clock=ward.clock, days=365))
    stood, said = length(ward), set()
    for bad in (forged, der(stranger.certificate), b"no certificate", b""):
        with pytest.raises(LoginError) as refused:
            recognise_device(ward.records, bad)
        said.add(str(refused.value))
    assert len(said) == 1
    seen = [one for one in audited(ward, stood) if one.kind is EventKind.LOGIN]
    assert [(one.outcome, one.actor) for one in seen] == [(Outcome.FAILURE, "")] * 4
    assert fingerprint(forged).startswith(str(seen[0].detail["certificate"]))
    with pytest.raises(LoginError):
        list_my_patients(Actor(fingerprint(forged)[:32], device=True), ward.records)


def test_another_authority_certifies_once_it_is_trusted(either_ward: Ward) -> None:
    """Proves that a vendor's certificate registers only after its authority was trusted, and only once."""
    ward = either_ward
    administrator = ward[Role.ADMINISTRATOR]
    vendor = authorities.create_authority("Vendor", clock=ward.clock)
    _, request = authorities.certificate_request("mri-7")
    pem = authorities.issue(vendor, request, device="mri-7", clock=ward.clock, days=365)
    with pytest.raises(NotFoundError, match="authority"):
        certify_device(administrator, ward.records, request, name="mri-7", acts=STORING)
    with pytest.raises(InputError):
        register_device(administrator, ward.records, pem, name="mri-7", acts=STORING)
    with_authority(ward)
    with pytest.raises(InputError, match="already"):
        begin_authority(administrator, ward.records, "Another")
    with pytest.raises(InputError):
        register_device(administrator, ward.records, pem, name="mri-7", acts=STORING)
    with pytest.raises(FormatError):
        trust_authority(administrator, ward.records, "no certificate")
    trust_authority(administrator, ward.records, vendor.certificate)
    device = register_device(administrator, ward.records, pem, name="mri-7", acts=STORING)
    assert recognise_device(ward.records, der(pem)) == Actor(device.id, device=True)
    for name in ("mri-7", "mri-8"):
        with pytest.raises(InputError, match="already"):
            register_device(administrator, ward.records, pem, name=name, acts=STORING)
    assert [one.name for one in list_devices(administrator, ward.records)] == ["mri-7"]
