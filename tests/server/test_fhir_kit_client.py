"""Another implementation's client, fhir-kit-client, works with the server over real TLS as it does with any other.

It needs Node 20 or later and `npm ci --ignore-scripts` in tests/peers/fhir-kit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from live import running
from served import Served

from suwen.govern import Role
from suwen.server.smart.grants import Grant, grants_of

PEER = Path(__file__).parents[1] / "peers" / "fhir-kit"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.skipif(
        not (PEER / "node_modules" / "fhir-kit-client").is_dir(), reason="run: npm ci in tests/peers/fhir-kit"
    ),
]


@pytest.fixture
def seen(served: Served, tmp_path: Path) -> dict[str, Any]:
    """What the peer saw of a served ward, as an app with a token."""
    grant = Grant(served.ward[Role.PHYSICIAN], "peer", frozenset({"user/*.cruds"}))
    token, _ = grants_of(served.house).issue(grant)
    with running(served.house, tmp_path) as house:
        address = house.settings.address
        ran = subprocess.run(
            ["node", "speak.mjs", f"{address}/fhir", token, served.own],
            cwd=PEER,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(tmp_path / "server.crt")},
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_the_peer_reads_searches_creates_updates_and_sends_transactions(seen: dict[str, Any], served: Served) -> None:
    assert seen == {
        "fhirVersion": "4.0.1",
        "patient": served.own,
        "created": "Observation",
        "updated": ["final", "2"],
        "first": "preliminary",
        "history": 2,
        "conflict": [412, "OperationOutcome"],
        "transaction": ["201 Created"] * 3,
        "total": 4,
        "found": 4,
        "along": [served.own],
        "byIdentifier": [served.own],
        "gone": 410,
    }
