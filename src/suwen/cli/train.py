"""Training at the command line: `suwen train`, from a config to weights, card, log and report."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.records.showing import say, write_whole
from suwen.cli.records.store_options import store_options
from suwen.errors import ConflictError, InputError, MissingExtraError, SuwenError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from suwen.cli.records.opening import Where
    from suwen.cli.train_cohort import Sealed
    from suwen.learn.config import Config
    from suwen.learn.config_examples import Parts
    from suwen.learn.energy import EnergyMeter
    from suwen.learn.fit import Progress
    from suwen.learn.lesson import Lesson
    from suwen.learn.log import RunLog
    from suwen.learn.teach import Taught

__all__ = ["require_learning", "site_key", "train"]

_Lang = Any
_LOOK = 10.0  # seconds between two looks at the counters of energy
_TOLD = {
    "begin": {
        "en": "{name}: {n} examples to learn from, {m} to choose by, {k} to test on; {device}",
        "zh": "{name}：训练 {n} 例，验证 {m} 例，测试 {k} 例；{device}",
    },
    "epoch": {
        "en": "seed {seed}, epoch {epoch} of {epochs}: loss {loss:.4f} {figures}",
        "zh": "种子 {seed}，第 {epoch}/{epochs} 轮：损失 {loss:.4f} {figures}",
    },
    "interrupted": {
        "en": "Interrupted; nothing was written but the run in {keep}. The same command goes on from its last epoch.",
        "zh": "已中断；除 {keep} 中的训练进度外未写入任何文件。再次运行同一命令即从最后完成的一轮继续。",
    },
    "written": {"en": "Written: {files}", "zh": "已写入：{files}"},
    "unsigned": {
        "en": "The model is not signed: it loads only where unsigned models are asked for (--sign, suwen card --sign)",
        "zh": "模型未签名：仅在明确允许未签名模型时可载入（--sign，或 suwen card --sign）",
    },
    "left_out": {
        "en": "Left out: {n} columns of words that few patients share",
        "zh": "已略去 {n} 列：相应取值的患者过少",
    },
    "unnoted": {
        "en": "The model could not be noted in the store, so it was not written; the training is kept in {keep}. Once "
        "what is said next is put right, the same command writes it.",
        "zh": "模型未能登记到病历库，因此未写入；训练进度保存在 {keep}。解决下述问题后，再次运行同一命令即可写入。",
    },
    "noted": {
        "en": "Noted in the store: {name} {version} saw the cohort {cohort}",
        "zh": "已登记到病历库：{name} {version} 使用了队列 {cohort}",
    },
    "notice": {"en": "Seed {seed}: {text}", "zh": "种子 {seed}：{text}"},
    "left": {"en": "left", "zh": "剩余"},
    "loss": {"en": "loss", "zh": "损失"},
}
_SHORT = {
    "accuracy": {"en": "accuracy", "zh": "准确率"},
    "recall": {"en": "recall", "zh": "召回率"},
    "auc": {"en": "AUC", "zh": "AUC"},
    "dice": {"en": "Dice", "zh": "Dice"},
    "rmse": {"en": "RMSE", "zh": "RMSE"},
}


@dataclass(frozen=True)
class _Places:
    """Where everything of a run goes."""

    into: Path
    keep: Path
    html: Path


@click.command("train")
@click.argument("config", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of the model.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option(
    "--threads", type=click.IntRange(1), default=1, show_default=True, help="The same gives the same weights."
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of checkpoints and log; an interrupted run goes on from there [default: NAME.run in --into].",
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="The report [default: NAME.html in --into]."
)
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option(
    "--sign",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Sign with this private key of the site.",
)
@click.option("--cohort", metavar="COHORT", help="Train on this sealed cohort of the store; its table stays in memory.")
@store_options
@click.option("--seeds", metavar="N,N,...", help="Other seeds than the config's; several make an ensemble.")
@click.pass_context
def train(context: click.Context, /, config: Path, into: Path, **options: Any) -> None:
    """Train a model as CONFIG (YAML or JSON) says; write NAME.safetensors, its card NAME.json, a log and a report.

    Interrupted with Ctrl-C or killed, the same command goes on where it stood. COHORT is how the id of a cohort
    selected for training, or the digest of its manifest, begins.
    """
    require_learning()
    from suwen.learn.config import read_config  # noqa: PLC0415
    from suwen.learn.config_examples import fitted_lesson  # noqa: PLC0415

    lang = options["lang"]
    _require_cohort(options["cohort"], options["where"])
    wanted = read_config(config, sealed=options["cohort"] is not None)
    wanted = replace(wanted, lesson=_seeded(wanted.lesson, options["seeds"]))
    key = site_key(options["sign"])
    places = _places(wanted.lesson.name, into, options)
    _ready(options["device"], options["threads"])
    parts, digest, sealed = _examples(wanted, options)
    lesson = fitted_lesson(wanted, parts.training)
    counts = {"n": len(parts.training), "m": len(parts.validation), "k": 0 if parts.test is None else len(parts.test)}
    _tell("begin", lang, name=lesson.name, device=options["device"], **counts)
    if sealed is not None and sealed.left:
        _tell("left_out", lang, n=sealed.left)
    try:
        taught = _taught(lesson, parts, places, options)
    except KeyboardInterrupt:
        _tell("interrupted", lang, keep=places.keep)
        context.exit(130)
    with _undisturbed():
        taught = _carded(taught, parts, places, digest)
        if sealed is not None:
            taught = _noted(taught, sealed, places, lang)
        _write(taught, parts, places, key, lang)


def _require_cohort(cohort: str | None, where: Where) -> None:
    if cohort is None and (where.login or where.passphrase_file):
        raise InputError("--as and --passphrase-file open a store, so they go with --cohort")


def _examples(wanted: Config, options: dict[str, Any]) -> tuple[Parts, str, Sealed | None]:
    """What is learned from, the digest of the cohort's manifest, and the cohort where it is a sealed one."""
    if options["cohort"] is None:
        from suwen.learn.config_examples import read_parts  # noqa: PLC0415

        digest = _cohort(wanted)
        return read_parts(wanted.data), digest, None
    from suwen.cli.train_cohort import open_sealed, parts_of_sealed  # noqa: PLC0415

    sealed = open_sealed(options["where"], options["cohort"])
    return parts_of_sealed(sealed, wanted.data), sealed.digest, sealed


