"""The pages on devices and keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.errors import InputError
from suwen.govern import (
    Act,
    Role,
    begin_authority,
    certify_device,
    hospital_public_key,
    list_devices,
    log_public_key,
    preview_rotation,
    revoke_device,
    rotate_kek,
)
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.security_names import ACTS, called
from suwen.server.pages.security_words import WORDS
from suwen.server.showing import show
from suwen.server.tls.trust import renew_trust
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form()]
_ACTS = (Act.VIEW, Act.ANNOTATE, Act.REGISTER, Act.DIAGNOSE)  # what the policies know devices to do


@router.get("/security/devices")
def devices(request: Request, visitor: Signed) -> Response:
    """Every registered device and system."""
    return _devices(request, visitor)


@router.post("/security/devices/authority")
def authority(request: Request, visitor: Signed, name: Text) -> Response:
    """Make the hospital's own authority."""
    certificate = begin_authority(visitor.actor, house_of(request).records, name)
    renew_trust(house_of(request))  # else its devices would be refused for a minute
    return _devices(request, visitor, told=WORDS["authority_made"].said(visitor.lang), certificate=certificate)


@router.post("/security/devices")
def certify(request: Request, visitor: Signed, name: Text, asked: Text, acts: Annotated[list[str], Form()]) -> Response:
    """Certify a device's request and register it."""
    known = {act.value: act for act in _ACTS}
    if not set(acts) <= set(known):
        raise InputError(f"a device may {', '.join(known)} and nothing else", zh=f"设备权限只能是：{'、'.join(known)}")
    records = house_of(request).records
    certificate = certify_device(visitor.actor, records, asked, name=name, acts=[known[one] for one in acts])
    return _devices(request, visitor, told=WORDS["certified"].said(visitor.lang), certificate=certificate)


@router.post("/security/devices/revoke")
def revoke(request: Request, visitor: Signed, name: Text) -> Response:
    """Shut a device out at once."""
    revoke_device(visitor.actor, house_of(request).records, name)
    if visitor.has(Role.ADMINISTRATOR):
        return RedirectResponse("/security/devices", 303)
    return RedirectResponse("/security/glass", 303)


def _devices(request: Request, visitor: Visitor, *, told: str = "", certificate: str = "") -> Response:
    house = house_of(request)
    found = list_devices(visitor.actor, house.records)
    return show(
        request,
        "security_devices.html",
        WORDS,
        visitor=visitor,
        devices=found,
        now=house.records.store.clock(),
        acts={one.value: called(ACTS, one.value, visitor.lang) for one in _ACTS},
        told=told,
        certificate=certificate,
    )


@router.get("/security/keys")
def keys(request: Request, visitor: Signed) -> Response:
    """Public keys, and what a rotation would work through."""
    return _keys(request, visitor)


@router.post("/security/keys/rotate")
def rotate(request: Request, visitor: Signed) -> Response:
    """A new key-encryption key."""
    key, _ = rotate_kek(visitor.actor, house_of(request).records)
    return _keys(request, visitor, told=WORDS["rotated"].said(visitor.lang).format(key=key))


def _keys(request: Request, visitor: Visitor, *, told: str = "") -> Response:
    records = house_of(request).records
    counts, unfinished = preview_rotation(visitor.actor, records)
    return show(
        request,
        "security_keys.html",
        WORDS,
        visitor=visitor,
        counts=counts,
        unfinished=unfinished,
        hospital=hospital_public_key(records),
        log=log_public_key(records),
        told=told,
    )
