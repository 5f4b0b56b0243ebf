"""Every operation of the OpenAPI document, asked what it says it takes: never a failure of ours."""

from __future__ import annotations

from typing import Any

import pytest
from served import Served

from suwen.govern import Role

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402

EXAMPLES = 5  # of each operation
_WHO = {"authorization", "x-purpose-of-use", "x-csrf-token", "cookie"}


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """The document with bodies of several parts as bytes: no parts are made up by what makes the requests."""
    for said in (said for methods in document["paths"].values() for said in methods.values()):
        content = said.get("requestBody", {}).get("content", {})
        for media in [one for one in content if one.startswith("multipart/related")]:
            content["application/octet-stream"] = content.pop(media)
    return document


def test_no_operation_fails(served: Served) -> None:
    schema = schemathesis.openapi.from_dict(_plain(served.client().get("/openapi.json").json()))
    client = served.client(Role.PHYSICIAN)
    failed: list[str] = []
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            asked = case.as_transport_kwargs(base_url="https://localhost:8443")
            asked = {name: value for name, value in asked.items() if name not in {"cookies", "timeout"}}
            # Who asks and for what is not made up, else hardly anything would be looked at.
            given = dict(asked.get("headers") or {})
            asked["headers"] = {name: said for name, said in given.items() if name.lower() not in _WHO}
            if isinstance(asked.get("data"), bytes):
                asked["content"] = asked.pop("data")
            answer = client.request(**asked)
            if answer.status_code >= 500 and answer.status_code != 501:
                failed.append(f"{case.operation.label}: {answer.status_code}")

        ask()
        count += 1
    assert count >= 58
    assert failed == []
