"""/health, /ready and /metrics: for those who keep the server running, without a session and without a secret."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from suwen.govern import is_set_back
from suwen.server.house import House, house_of
from suwen.server.watch.metrics import TYPE, metrics_of

__all__ = ["allowed", "router"]

router = APIRouter(tags=["Health"])
_REMEMBERED = 2.0  # seconds that a look at the store holds: whoever asks often costs no more than whoever asks rarely


@router.get("/health")
def health() -> Response:
    """The process is alive and answers; of what it can do, nothing."""
    return JSONResponse({"status": "alive"})


@router.get("/ready")
def ready(request: Request) -> Response:
    """Whether it can do its work: the store is open and not set back, the knowledge of diseases is open or absent.

    `science` is "absent" where it could not be opened: everything else works, the differential says what is missing.
    """
    house = house_of(request)
    store = "ready" if _store_answers(house) else "refuses"
    science = "opening" if not house.science.ready else "absent" if house.science.failure else "ready"
    fit = store == "ready" and science != "opening"
    status = "ready" if fit else "not ready"
    return JSONResponse({"status": status, "store": store, "science": science}, 200 if fit else 503)


def _store_answers(house: House) -> bool:
    known: list[tuple[float, bool]] = house.room("ready", lambda: [(float("-inf"), False)])
    at, answers = known[0]
    if time.monotonic() - at > _REMEMBERED:
        answers = not is_set_back(house.records)
        known[0] = (time.monotonic(), answers)
    return answers


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """All figures, for addresses of `metrics_from` alone; behind a proxy on this machine everybody has its address."""
    house = house_of(request)
    who = request.client.host if request.client else ""
    if not allowed(who, house.settings.metrics_from):
        return PlainTextResponse("not open to this address; see `metrics_from` in the settings\n", 403)
    return Response(metrics_of(house).text(), media_type=TYPE)


def allowed(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is one of these addresses or in one of these networks."""
    try:
        who = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = who.ipv4_mapped if isinstance(who, ipaddress.IPv6Address) else None
    return any((mapped or who) in ipaddress.ip_network(one) for one in networks)
