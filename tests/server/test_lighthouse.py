"""Lighthouse, which is not ours, finds the main pages accessible and made by good practice, in both languages.

It needs Node 20 or later, Chromium, and `npm ci --ignore-scripts` in tests/peers/lighthouse. Speed is no part of it;
the figures of bench/results/lighthouse.json are made by bench/lighthouse_peer.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from clinical import a_note, file_findings, observation, put
from live import CHROMIUM, live
from served import Served
from ward import open_ward

from suwen.diagnosis import Engine
from suwen.govern import Role
from suwen.language.reader import NoteReader
from suwen.server.showing import styles
from suwen.server.visitors import SESSION

PEER = Path(__file__).parents[1] / "peers" / "lighthouse"
ENOUGH = 95

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.skipif(
        not (PEER / "node_modules" / "lighthouse").is_dir(), reason="run: npm ci in tests/peers/lighthouse"
    ),
    pytest.mark.skipif(not styles("src/patient.js"), reason="web is not built; run: make web"),
]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> dict[str, dict[str, Any]]:
    """Four pages by name, as the peer scored them, and one that it must find wanting."""
    folder = tmp_path_factory.mktemp("scored")
    with (
        open_ward(folder / "store") as ward,
        live(ward, folder / "tls", science=lambda: (engine, NoteReader(engine.knowledge))) as server,
    ):
        patient = ward.patient(7)
        put(ward, patient, *(observation(one) for one in ("HP:0001166", "HP:0002616")), a_note())
        filed = Served(ward, server.house, None, patient, "")  # type: ignore[arg-type]
        file_findings(filed, patient, ("OMIM:154700", 0.6, 3), ("OMIM:130050", 0.2, 0))
        who = ward[Role.PHYSICIAN]
        server.house.science.areas()
        return scores(
            server.address,
            server.key,
            f"{SESSION}={who.id}.{who.token}",
            {
                "sign-in": ("/sign-in", "zh"),
                "worklist": ("/worklist", "zh"),
                "summary": (f"/patients/{patient}", "en"),
                "differential": (f"/patients/{patient}/differential", "zh"),
            },
        )


def scores(address: str, key: str, cookie: str, pages: dict[str, tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Each page signed in (but the first) on a small screen: what fits there is the harder case."""
    asked = {
        "origin": address,
        "key": key,
        "chromium": str(CHROMIUM),
        "categories": ["accessibility", "best-practices"],
        "sessions": {"physician": cookie},
        "pages": [
            {
                "name": name,
                "path": path,
                "lang": lang,
                "presets": ["mobile"],
                "session": "" if name == "sign-in" else "physician",
            }
            for name, (path, lang) in pages.items()
        ],
    }
    ran = subprocess.run(
        ["node", "score.mjs"], cwd=PEER, input=json.dumps(asked).encode(), capture_output=True, timeout=150, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return {one["name"]: one for one in json.loads(ran.stdout)["pages"]}


@pytest.mark.parametrize("name", ["sign-in", "worklist", "summary", "differential"])
def test_a_page_is_accessible_and_made_by_good_practice(scored: dict[str, dict[str, Any]], name: str) -> None:
    one = scored[name]
    assert one["accessibility"] >= ENOUGH, one["failed"]
    assert one["best-practices"] >= ENOUGH, one["failed"]
