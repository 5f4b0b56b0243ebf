"""Certified devices and systems: the hospital's own authority, the register, and knowing a device by certificate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from suwen.errors import InputError, LoginError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records, Work
from suwen.records.identity import authority as authorities
from suwen.records.identity import certificates
from suwen.records.identity.authority import Authority
from suwen.records.identity.nouns import Device
from suwen.records.people import Actor, device_by_fingerprint, devices, save_device
from suwen.records.store.documents import Document
from suwen.records.store.store import Store

if TYPE_CHECKING:
    from cryptography import x509
    from sqlalchemy import Connection

__all__ = [
    "begin_authority",
    "certify_device",
    "list_devices",
    "recognise_client",
    "recognise_device",
    "register_device",
    "revoke_device",
    "trust_authority",
    "trusted_authorities",
]

_ID = b"hospital-authori"


def begin_authority(actor: Actor, records: Records, name: str) -> str:
    """Make the hospital's own authority for devices; its certificate (PEM), for servers that check clients by it.

    Its private key stays sealed in the store. Raises AccessError, InputError when there is one already.
    """
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        if _own(records.store, work.connection):
            raise InputError("the hospital has its authority already", zh="本院已有证书颁发机构")
        made = authorities.create_authority(name, clock=records.store.clock)
        records.store.documents.put(work.connection, Document("authority", _ID, made.to_document()))
        _note(work, "", {"what": "authority made"})
        return made.certificate


def trust_authority(actor: Actor, records: Records, certificate_pem: str) -> None:
    """Trust another authority's certificate (PEM), a vendor's or the state's, to certify devices."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        certificates.read_certificates(certificate_pem)
        id_ = records.store.keys.blind.tag("authority", certificate_pem)
        records.store.documents.put(work.connection, Document("trust", id_, {"certificate": certificate_pem}))
        _note(work, "", {"what": "authority trusted"})


def trusted_authorities(records: Records) -> tuple[str, ...]:
    """The certificates (PEM) of every authority that may certify devices: the hospital's own first, none is no error.

    For the server that has the store open and must name them in the TLS handshake, before anybody could act. It takes
    no actor since it opens nothing: a certificate is public, its key stays sealed, and whoever passes the handshake is
    nobody yet; `recognise_device` asks the register.
    """
    with records.store.snapshot() as connection:
        return tuple(_authorities(records.store, connection))


def certify_device(
    actor: Actor, records: Records, request_pem: str, *, name: str, acts: Iterable[Act], days: int = 365
) -> str:
    """Certify a device's request with the hospital's own authority and register it; its certificate (PEM)."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        own = _own(records.store, work.connection)
        if own is None:
            raise NotFoundError(
                "the hospital has no authority yet; make one with `suwen records device authority`",
                zh="本院尚无证书颁发机构；请用 `suwen records device authority` 建立",
            )
        certificate = authorities.issue(own[1], request_pem, device=name, clock=records.store.clock, days=days)
        _register(work, certificate, name, acts)
        return certificate


def register_device(actor: Actor, records: Records, certificate_pem: str, *, name: str, acts: Iterable[Act]) -> Device:
    """Register a device that a trusted authority has certified, with the acts it may do. Raises InputError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        return _register(work, certificate_pem, name, acts)


def _register(work: Work, certificate: str, name: str, acts: Iterable[Act]) -> Device:
    store = work.store
    if any(one.name == name and not one.revoked for one in devices(store, work.connection)):
        raise InputError(
            "a device of this name is registered already; revoke it first or choose another name",
            zh="已有同名设备登记；请先吊销，或另取名称",
        )
    device = certificates.enrol(
        certificate,
        name=name,
        acts=[act.value for act in acts],
        trust=_trusted(store, work.connection),
        clock=store.clock,
    )
    save_device(store, work.connection, device)
    _note(work, device.id, {"what": "registered", "acts": sorted(device.acts)})
    return device


def revoke_device(actor: Actor, records: Records, name: str) -> None:
    """Shut a device out, at once. Raises AccessError, NotFoundError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.LOCK, ResourceKind.ACCOUNTS)
        found = [one for one in devices(records.store, work.connection) if one.name == name and not one.revoked]
        if not found:
            raise NotFoundError("there is no registered device of this name", zh="没有该名称的已登记设备")
        for one in found:
            save_device(records.store, work.connection, certificates.revoke(one))
            _note(work, one.id, {"what": "revoked"})


def list_devices(actor: Actor, records: Records) -> list[Device]:
    """Every device, also the revoked ones, by name. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        work.note(EventKind.QUERY, act=Act.MANAGE.value, detail={"what": "devices"})
        return devices(records.store, work.connection)


def recognise_device(records: Records, der: bytes, *, crl: str = "") -> Actor:
    """The actor behind a client certificate (DER, from a finished TLS handshake).

    Raises LoginError, the same for unknown, revoked, expired and uncertified; each is audited.
    """
    store = records.store
    with store.snapshot() as connection:
        trust = _trusted(store, connection)
        device = device_by_fingerprint(store, connection, certificates.fingerprint(der))
    try:
        known = certificates.recognise(der, find=lambda _: device, trust=trust, clock=store.clock, crl=crl)
    except LoginError:
        _note_recognised(store, certificates.fingerprint(der)[:16], "", Outcome.FAILURE)
        raise
    _note_recognised(store, "", known.id, Outcome.SUCCESS)
    return Actor(known.id, device=True)


def recognise_client(records: Records, name: str) -> Actor:
    """The actor behind a registered name, for a server that has verified a signature made with the client's own key.

    Systems that cannot bring a certificate to the handshake sign a token instead (RFC 7523). Which key is whose stands
    in the server's settings; what the client may do, whether it is revoked, and until when, stands in the register.
    Raises LoginError, the same for unknown, revoked and expired; each is audited.
    """
    store = records.store
    with store.snapshot() as connection:
        found = [one for one in devices(store, connection) if one.name == name and not one.revoked]
    if len(found) != 1 or found[0].valid_until <= store.clock():
        _note_recognised(store, "", found[0].id if found else "", Outcome.FAILURE)
        raise LoginError(
            "the client is not accepted; ask those responsible for devices", zh="不接受该客户端；请联系设备负责人"
        )
    _note_recognised(store, "", found[0].id, Outcome.SUCCESS)
    return Actor(found[0].id, device=True)


def _note_recognised(store: Store, shown: str, device: str, outcome: Outcome) -> None:
    with store.transaction() as ongoing:
        detail = {"certificate": shown} if shown else {}
        ongoing.note(EventKind.LOGIN, actor=device, act="log in", outcome=outcome, detail=detail)


def _own(store: Store, connection: Connection) -> tuple[Document, Authority] | None:
    found = store.documents.find(connection, "authority")
    return (found[0], Authority.from_document(found[0].content)) if found else None


def _trusted(store: Store, connection: Connection) -> list[x509.Certificate]:
    texts = _authorities(store, connection)
    return [certificate for text in texts for certificate in certificates.read_certificates(text)]


def _authorities(store: Store, connection: Connection) -> list[str]:
    own = _own(store, connection)
    others = [str(one.content["certificate"]) for one in store.documents.find(connection, "trust")]
    return [own[1].certificate, *others] if own else others


def _note(work: Work, device: str, detail: dict[str, str | list[str]]) -> None:
    work.note(EventKind.DEVICE, act=Act.MANAGE.value, subject=device, detail=detail)