def _noted(taught: Taught, sealed: Sealed, places: _Places, lang: str) -> Taught:
    """The model with what its card may say of a sealed cohort, noted in the store."""
    from suwen.cli.train_cohort import note_model, without_digests  # noqa: PLC0415

    card = without_digests(taught.model.card, sealed)
    try:
        note_model(sealed, taught.model.network, card, places.keep)
    except ConflictError:
        raise
    except SuwenError:
        _tell("unnoted", lang, keep=places.keep)
        raise
    _tell("noted", lang, name=card.name, version=card.version, cohort=sealed.digest[:12])
    return replace(taught, model=replace(taught.model, card=card))


def _places(name: str, into: Path, options: dict[str, Any]) -> _Places:
    html = options["html"] or into / f"{name}.html"
    if options["html"] is not None and not html.resolve().parent.is_dir():  # said now, not after the training
        raise InputError(f"there is no folder {html.parent} for the report")
    return _Places(into, options["keep"] or into / f"{name}.run", html)


def require_learning() -> None:
    """Raise MissingExtraError where the packages of learning are not installed."""
    try:
        import torch  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        raise MissingExtraError("torch", "learn") from None


def site_key(file: Path | None) -> Ed25519PrivateKey | None:
    """The private key in a file, its passphrase asked for now, not after hours of training."""
    if file is None:
        return None
    from suwen.cli.records.asking import ask_secret  # noqa: PLC0415
    from suwen.learn.site_keys import read_private_key  # noqa: PLC0415

    return read_private_key(file, ask_secret(f"passphrase of {file.name}", "SUWEN_MODEL_PASSPHRASE"))


def _tell(key: str, lang: str, **fields: object) -> None:
    say(_TOLD[key][lang].format(**fields))


def _ready(device: str, threads: int) -> None:
    import torch  # noqa: PLC0415

    torch.set_num_threads(threads)
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise InputError(f"there is no device {device!r:.40} here; use cpu") from None


