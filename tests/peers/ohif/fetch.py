"""Fetches the OHIF viewer as its makers publish it on npm (MIT), checks its digest, unpacks what the test needs.

Not by `npm install`: the package asks for packages that were never published, and the viewer in it needs none of them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["HERE", "VERSION", "fetch"]

HERE = Path(__file__).parent / "node_modules" / "@ohif" / "app"
VERSION = "3.13.2"
_SHA512 = (  # as the registry states it
    "5997719a9986eeba85816f5924b71b82bdd70ad2e2d4a0cd3e831a798e4f3dee"
    "a3e06e1f8c48e393271933a0ba664d85f3b04ac457e9abe8dde715d907d13c10"
)
# What is left out: three quarters of it are models and viewers of other kinds.
_NOT_NEEDED = ("dist/ort/", "dist/dicom-microscopy-viewer/")


def fetch(into: Path) -> None:
    """Put the viewer into a folder. Raises RuntimeError where it is another than it was."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not installed")
    with tempfile.TemporaryDirectory() as name:
        asked = [npm, "pack", f"@ohif/app@{VERSION}", "--silent", "--ignore-scripts", "--pack-destination", name]
        subprocess.run(asked, check=True, capture_output=True, timeout=300)
        (packed,) = Path(name).glob("*.tgz")
        if hashlib.sha512(packed.read_bytes()).hexdigest() != _SHA512:
            raise RuntimeError("the package is another than it was")
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        with tarfile.open(packed) as archive:
            archive.extractall(into, members=_needed(archive), filter="data")


def _needed(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for one in archive:
        inside = one.name.removeprefix("package/")
        if not inside.startswith(_NOT_NEEDED) and not inside.endswith(".map"):
            yield one.replace(name=inside)


if __name__ == "__main__":
    try:
        fetch(HERE)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"OHIF was not fetched: {error}")
