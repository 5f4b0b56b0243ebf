"""The pages of those responsible: accounts, care relationships and devices; keys and emergencies; the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.errors import AccessError, InputError
from suwen.govern import (
    Role,
    grant_care,
    grant_role,
    identified,
    list_accounts,
    list_break_glass,
    list_care,
    lock_account,
    names_of,
    open_account,
    reset_password,
    review_break_glass,
    revoke_care,
    revoke_role,
    unlock_account,
)
from suwen.server.house import house_of
from suwen.server.pages.security_words import WORDS
from suwen.server.showing import show
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


@router.get("/security")
def first(visitor: Signed) -> Response:
    """To the first page of the visitor's power."""
    for role, path in (
        (Role.ADMINISTRATOR, "/security/accounts"),
        (Role.SECURITY_OFFICER, "/security/glass"),
        (Role.AUDITOR, "/security/audit"),
    ):
        if visitor.has(role):
            return RedirectResponse(path, 303)
    raise AccessError("these pages are for administrators, security officers and auditors")


@router.get("/security/accounts")
def accounts(request: Request, visitor: Signed) -> Response:
    """Who may sign in, and as what."""
    return _accounts(request, visitor)


@router.post("/security/accounts")
def new_account(request: Request, visitor: Signed, login: Text, name: Text, role: Text) -> Response:
    """Open an account; its first password is shown this once."""
    _, password = open_account(visitor.actor, house_of(request).records, login, name, roles=[_role(role)])
    return _accounts(request, visitor, told=WORDS["opened"].said(visitor.lang).format(password=password))


@router.post("/security/accounts/change")
def change_account(request: Request, visitor: Signed, login: Text, what: Text, role: Text = "") -> Response:
    """Lock, unlock, reset, or change the roles of an account."""
    records, told = house_of(request).records, WORDS["done"].said(visitor.lang)
    match what:
        case "lock":
            lock_account(visitor.actor, records, login)
        case "unlock":
            unlock_account(visitor.actor, records, login)
        case "reset":
            password = reset_password(visitor.actor, records, login)
            told = WORDS["opened"].said(visitor.lang).format(password=password)
        case "grant":
            grant_role(visitor.actor, records, login, _role(role))
        case "revoke":
            revoke_role(visitor.actor, records, login, _role(role))
        case _:
            raise InputError("an account is locked, unlocked, reset, or its roles are changed")
    if visitor.has(Role.ADMINISTRATOR):
        return _accounts(request, visitor, told=told)
    return RedirectResponse("/security/glass", 303)


def _accounts(request: Request, visitor: Visitor, *, told: str = "") -> Response:
    house = house_of(request)
    found = list_accounts(visitor.actor, house.records)
    now = house.records.store.clock()
    roles = [role.value for role in Role]
    return show(
        request, "security_accounts.html", WORDS, visitor=visitor, accounts=found, roles=roles, told=told, now=now
    )


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise InputError(f"there is no such role; roles are {', '.join(role.value for role in Role)}") from None


@router.get("/security/care")
def care(request: Request, visitor: Signed) -> Response:
    """Who treats whom, by number."""
    house = house_of(request)
    found = list_care(visitor.actor, house.records)
    names = names_of(visitor.actor, house.records)
    now = int(house.records.store.clock() * 1e6)
    rows = sorted(found, key=lambda one: (not one.active(now), -one.since))
    return show(request, "security_care.html", WORDS, visitor=visitor, care=rows, names=names, now=now)


@router.post("/security/care")
def change_care(
    request: Request, visitor: Signed, what: Text, who: Text, identifier: Text = "", patient: Text = "", days: Text = ""
) -> Response:
    """Begin or end a care relationship; a patient is named by an identifier or a number."""
    records = house_of(request).records
    whom = patient or identified(visitor.actor, records, identifier)
    if what == "grant":
        grant_care(visitor.actor, records, patient=whom, who=who, days=_days(days))
    else:
        revoke_care(visitor.actor, records, patient=whom, who=who)
    return RedirectResponse("/security/care", 303)


def _days(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError("give the days as a number, or leave them empty") from None


@router.get("/security/glass")
def glass(request: Request, visitor: Signed) -> Response:
    """Uses of emergency access, those that wait for review first; and whom to shut out."""
    house = house_of(request)
    found = list_break_glass(visitor.actor, house.records)
    names = names_of(visitor.actor, house.records)
    uses = sorted(found, key=lambda one: (bool(one.verdict), -one.since))
    return show(request, "security_glass.html", WORDS, visitor=visitor, uses=uses, names=names)


@router.post("/security/glass/{use}")
def judge(request: Request, visitor: Signed, use: str, verdict: Text, remark: Text) -> Response:
    """Judge one use."""
    if verdict not in {"justified", "not justified"}:
        raise InputError("a use is justified or it is not")
    records = house_of(request).records
    review_break_glass(visitor.actor, records, use, justified=verdict == "justified", remark=remark)
    return RedirectResponse("/security/glass", 303)