def _seeded(lesson: Lesson, seeds: str | None) -> Lesson:
    if seeds is None:
        return lesson
    chosen = [one.strip() for one in seeds.split(",")]
    if not all(one.isdecimal() and len(one) <= 9 for one in chosen) or len(set(chosen)) < len(chosen):
        raise InputError(f"{seeds!r:.60} are no seeds; write different whole numbers, such as 0,1,2")
    return replace(lesson, seeds=tuple(map(int, chosen)))


def _cohort(config: Config) -> str:
    """The digest of the cohort's manifest, after checking that it may be trained on and is that of the table."""
    if config.data.cohort is None:
        return ""
    from suwen.cohort import Use, read_manifest  # noqa: PLC0415
    from suwen.learn.config_examples import file_digest  # noqa: PLC0415

    manifest = read_manifest(config.data.cohort.read_bytes())
    if manifest.use is not Use.TRAINING:
        raise InputError("this cohort was approved for research, not for training; select one with --purpose training")
    table = config.data.path
    if table is not None and table.is_file() and file_digest(table) != manifest.table:
        raise InputError(f"{table.name} is not the table of this manifest: it was changed, or is another's")
    return manifest.digest


def _taught(lesson: Lesson, parts: Parts, places: _Places, options: dict[str, Any]) -> Taught:
    from suwen.explain.opening.checking import with_checks  # noqa: PLC0415
    from suwen.learn.energy import EnergyMeter  # noqa: PLC0415
    from suwen.learn.log import RunLog  # noqa: PLC0415
    from suwen.learn.teach import teach  # noqa: PLC0415

    meter = EnergyMeter()
    with RunLog(places.keep, lesson.name, clock=time.time) as log, _shown(lesson, options["lang"]) as shown:
        hear = _heard(log, meter, shown)
        taught = teach(
            lesson, parts.training, parts.validation, device=options["device"], folder=places.keep, notify=hear
        )
        meter.look()
        log.energy(meter.watt_hours())
        log.end({one.plan.seed: one.history for one in taught.trainings})
    return replace(taught, model=with_checks(taught.model, lesson, parts.training, parts.validation))


def _heard(log: RunLog, meter: EnergyMeter, shown: Callable[[int, Progress], None]) -> Callable[[int, Progress], None]:
    last = time.monotonic()

    def heard(seed: int, progress: Progress) -> None:
        nonlocal last
        log.step(seed, progress)
        shown(seed, progress)
        if time.monotonic() - last > _LOOK or progress.step == progress.steps:
            meter.look()
            last = time.monotonic()
        if progress.step == progress.steps:  # so that a session that is killed has kept what it took
            log.energy(meter.watt_hours())

    return heard


