"""KEKs from an environment variable: read strictly, never shown, changed only by whoever sets them."""

from __future__ import annotations

import base64
import traceback
from pathlib import Path

import pytest

from suwen.errors import KeyProviderError
from suwen.records.keys import create_provider, open_provider
from suwen.records.keys.environment import EnvironmentProvider, new_entry

SECRET = base64.b64encode(bytes(range(200, 232))).decode()


def opened(text: str | None, monkeypatch: pytest.MonkeyPatch, folder: Path, variable: str = "SUWEN_KEK") -> None:
    monkeypatch.delenv(variable, raising=False)
    if text is not None:
        monkeypatch.setenv(variable, text)
    create_provider("environment", {"variable": variable}, folder=folder, secret=never)


def never(prompt: str) -> str:
    raise AssertionError(f"asked for {prompt}")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "  ",
        SECRET,
        f":{SECRET}",
        f"a b:{SECRET}",
        f"a:{SECRET[:-1]}",
        f"a:{SECRET}=",
        f"a:{SECRET} x",
        f"a:{base64.b64encode(bytes(31)).decode()}",
        f"a:{base64.b64encode(bytes(64)).decode()}",
        f"a:{SECRET[:-2]}F=",  # spare bits that are not zero
        f"a:{SECRET},",
        f"a:{SECRET},a:{SECRET}",
        f"{SECRET}:a",
        f"{'a' * 65}:{SECRET}",
    ],
)
def test_a_malformed_variable_is_refused_without_showing_it(
    text: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(KeyProviderError, match="SUWEN_KEK") as caught:
        opened(text, monkeypatch, tmp_path)
    told = "".join(traceback.format_exception(caught.value))
    # Source lines apart, a traceback shows the messages of all chained errors: none may hold the key.
    assert SECRET[:12] not in told


def test_the_first_entry_is_current_and_the_others_unwrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = new_entry()
    monkeypatch.setenv("MY_KEK", f" {old} ")
    provider = create_provider("environment", {"variable": "MY_KEK"}, folder=tmp_path, secret=never)
    wrapped = provider.wrap(bytes(32))
    new = new_entry()
    monkeypatch.setenv("MY_KEK", f"{new}, {old}")
    later = open_provider(provider.settings(), folder=tmp_path, secret=never)
    assert later.current == new.split(":")[0]
    assert later.unwrap(wrapped) == bytes(32)
    assert list(tmp_path.iterdir()) == []


def test_rotation_and_retirement_say_who_can_do_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUWEN_KEK", f"new:{SECRET},old:{SECRET}")
    provider = EnvironmentProvider.open({}, folder=tmp_path, secret=never)
    with pytest.raises(KeyProviderError, match="prepend a new entry"):
        provider.rotate()
    with pytest.raises(KeyProviderError, match="remove the entry 'old'"):
        provider.retire("old")
    assert provider.current == "new"


def test_new_entries_differ() -> None:
    entries = {new_entry() for _ in range(20)}
    assert (
        len(entries) == len({one.split(":")[0] for one in entries}) == len({one.split(":")[1] for one in entries}) == 20
    )
