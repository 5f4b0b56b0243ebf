"""The log of a training keeps every step, survives a kill in the middle of a line, and TensorBoard can read it."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from suwen.errors import DataError, FormatError, MissingExtraError
from suwen.learn.energy import EnergyMeter
from suwen.learn.fit import Progress
from suwen.learn.history import Epoch
from suwen.learn.log import RunLog, read_log

EPOCHS = [Epoch(n, 0.1 / n, 1.0 / n, 2.0 / n, {"auc": 0.5 + n / 10}, 1.5) for n in (1, 2)]


def clock() -> float:
    return 1_700_000_000.0


def run(folder: Path, steps: range, *, seed: int = 0, loss: float = 1.0, end: bool = True) -> None:
    with RunLog(folder, "one", clock=clock) as log:
        for step in steps:
            log.step(seed, Progress(1 + (step - 1) // 3, 2, 1 + (step - 1) % 3, 3, loss / step, {}))
        log.energy(0.25)
        if end:
            log.end({seed: EPOCHS})


def test_every_step_and_epoch_is_kept(tmp_path: Path) -> None:
    run(tmp_path / "new" / "run", range(1, 7))
    lines = read_log(tmp_path / "new" / "run")
    assert [one["kind"] for one in lines] == ["begin", *["step"] * 6, "energy", "epoch", "epoch", "end"]
    assert [one["loss"] for one in lines if one["kind"] == "step"] == [1 / step for step in range(1, 7)]
    assert [one["figures"]["auc"] for one in lines if one["kind"] == "epoch"] == [0.6, 0.7]
    assert lines[0]["format"] == 1
    assert {one["at"] for one in lines} == {clock()}


def test_a_step_is_on_the_disk_before_the_next(tmp_path: Path) -> None:
    with RunLog(tmp_path, "one", clock=clock) as log:
        log.step(0, Progress(1, 1, 1, 2, 0.5, {}))
        assert read_log(tmp_path)[-1]["loss"] == 0.5


def test_a_run_that_was_killed_goes_on_and_later_lines_hold(tmp_path: Path) -> None:
    run(tmp_path, range(1, 5), end=False)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"kind": "step", "se')
    run(tmp_path, range(4, 7), loss=10.0)
    lines = read_log(tmp_path)
    steps = {(one["epoch"], one["step"]): one["loss"] for one in lines if one["kind"] == "step"}
    assert len(steps) == len([one for one in lines if one["kind"] == "step"]) == 6
    assert steps[1, 3] == 1 / 3
    assert steps[2, 1] == 10 / 4
    assert [one["kind"] for one in lines].count("begin") == 2


def test_a_log_still_being_written_can_be_read_and_a_spoilt_one_not(tmp_path: Path) -> None:
    run(tmp_path, range(1, 3))
    file = tmp_path / "log.jsonl"
    text = file.read_text()
    file.write_text(text + '{"kind": "st')
    assert read_log(tmp_path)[-1]["kind"] == "end"
    for spoilt in (
        text.replace("step", "st\x00ep", 1),
        text.replace("\n", "\n[]\n", 1),
        text.replace('"format": 1', '"format": 2'),
    ):
        file.write_text(spoilt)
        with pytest.raises(FormatError, match="line"):
            read_log(tmp_path)


def test_figures_without_a_value_are_null(tmp_path: Path) -> None:
    with RunLog(tmp_path, "one", clock=clock) as log:
        log.epoch(0, Epoch(1, 0.1, 1.0, 2.0, {"auc": float("nan")}, 1.0))
    assert read_log(tmp_path)[-1]["figures"] == {"auc": None}
    json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1], parse_constant=pytest.fail)


def test_tensorboard_reads_the_events(tmp_path: Path) -> None:
    """Read back as TFRecords: length, checksum of it, an Event of TensorBoard, checksum."""
    from tensorboardX.proto.event_pb2 import Event  # noqa: PLC0415

    run(tmp_path, range(1, 7))
    run(tmp_path, range(4, 7), seed=1)
    for seed, first in ((0, 1), (1, 4)):
        (file,) = (tmp_path / "events" / f"seed-{seed}").iterdir()
        data, found, purged = file.read_bytes(), {}, []
        while data:
            size = int.from_bytes(data[:8], "little")
            event = Event.FromString(data[12 : 12 + size])
            found |= {(one.tag, event.step): one.simple_value for one in event.summary.value}
            purged += [event.step] if event.HasField("session_log") else []
            data = data[16 + size :]
        assert purged == [first]  # what an earlier session wrote from there on is not shown
        assert found["step/loss", 6] == pytest.approx(1 / 6)
        assert found["loss/training", 2] == 0.5
        assert found["loss/validation", 2] == 1.0
        assert found["figure/auc", 1] == pytest.approx(0.6)
        assert found["rate", 2] == pytest.approx(0.05)


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return real(name, *rest, **more)

    for name in [one for one in sys.modules if one.startswith("tensorboardX")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(MissingExtraError, match=r"tensorboardX.*suwen\[learn\]"):
        RunLog(tmp_path / "run", "one", clock=clock)
    assert not (tmp_path / "run").exists()


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError):
        RunLog(tmp_path / "file", "one", clock=clock)
    with pytest.raises(DataError, match="no log"):
        read_log(tmp_path)


def counter(root: Path, name: str, value: int) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / "energy_uj").write_text(f"{value}\n")
    (root / name / "max_energy_range_uj").write_text("1000000\n")


def test_energy_is_added_over_packages_and_over_the_end_of_the_counter(tmp_path: Path) -> None:
    counter(tmp_path, "intel-rapl:0", 900_000)
    counter(tmp_path, "intel-rapl:1", 100)
    counter(tmp_path, "intel-rapl:0:0", 5)  # the cores, part of package 0
    meter = EnergyMeter(tmp_path)
    counter(tmp_path, "intel-rapl:0", 100_000)
    counter(tmp_path, "intel-rapl:1", 160_100)
    counter(tmp_path, "intel-rapl:0:0", 99_999)
    meter.look()
    meter.look()
    assert meter.watt_hours() == pytest.approx(360_000 / 3.6e9)


def test_energy_that_cannot_be_read_is_not_measured(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).watt_hours() is None
    (tmp_path / "intel-rapl:0").mkdir()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("")
    meter = EnergyMeter(tmp_path)
    meter.look()
    assert meter.watt_hours() is None