@contextlib.contextmanager
def _shown(lesson: Lesson, lang: str) -> Iterator[Callable[[int, Progress], None]]:
    """A bar over the steps of all seeds while somebody watches; else a line an epoch."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn(_TOLD["left"][lang]), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: list[Any] = []

        def shown(seed: int, progress: Progress) -> None:
            every = progress.steps * progress.epochs
            done = lesson.seeds.index(seed) * every + (progress.epoch - 1) * progress.steps + progress.step
            if not tasks:  # what was done before an interruption is no measure of speed
                tasks.append(bars.add_task("", total=len(lesson.seeds) * every, completed=done))
            bars.update(tasks[0], completed=done, description=_course(seed, progress, lang))
            if not console.is_terminal and progress.step == progress.steps:
                _tell("epoch", lang, seed=seed, figures=_figures(progress, lang), **_place(progress))

        yield shown


def _place(progress: Progress) -> dict[str, Any]:
    return {"epoch": progress.epoch, "epochs": progress.epochs, "loss": progress.loss}


def _course(seed: int, progress: Progress, lang: str) -> str:
    loss = f"{_TOLD['loss'][lang]} {progress.loss:.4f}"
    return f"{seed}: {progress.epoch}/{progress.epochs} {loss} {_figures(progress, lang)}"


def _figures(progress: Progress, lang: str) -> str:
    """The figures of the epoch before; those of this one are not measured yet."""
    known = [(name, progress.figures[name]) for name in _SHORT if name in progress.figures]
    return " ".join(f"{_SHORT[name][lang]} {value:.3f}" for name, value in known if math.isfinite(value))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C comes too late now: a card must never lie beside the weights of another run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _carded(taught: Taught, parts: Parts, places: _Places, cohort: str) -> Taught:
    """The card with the figures of the test part, all sessions' seconds and energy, notices in Chinese, the cohort."""
    from suwen.learn.card import Provenance  # noqa: PLC0415
    from suwen.learn.log import read_log  # noqa: PLC0415
    from suwen.learn.nouns import Task  # noqa: PLC0415
    from suwen.learn.teach import figures_of_classes, figures_of_masks  # noqa: PLC0415

    model, figures = taught.model, dict(taught.model.card.figures)
    if parts.test is not None and parts.test.task is not Task.NUMBERS:
        measured = figures_of_masks if parts.test.task is Task.MASKS else figures_of_classes
        with contextlib.suppress(InputError):  # a test part of one class has no AUC, and is shown without
            figures |= {f"test.{name}": one for name, one in measured(model, parts.test, part="test").items()}
    data = model.card.data
    if parts.test is not None:
        test = parts.test
        seen = Provenance(test.source or model.card.name, test.source, test.licence, test.digest(), len(test), "test")
        data = (*data, seen)
    made = {
        **model.card.training,
        "seconds": round(sum(one.seconds for one in taught.trainings), 1),
        "energy_wh": _energy(read_log(places.keep)),
        "notices_zh": sorted({notice.chinese for one in taught.trainings for notice in one.notices}),
    }
    if parts.training.features:  # a row is nothing to whoever does not know what its columns are
        made["features"] = list(parts.training.features)
    card = replace(model.card, data=data, figures=figures, training=made, cohort=cohort)
    return replace(taught, model=replace(model, card=card))


def _energy(lines: list[dict[str, Any]]) -> float | str:
    """Watt-hours of all sessions of a run; "not measured" where one of them did not measure."""
    total, last = 0.0, 0.0
    for line in lines:
        if line["kind"] == "begin":
            total, last = total + last, 0.0
        elif line["kind"] == "energy":
            if line["watt_hours"] is None:
                return "not measured"
            last = float(line["watt_hours"])
    return round(total + last, 3)


def _write(taught: Taught, parts: Parts, places: _Places, key: Ed25519PrivateKey | None, lang: _Lang) -> None:
    from suwen.learn.weights import save_model  # noqa: PLC0415
    from suwen.report.training_page import TrainingPage, training_html  # noqa: PLC0415

    card = save_model(taught.model.network, taught.model.card, places.into, key=key)
    taught = replace(taught, model=replace(taught.model, card=card))
    shown, part = (parts.validation, "validation") if parts.test is None else (parts.test, "test")
    page = TrainingPage(taught, shown, part, _vouched(key))
    write_whole(places.html, [training_html(page, lang=lang, created=datetime.now(UTC))])
    _show(taught, lang, _vouched(key))
    endings = ["safetensors", "json", *(["sig"] if key else [])]
    files = [places.into / f"{card.name}.{ending}" for ending in endings]
    _tell("written", lang, files=", ".join(map(str, [*files, places.html, places.keep / "log.jsonl"])))
    if key is None:
        _tell("unsigned", lang)


def _vouched(key: Ed25519PrivateKey | None) -> tuple[str, str]:
    from suwen.learn.weights import key_id  # noqa: PLC0415

    return ("unsigned", "") if key is None else ("signed", key_id(key.public_key())[:16])


def _show(taught: Taught, lang: _Lang, vouched: tuple[str, str]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from suwen.report.card_page import print_figures  # noqa: PLC0415
    from suwen.report.card_view import card_view  # noqa: PLC0415

    print_figures(card_view(taught.model.card, lang, vouched), Console(highlight=False), lang)
    for one in taught.trainings:
        for notice in one.notices:
            _tell("notice", lang, seed=one.plan.seed, text=notice.chinese if lang == "zh" else notice.english)
