"""`suwen serve`: the workstation and the interfaces over TLS, on one's own store or on the demonstration."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.demo import demonstration
from suwen.cli.demo_training import FOLDER
from suwen.cli.demo_ward import consult_ward, furnish
from suwen.cli.engine import engine_options, open_engine
from suwen.cli.records.opening import Where, default_store, opening, plainly
from suwen.cli.records.showing import say

if TYPE_CHECKING:
    from suwen.diagnosis import Engine
    from suwen.language.reader import NoteReader
    from suwen.server import Settings

__all__ = ["serve"]

_WORDS = {
    "serving": {
        "en": "Suwen is at {address} (stop with Ctrl+C)",
        "zh": "素问已启动：{address}（按 Ctrl+C 停止）",
    },
    "accounts": {
        "en": "Made-up accounts and their passwords; the certificate is self-signed, so the browser warns once:",
        "zh": "演示账户及密码；证书为自签名，浏览器会提示一次：",
    },
    "stopped": {"en": "Stopped.", "zh": "已停止。"},
}


@click.command()
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Folder of the sealed records.")
@click.option(
    "--passphrase-file", type=click.Path(path_type=Path, dir_okay=False), help="File with the store's passphrase."
)
@click.option("--settings", "file", type=click.Path(path_type=Path, dir_okay=False), help="Settings (TOML).")
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; default 8443.")
@click.option("--demo", is_flag=True, help="Serve a demonstration ward of made-up patients.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where the demonstration lies.",
)
@engine_options
def serve(
    store: Path | None,
    passphrase_file: Path | None,
    file: Path | None,
    host: str | None,
    port: int | None,
    demo: bool,
    folder: Path,
    **options: Any,
) -> None:
    """Serve the workstation and the interfaces for other systems until interrupted."""
    from suwen.govern import Lifetime, Opening, open_records  # noqa: PLC0415
    from suwen.server import House, Science, read_settings  # noqa: PLC0415
    from suwen.server import serve as serving  # noqa: PLC0415
    from suwen.server.watch import begin_logs  # noqa: PLC0415

    shown: dict[str, str] = {}
    if demo:
        ward = demonstration(folder)
        store, shown, using = ward.store, ward.passwords, Opening(lambda _: ward.passphrase)
    else:
        using = opening(Where(store or Path(default_store()), "", passphrase_file))
    settings = read_settings(file, os.environ, store=store or Path(default_store()))
    stated = (("host", host), ("port", port), ("store", store))
    chosen: dict[str, Any] = {name: value for name, value in stated if value is not None}
    if demo:
        chosen["trainings"] = settings.trainings or ward.folder / FOLDER
    settings = _certified(replace(settings, **chosen, demonstration=shown))

    def science() -> tuple[Engine, NoteReader]:
        from suwen.language.reader import NoteReader  # noqa: PLC0415

        engine = open_engine((options["hpo"], options["library"], options["no_library"]), lambda _text: None)
        return engine, NoteReader(engine.knowledge)

    begin_logs(level=logging.WARNING if demo else logging.INFO)
    lifetime = Lifetime(settings.idle, settings.longest)
    with plainly(settings.store), open_records(settings.store, using, lifetime=lifetime) as records:
        house = House(records, settings, Science(science))

        def started() -> None:
            _tell(settings, options["lang"])
            if demo:
                consult_ward(ward, house)

        if demo:
            furnish(ward, records)
        serving(house, started=started)
    say(_WORDS["stopped"][options["lang"]])


def _certified(settings: Settings) -> Settings:
    from suwen.server.tls.certificates import own_certificate  # noqa: PLC0415

    if settings.certificate and settings.key:
        return settings
    certificate, key = own_certificate(settings.store.parent / "tls", settings.name)
    return replace(settings, certificate=certificate, key=key)


def _tell(settings: Settings, lang: str) -> None:
    say(_WORDS["serving"][lang].format(address=settings.address))
    if settings.demonstration:
        say(_WORDS["accounts"][lang])
        width = max(map(len, settings.demonstration))
        for login, password in settings.demonstration.items():
            say(f"  {login:{width}}  {password}")
