"""Who calls CDS Hooks, and which patient of ours the call is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from suwen.consult import find_patients
from suwen.consult.fhir.patients import demographics_of
from suwen.errors import AccessError, InputError, LoginError, NotFoundError
from suwen.govern import Act, Actor, may, recognise_client
from suwen.server.callers import caller_of
from suwen.server.house import House, house_of
from suwen.server.smart.assertions import claimed, verify

if TYPE_CHECKING:
    from suwen.server.cds.hooks import Hook

__all__ = ["Asker", "asker_of", "patient_of"]

_TEN_MINUTES = 600.0  # CDS Hooks asks for a short time and names none; its examples and the sandbox take five


def asker_of(request: Request) -> Actor:
    """Who asks: a system by signed token (CDS Hooks 2.0, "Trusting CDS Clients") or by certificate, or a person.

    Which device a system's keys stand for is in the settings, what that device may see in the register. A token of a
    SMART app is for FHIR and opens nothing here. Raises LoginError, AccessError.
    """
    house = house_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.count(".") == 2:
        return _signed(house, token.strip(), f"{house.settings.address}{request.url.path}")
    caller = caller_of(request)
    if caller.scopes is not None:
        raise AccessError("the token of an app opens FHIR and no CDS Hooks")
    return caller.actor


Asker = Annotated[Actor, Depends(asker_of)]


def _signed(house: House, token: str, audience: str) -> Actor:
    issuer = claimed(token)
    client = next((one for one in house.settings.cds_clients if one.issuer == issuer), None)
    if client is None:
        raise LoginError("the signed token is not accepted")
    verify(house, token, jwks=client.jwks, issuer=issuer, audience=audience, longest=_TEN_MINUTES, dated=True)
    return recognise_client(house.records, client.device)


def patient_of(actor: Actor, house: House, hook: Hook) -> str:
    """Our id (hex) of the patient a call is about, "" where it is none whom the actor may see here.

    By id where the calling system works on this server's FHIR, else by the identifiers that its Patient bears: an id of
    another system says nothing here. Raises InputError where identifiers lead to two records, or birth dates differ.
    """
    if hook.server in {"", f"{house.settings.address}/fhir"} and _is_ours(actor, house, hook.patient):
        return hook.patient
    resource = next(iter(hook.of("Patient")), None)
    if resource is None:
        return ""
    try:
        who = demographics_of(resource)
    except InputError:  # neither identifier nor name
        return ""
    found = {
        one.id: one.demographics
        for identifier in who.identifiers
        for one in find_patients(actor, house.records, identifier=identifier)
        if identifier in one.demographics.identifiers
    }
    if len(found) > 1:
        raise InputError("the identifiers of the patient belong to different records here; correct whichever is wrong")
    for known in found.values():
        if who.birth_date and known.birth_date and who.birth_date != known.birth_date:
            raise InputError("the record with this identifier has another birth date; correct whichever is wrong")
    return next(iter(found), "")


def _is_ours(actor: Actor, house: House, patient: str) -> bool:
    try:
        return may(actor, house.records, Act.VIEW, patient)
    except NotFoundError:
        return False
