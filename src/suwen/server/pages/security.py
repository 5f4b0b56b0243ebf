"""The pages of those responsible: accounts, care relationships and devices; keys and emergencies; the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.errors import AccessError, ConflictError, InputError, NotFoundError
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
    remove_second_factor,
    reset_password,
    review_break_glass,
    revoke_apps_of,
    revoke_care,
    revoke_role,
    unlock_account,
)
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.account_words import ROLES
from suwen.server.pages.security_names import called
from suwen.server.pages.security_words import WORDS
from suwen.server.showing import show
from suwen.server.smart.grants import grants_of
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
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
    raise AccessError(
        "these pages are for administrators, security officers and auditors",
        zh="这些页面仅供管理员、安全员和审计员使用",
    )


@router.get("/security/accounts")
def accounts(request: Request, visitor: Signed) -> Response:
    """Who may sign in, and as what."""
    return _accounts(request, visitor)


@router.post("/security/accounts")
def new_account(request: Request, visitor: Signed, login: Text, name: Text, role: Text) -> Response:
    """Open an account; its first password is shown this once. What is wrong is told beside what was typed."""
    try:
        _, password = open_account(visitor.actor, house_of(request).records, login, name, roles=[_role(role)])
    except (ConflictError, InputError) as wrong:
        return _accounts(request, visitor, wrong=wrong.said(visitor.lang), typed={"login": login, "name": name})
    return _accounts(request, visitor, told=WORDS["opened"].said(visitor.lang).format(password=password))


@router.post("/security/accounts/change")
def change_account(
    request: Request, visitor: Signed, login: Text, what: Text, role: Text = "", reason: Text = ""
) -> Response:
    """Lock, unlock, reset, change the roles of an account; take its second factor or its apps."""
    records, told = house_of(request).records, WORDS["done"].said(visitor.lang)
    match what:
        case "lock":
            lock_account(visitor.actor, records, login)
        case "apps":
            grants_of(house_of(request)).end(revoke_apps_of(visitor.actor, records, login))
        case "unlock":
            unlock_account(visitor.actor, records, login)
        case "reset":
            password = reset_password(visitor.actor, records, login)
            told = WORDS["opened"].said(visitor.lang).format(password=password)
        case "factor":
            remove_second_factor(visitor.actor, records, login, reason=reason)
        case "grant":
            grant_role(visitor.actor, records, login, _role(role))
        case "revoke":
            revoke_role(visitor.actor, records, login, _role(role))
        case _:
            raise InputError(
                "an account is locked, unlocked, reset, or its roles are changed",
                zh="对账户只能锁定、解锁、重置，或更改其角色",
            )
    if visitor.has(Role.ADMINISTRATOR):
        return _accounts(request, visitor, told=told)
    return RedirectResponse("/security/glass", 303)


def _accounts(
    request: Request, visitor: Visitor, *, told: str = "", wrong: str = "", typed: dict[str, str] | None = None
) -> Response:
    house = house_of(request)
    found = list_accounts(visitor.actor, house.records)
    now = house.records.store.clock()
    roles = {role.value: called(ROLES, role.value, visitor.lang) for role in Role}
    return show(
        request, "security_accounts.html", WORDS, visitor=visitor, status=422 if wrong else 200, accounts=found,
        roles=roles, told=told, wrong=wrong, typed=typed or {"login": "", "name": ""}, now=now,
    )  # fmt: skip


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise InputError(
            f"there is no such role; roles are {', '.join(role.value for role in Role)}",
            zh=f"没有此角色；角色为：{'、'.join(role.value for role in Role)}",
        ) from None


@router.get("/security/care")
def care(request: Request, visitor: Signed) -> Response:
    """Who treats whom, by number."""
    return _care(request, visitor)


def _care(request: Request, visitor: Visitor, *, wrong: str = "", typed: dict[str, str] | None = None) -> Response:
    house = house_of(request)
    found = list_care(visitor.actor, house.records)
    names = names_of(visitor.actor, house.records)
    now = int(house.records.store.clock() * 1e6)
    rows = sorted(found, key=lambda one: (not one.active(now), -one.since))
    return show(
        request, "security_care.html", WORDS, visitor=visitor, status=422 if wrong else 200, care=rows, names=names,
        now=now, wrong=wrong, typed=typed or {"identifier": "", "who": "", "days": ""},
    )  # fmt: skip


@router.post("/security/care")
def change_care(
    request: Request, visitor: Signed, what: Text, who: Text, identifier: Text = "", patient: Text = "", days: Text = ""
) -> Response:
    """Begin or end a care relationship; a patient is named by an identifier or a number.

    What is wrong is told beside what was typed.
    """
    records = house_of(request).records
    try:
        whom = patient or identified(visitor.actor, records, identifier)
        if what == "grant":
            grant_care(visitor.actor, records, patient=whom, who=who, days=_days(days))
        else:
            revoke_care(visitor.actor, records, patient=whom, who=who)
    except (InputError, NotFoundError) as wrong:
        typed = {"identifier": identifier, "who": who, "days": days}
        return _care(request, visitor, wrong=wrong.said(visitor.lang), typed=typed)
    return RedirectResponse("/security/care", 303)


def _days(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError("give the days as a number, or leave them empty", zh="天数请填写数字，或留空") from None


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
        raise InputError("a use is justified or it is not", zh="须判定该次使用为正当或不正当")
    records = house_of(request).records
    review_break_glass(visitor.actor, records, use, justified=verdict == "justified", remark=remark)
    return RedirectResponse("/security/glass", 303)
