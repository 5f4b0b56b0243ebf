"""What a training did, kept while it runs: lines of JSON anybody can read, and events that TensorBoard shows.

`log.jsonl`, format 1: one object a line with `kind`: `begin` (format, name, time), `step` and `epoch` (seed, number,
values; the loss of a step is the mean of its epoch so far), `energy` (watt-hours of the session so far, or null) and
`end`. A training that was interrupted goes on in the same file: of two lines for one step the later holds. The events
for TensorBoard lie in `events/seed-N`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from suwen.errors import DataError, FormatError, MissingExtraError
from suwen.learn.fit import Progress
from suwen.learn.history import Epoch

__all__ = ["FORMAT", "RunLog", "read_log"]

FORMAT = 1
_FILE = "log.jsonl"


class RunLog:
    """The log of one run in its folder; a context that closes its files, however it ends."""

    def __init__(self, folder: Path, name: str, *, clock: Callable[[], float]) -> None:
        """Begin or go on; `clock` gives seconds since 1970.

        Raises:
            MissingExtraError: tensorboardX is not installed.
            DataError: the folder cannot be written.

        """
        self._writer_class = _writer_class()
        self.folder, self._clock = folder, clock
        self._writers: dict[int, Any] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / _FILE).open("a", encoding="utf-8")
        except OSError as reason:
            raise DataError(
                f"cannot write a log in {folder}: {reason.strerror}", zh=f"无法在 {folder} 中写日志：{reason.strerror}"
            ) from None
        if self._file.tell() and not _whole(folder / _FILE):
            self._file.write("\n")  # the last line of a run that was killed while it wrote
        self._line("begin", format=FORMAT, name=name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()
        self._file.close()

    def step(self, seed: int, progress: Progress) -> None:
        """Keep a step. The figures of the epoch before it are known with its first."""
        self._line("step", seed=seed, epoch=progress.epoch, step=progress.step, loss=progress.loss)
        at = (progress.epoch - 1) * progress.steps + progress.step
        self._writer(seed, at).add_scalar("step/loss", progress.loss, at)

    def epoch(self, seed: int, epoch: Epoch) -> None:
        """Keep an epoch."""
        self._line("epoch", seed=seed, **_finite(epoch.values()))
        writer = self._writer(seed)
        scalars = {"loss/training": epoch.loss, "loss/validation": epoch.validation_loss, "rate": epoch.rate}
        scalars |= {f"figure/{name}": value for name, value in epoch.figures.items()}
        for name, value in scalars.items():
            writer.add_scalar(name, value, epoch.number)

    def energy(self, watt_hours: float | None) -> None:
        """Keep what this session has taken so far."""
        self._line("energy", watt_hours=watt_hours)

    def end(self, histories: Mapping[int, Sequence[Epoch]]) -> None:
        """Keep the epochs of all seeds and say that it is done."""
        for seed, history in histories.items():
            for epoch in history:
                self.epoch(seed, epoch)
        self._line("end")

    def _line(self, kind: str, **values: Any) -> None:
        """A line at once on its way to the disk: a kill must not take the steps before it."""
        self._file.write(json.dumps({"kind": kind, "at": round(self._clock(), 3), **values}, allow_nan=False) + "\n")
        self._file.flush()

    def _writer(self, seed: int, at: int | None = None) -> Any:
        if seed not in self._writers:
            folder = self.folder / "events" / f"seed-{seed}"
            self._writers[seed] = self._writer_class(str(folder), purge_step=at)
        return self._writers[seed]


def read_log(folder: Path) -> list[dict[str, Any]]:
    """All lines of a log in their order, but of steps and epochs that stand there twice only the later.

    Raises:
        DataError: there is no log in the folder.
        FormatError: a line before the last is no JSON object, or the log has another format.

    """
    try:
        lines = (folder / _FILE).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"there is no log of a training in {folder}", zh=f"{folder} 中没有训练日志") from None
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, line in enumerate(lines):
        values = _read(line)
        if values is None or values.get("format", FORMAT) != FORMAT:
            if number == len(lines) - 1 or line == "" or _cut(lines, number):
                continue
            raise FormatError(
                f"line {number + 1} of {_FILE} is none of format {FORMAT}",
                zh=f"{_FILE} 第 {number + 1} 行不是格式 {FORMAT}",
            )
        same = [values.get(name) for name in ("seed", "epoch", "step", "number")]
        key = (values["kind"], *same) if values["kind"] in {"step", "epoch"} else (number,)
        kept.pop(key, None)
        kept[key] = values
    return list(kept.values())


def _cut(lines: Sequence[str], number: int) -> bool:
    """Whether a run began after this line, which then is what was being written when the one before was killed."""
    after = _read(lines[number + 1])
    return after is not None and after["kind"] == "begin"


def _read(line: str) -> dict[str, Any] | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) and isinstance(values.get("kind"), str) else None


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Figures that are undefined (an AUC of one class) as null: JSON has no word for them."""
    figures = {name: value if value == value else None for name, value in values["figures"].items()}  # noqa: PLR0124
    return {**values, "figures": figures}


def _whole(file: Path) -> bool:
    with file.open("rb") as opened:
        opened.seek(-1, 2)
        return opened.read(1) == b"\n"


def _writer_class() -> Any:
    try:
        from tensorboardX import SummaryWriter  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("tensorboardX", "learn") from None
    return SummaryWriter
