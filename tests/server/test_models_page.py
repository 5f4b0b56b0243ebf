"""The models and the help: cards with limits before figures, trainings as they run, everything in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from served import Served, serve_ward
from ward import open_ward

from suwen.govern import Role

pytest.importorskip("torch", reason="the extra learn is not installed")


def test_every_shipped_model_has_its_page(served: Served) -> None:
    client = served.client(Role.DATA_SCIENTIST)
    page = client.get("/models").text
    for name in ("pneumonia", "hippocampus", "admet", "qrs"):
        assert f'href="/models/{name}"' in page
        card = client.get(f"/models/{name}").text
        assert card.index("Where it ends") < card.index("Figures")
    assert client.get("/models/none-such").status_code == 404


def test_chinese(served: Served) -> None:
    client = served.client(Role.PHYSICIAN, lang="zh-CN")
    assert "局限" in client.get("/models/pneumonia").text
    page = client.get("/help").text
    assert "证据权重" in page
    assert "China-PAR 模型" in page


def test_help_names_a_source_and_limits_for_every_number(served: Served) -> None:
    page = served.client(Role.NURSE).get("/help").text
    assert page.count("What it does not say") == page.count('class="small soft">Source')
    assert "Yang X et al. Circulation 2016" in page


def test_a_training_is_followed_while_it_grows(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (runs / "lungs 1").mkdir(parents=True)
    log = runs / "lungs 1" / "log.jsonl"
    epoch = {"kind": "epoch", "at": 1.0, "seed": 0, "rate": 0.1, "figures": {"auc": 0.81}, "seconds": 3}
    lines = [{"kind": "begin", "at": 0.0, "format": 1, "name": "lungs"}]
    lines.append({**epoch, "number": 1, "loss": 0.9, "validation_loss": 1.0})
    log.write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")
    with open_ward(tmp_path / "store") as ward:
        client = serve_ward(ward, trainings=runs).client(Role.DATA_SCIENTIST)
        assert "lungs 1" in client.get("/models").text
        page = client.get("/models/runs/lungs%201").text
        assert "0.9000" in page
        assert "every 5s" in page
        with log.open("a", encoding="utf-8") as more:
            more.write(json.dumps({**epoch, "number": 2, "loss": 0.5, "validation_loss": 0.7}) + "\n")
            more.write(json.dumps({"kind": "end", "at": 2.0}) + "\n")
        assert "0.5000" in client.get("/models/runs/lungs%201/course").text
        assert "every 5s" not in client.get("/models/runs/lungs%201").text
        assert client.get("/models/runs/..%2f..%2fetc").status_code == 404
        log.write_text("no json\n{}\n", "utf-8")
        assert client.get("/models/runs/lungs%201").status_code == 422
