"""Frames decoded by GDCM in a process beside this one, so that a frame that crashes a codec is an error like others."""

from __future__ import annotations

import importlib.util
import json
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError
from suwen.formats.images.frames import Form
from suwen.formats.images.notices import refusal

__all__ = ["GuardedCodec"]

_SECONDS = 60.0  # for one frame; a codec that hangs is ended
_CHILD = Path(__file__).with_name("codec_child.py")


class GuardedCodec:
    """The process beside, started with the first frame and again after it was ended; `close` ends it for good."""

    __slots__ = ("_process",)

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, frame: bytes, form: Form, syntax: str) -> NDArray[np.generic]:
        """Decode a JPEG frame to (rows, columns) or (rows, columns, samples), in the order of this machine.

        Raises:
            FormatError: it cannot be decoded, or its codec crashed or took longer than a minute.
            MissingExtraError: python-gdcm is not installed.

        """
        kind = np.dtype(f"<{'i' if form.signed else 'u'}{form.allocated // 8}")
        shape = (form.rows, form.columns, form.samples)[: 3 if form.samples > 1 else 2]
        data = self._asked(frame, form, syntax)
        if len(data) != int(np.prod(shape)) * kind.itemsize:
            raise refusal("decode")
        return np.frombuffer(data, kind).reshape(shape).astype(kind.newbyteorder("="))

    def _asked(self, frame: bytes, form: Form, syntax: str) -> bytes:
        process = self._started()
        described = json.dumps(
            {
                "rows": form.rows, "columns": form.columns, "samples": form.samples, "allocated": form.allocated,
                "stored": form.stored, "signed": int(form.signed), "syntax": syntax,
            }
        ).encode()  # fmt: skip
        watch = threading.Timer(_SECONDS, process.kill)
        watch.start()
        try:
            return _exchanged(process, struct.pack("<IQ", len(described), len(frame)) + described + frame)
        except (OSError, EOFError) as error:
            self.close()
            raise refusal("decode") from error
        finally:
            watch.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            if importlib.util.find_spec("gdcm") is None:
                raise MissingExtraError("python-gdcm", "imaging")
            self._process = subprocess.Popen(  # noqa: S603 (our own file by this interpreter)
                [sys.executable, "-P", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # GDCM writes what it thinks of damaged frames
            )
        return self._process

    def close(self) -> None:
        """End the process beside, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close_quietly(pipe)


def _close_quietly(pipe: IO[bytes]) -> None:
    with suppress(OSError):  # what was still to be written to a process that is gone
        pipe.close()


def _exchanged(process: subprocess.Popen[bytes], asked: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(asked)
    process.stdin.flush()
    head = process.stdout.read(8)
    if len(head) != 8:
        raise EOFError
    (size,) = struct.unpack("<Q", head)
    data = process.stdout.read(size)
    if len(data) != size:
        raise EOFError
    return data
