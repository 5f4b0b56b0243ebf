"""The documentation is true: its Python runs, its commands end with the status shown, and every option is in it.

On every page the blocks run in order in one namespace and one empty folder (with a copy of `examples`). A comment on
its own line says what a page (in its first lines) or the next block cannot do without:

    <!-- needs: data cases mondo -->   skipped where a named data set is absent (without names: cases)
    <!-- needs: network -->            only checked for its commands and options, never run
    $ suwen diagnose nothing.yaml      # exits 2      a command that is meant to fail
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from suwen import datasets
from suwen.cli import main
from suwen.errors import DataError

ROOT = Path(__file__).parent.parent
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page.is_file()]
REFERENCE = ROOT / "docs" / "reference" / "cli.md"

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<kind>\w*) *$")
NEEDS = re.compile(r"^<!-- needs: (?P<what>data|network)(?P<names>[^>]*?) *-->$")
COMMAND = re.compile(r"^\$ (?P<line>(?:[A-Z_]+=\S+ )*suwen\b.*)$")
EXITS = re.compile(r"# exits (\d+)\s*$")
HEAD = 5  # a marker within the first lines speaks of the whole page
TIMEOUT_S = 300


@dataclass(frozen=True)
class Block:
    """One fenced block: where its first line stands, its kind, its text, and the marker before it."""

    line: int
    kind: str
    text: str
    needs: str


def blocks_of(text: str) -> Iterator[Block]:
    needs, lines = "", iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        fence = FENCE.match(line)
        if fence is None:
            marker = line.strip() if NEEDS.match(line.strip()) else ""
            needs = marker or (needs if not line.strip() else "")
            continue
        inside = []
        for _, one in lines:
            if one.strip() == fence["ticks"]:
                break
            inside.append(one)
        yield Block(number + 1, fence["kind"], textwrap.dedent("\n".join(inside)), needs)
        needs = ""


def missing(marker: str) -> str:
    """What the marker asks for and this machine has not, "" if nothing."""
    found = NEEDS.match(marker)
    if found is None:
        return ""
    if found["what"] == "network":
        return "network"
    try:
        absent = [name for name in found["names"].split() or ["cases"] if not datasets.present(name)]
    except DataError as error:
        return str(error)
    return f"data sets {', '.join(absent)}" if absent else ""


def commands_of(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if found := COMMAND.match(line):
            yield found["line"]


def run_command(line: str, where: str) -> None:
    wanted = EXITS.search(line)
    # The suwen of this very environment, whatever else is on the path; no colours, and lines that do not fold.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "120"}
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == int(wanted[1] if wanted else 0), f"{where}: {line}\n{ran.stdout}{ran.stderr}"


def check_only(line: str, where: str) -> None:
    """Let click read the command without running it: --help ends it after the options were understood."""
    run_command(f"{EXITS.sub('', line)} --help", where)


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    # Blank lines before it, so that a traceback points at the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    exec(code, namespace)  # noqa: S102 - our own documentation


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text(encoding="utf-8")
    for line in text.splitlines()[:HEAD]:
        if lacking := missing(line.strip()):
            pytest.skip(f"needs {lacking}")
    if (ROOT / "examples").is_dir():
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    run_blocks(text, page)


def run_blocks(text: str, page: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__docs__"}
    for block in blocks_of(text):
        lacking = missing(block.needs)
        if block.kind == "python" and not lacking:
            run_python(block, page, namespace)
        if block.kind == "console":
            for line in commands_of(block.text):
                (check_only if lacking else run_command)(line, f"{page}:{block.line}")


# Every command and option is in the reference


def tree(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if command.hidden:
        return
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from tree(below, f"{path} {name}")


def options_of(command: click.Command) -> list[str]:
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    return [name for one in options for name in (*one.opts, *one.secondary_opts) if name != "--help"]


def section(text: str, path: str) -> str:
    """The part of the page under the heading that names `path`, up to the next heading that names a command."""
    parts = re.split(r"^(?=#+ )", text, flags=re.MULTILINE)
    heading = re.compile(rf"^#+ .*{re.escape(path)}(?![\w-])(?! [a-z])")
    chosen, inside = [], False
    for part in parts:
        first = part.split("\n", 1)[0]
        inside = bool(heading.match(first)) or (inside and "suwen" not in first)
        chosen += [part] if inside else []
    return "".join(chosen)


def unmentioned(text: str, command: click.Command, path: str) -> list[str]:
    part = section(text, path)
    if not part:
        return [f"no heading names `{path}`"]
    return [name for name in options_of(command) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", part)]


@pytest.mark.parametrize(
    ("path", "command"), list(tree(main, "suwen")), ids=lambda one: one if type(one) is str else ""
)
def test_every_option_is_in_the_reference(path: str, command: click.Command) -> None:
    if not REFERENCE.is_file():
        pytest.skip("docs/reference/cli.md is not written yet")
    assert unmentioned(REFERENCE.read_text(encoding="utf-8"), command, path) == []


# These tests can fail


PAGE = """# Title

```python
x = 1
```

```console
$ suwen --help
Usage: ...
```

<!-- needs: network -->

```console
$ suwen nowhere
```
"""


def test_blocks_are_found_with_their_lines_and_markers() -> None:
    found = [(one.line, one.kind, one.needs) for one in blocks_of(PAGE)]
    assert found == [(4, "python", ""), (8, "console", ""), (15, "console", "<!-- needs: network -->")]


def test_a_wrong_block_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    with pytest.raises(AssertionError, match="No such command"):
        run_blocks(PAGE, page)  # even where it is only checked
    with pytest.raises(NameError):
        run_blocks("```python\nx = 1\n```\n\n```python\nassert x == 1\ny\n```\n", page)
    with pytest.raises(AssertionError, match="no-such-option"):
        run_blocks("```console\n$ suwen --no-such-option\n```\n", page)
    run_blocks("```console\n$ suwen --no-such-option  # exits 2\n```\n", page)


def test_an_option_that_is_not_mentioned_is_noticed() -> None:
    @click.group()
    def top() -> None: ...

    @top.command()
    @click.option("--json")
    @click.option("-n", "--limit")
    def go() -> None: ...

    text = (
        "# `suwen`\n\n--json\n\n## `suwen go`\n\n--limit, --json-lines\n\n### More\n\n-n\n\n## `suwen gone`\n\n--json\n"
    )
    assert [path for path, _ in tree(top, "suwen")] == ["suwen", "suwen go"]
    assert unmentioned(text, go, "suwen go") == ["--json"]
    assert unmentioned("# `suwen`\n", go, "suwen go") == ["no heading names `suwen go`"]
