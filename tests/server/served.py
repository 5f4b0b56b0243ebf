"""A served ward for the tests: people of every role, two patients, and a browser-like client for each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1] / "records"))
from ward import Ward

from suwen.govern import Actor, Role
from suwen.server.application import application
from suwen.server.house import House, Science
from suwen.server.settings import Settings
from suwen.server.visitors import HEADER, SESSION, csrf_of


@dataclass
class Served:
    """An application over a ward: `own` is in the physician's care, `other` in that of another physician."""

    ward: Ward
    house: House
    app: FastAPI
    own: str
    other: str

    def client(self, role: Role | None = None, *, lang: str = "en") -> TestClient:
        """A client signed in as somebody of this role (as nobody without one), which bears the token of its forms."""
        return self.client_of(self.ward[role] if role else None, lang=lang)

    def client_of(self, actor: Actor | None, *, lang: str = "en") -> TestClient:
        client = TestClient(
            self.app, base_url="https://localhost:8443", follow_redirects=False, raise_server_exceptions=False
        )
        client.headers["accept-language"] = lang
        if actor is not None:
            client.cookies.set(SESSION, f"{actor.id}.{actor.token}", domain="localhost.local")
            client.headers[HEADER] = csrf_of(actor)
        return client


def serve_ward(ward: Ward, *, science: Callable[[], Any] = lambda: None, **settings: Any) -> Served:
    """An application over a ward, with two patients."""
    other = ward.hire("elsewhere", Role.PHYSICIAN)
    house = House(ward.records, Settings(store=ward.home, **settings), Science(science))
    house.science.begin()
    return Served(ward, house, application(house), ward.patient(1), ward.patient(2, actor=other))
