"""The worklist: one's own patients, what is new, what alarms, what waits for one's review."""

from __future__ import annotations

from types import MappingProxyType

from fastapi import APIRouter, Request, Response

from suwen.consult import list_my_patients
from suwen.server.house import house_of
from suwen.server.showing import Words, show
from suwen.server.visitors import Signed
from suwen.subject import Saying

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
WORDS: Words = MappingProxyType(
    {"title": Saying("Worklist", "工作列表"), "none": Saying("You have no patients yet.", "暂无患者。")}
)


@router.get("/worklist")
def worklist(request: Request, visitor: Signed) -> Response:
    """One's own patients."""
    house = house_of(request)
    patients = list_my_patients(visitor.actor, house.records)
    return show(request, "worklist.html", WORDS, visitor=visitor, patients=patients)
