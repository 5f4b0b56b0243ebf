"""Damaged waveforms read, and their rhythm after them, in a process of its own: run by test_waveforms_fuzz.py."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import resource
import signal
import struct
import sys
import tempfile
import traceback
import warnings
from binascii import crc_hqx
from collections import Counter
from pathlib import Path
from types import FrameType

import numpy as np
from waveform_makers import NAMES, aecg, edf, mat_4, mat_5, mit_marks, packed, scp, trace, wave_mark

from suwen.diagnosis.rhythm import read_rhythm
from suwen.diagnosis.rhythm.findings import findings
from suwen.diagnosis.rhythm.vocabulary import FIGURES, SIGNS
from suwen.errors import SuwenError
from suwen.formats.waveforms import Recording, read_recordings

LIMIT = 64 * 2**20  # of the reader
SPACE = 2 * 2**30  # of the process
SECONDS = 10  # of one file, its rhythm and its findings
PART = 60.0  # seconds of a recording whose rhythm is read: headers may declare hours, and each hour takes seconds

Seed = tuple[str, dict[str, bytes]]  # the file to read, and all files by name; the first is the one that is damaged


def seeds() -> list[Seed]:
    """One sound recording or more of each format."""
    numbers = np.rint(trace(3, 1_200) * 400).astype(np.int64)
    found = [*_records(numbers), *_edf(numbers)]
    for order, coding in ((0, ""), (1, "default"), (2, "default"), (2, "own")):
        found.append(("a.scp", {"a.scp": scp(numbers, (*NAMES[:2], "V1"), order=order, coding=coding)}))
    marks = wave_mark("MDC_ECG_WAVC_PWAVE", "20021122091000.100", "20021122091000.220")
    found += [("a.xml", {"a.xml": aecg(numbers, NAMES[:3], times=times, annotations=marks)}) for times in _TIMES]
    samples = trace(12, 300)
    found.append(("a.mat", {"a.mat": mat_4("val", np.rint(samples * 1_000).astype(np.int16))}))
    found += [("a.mat", {"a.mat": mat_5("ECG", samples, field="data", compress=one)}) for one in (True, False)]
    rows = "\n".join(f"{at / 500:.3f},{one:.4f},{other:.4f}" for at, (one, other) in enumerate(samples[:2].T))
    found.append(("a.csv", {"a.csv": ("time,I (mV),II (uV)\n" + rows).encode()}))
    return found + _dicom(numbers)


_TIMES = ("TIME_ABSOLUTE", "TIME_RELATIVE")


def _records(numbers: np.ndarray) -> list[Seed]:
    """WFDB: the header damaged, the samples damaged, the annotations damaged; several segments."""
    made: list[Seed] = []
    for kind in (8, 16, 24, 61, 80, 212, 310, 311):
        data = packed(kind, (numbers // (8 if kind in {8, 80} else 1)).T.reshape(-1).clip(-100, 100).tolist())
        line = f"r.dat {kind} 200(0)/mV 12 0 0 0 0 "
        head = "\n".join([f"r {1 if kind == 8 else 3} 250 1200", *(line + name for name in NAMES[:3]), ""]).encode()
        marks = mit_marks([(18, 28, b"(AFIB"), (70, 1, b""), (5_000, 5, b"text")])
        files = {"r.hea": head, "r.dat": data, "r.atr": marks}
        made += [("r.hea", files), ("r.hea", {"r.atr": marks, **files}), ("r.hea", {"r.dat": data, **files})]
    parts = {
        "m.hea": b"m/3 1 250 2500\nr 1200\n~ 100\nr 1200\n",
        "r.hea": b"r 1 250 1200\nr.dat 16 200/mV 16 0 0 0 0 I\n",
    }
    segments = ("m.hea", {**parts, "r.dat": packed(16, numbers[0].tolist())})
    return [*made, segments, segments]


def _edf(numbers: np.ndarray) -> list[Seed]:
    signal_of = ("ECG I", "uV", (-32_768, 32_767), (-32_768, 32_767), numbers[0])
    other = ("SpO2", "%", (0, 100), (-2_048, 2_047), numbers[1][:30])
    texts = [b"+0\x14\x14\0", b"+1\x14\x14\0+1.5\x150.2\x14AFIB\x14\0", b"+4\x14\x14\0"]
    made = [edf([signal_of, other], records=3), edf([signal_of], records=3, kind="EDF+D", annotations=texts)]
    made.append(edf([signal_of, signal_of], records=3, kind="BDF+C", annotations=texts, is_bdf=True))
    return [("a.edf", {"a.edf": one}) for one in made]


def _dicom(numbers: np.ndarray) -> list[Seed]:
    if importlib.util.find_spec("pydicom") is None:
        return []
    from dicom_ecg_maker import dicom_ecg, group  # noqa: PLC0415
    from pydicom.data import get_testdata_file  # noqa: PLC0415

    made = dicom_ecg([group(numbers.astype(np.int16), NAMES[:3], padding=-1)])
    packaged = Path(get_testdata_file("waveform_ecg.dcm")).read_bytes()
    return [("a.dcm", {"a.dcm": one}) for one in (made, made, packaged)]


_WILD = (
    b"0",
    b"-1",
    b"1",
    b"9" * 15,
    b"9999999999999999999",
    b"1e308",
    b"-1e-308",
    b"nan",
    b"inf",
    b"",
    b"~",
    b"..",
    b"x",
)


def _damaged(data: bytes, rng: random.Random) -> bytes:
    """Numbers exchanged for wild ones, bytes flipped, cut, repeated or moved, near the start more often."""
    made = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 40])):
        if not made:
            break
        at = min(int(rng.random() ** rng.choice([1, 3]) * len(made)), len(made) - 1)
        kind = rng.randint(0, 6)
        if kind <= 1:
            made[at] = rng.choice([0, 255, made[at] ^ (1 << rng.randint(0, 7)), rng.randint(0, 255)])
        elif kind == 2:
            made[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xfe\xff\xdd\xe0"])
        elif kind == 3:
            del made[at : at + rng.choice([1, 2, 4, 100])]
        elif kind == 4:
            made[at:at] = made[at : at + rng.choice([1, 2, 8, 64])]
        else:
            spans = [one.span() for one in re.finditer(rb"[0-9.]+", bytes(made[at : at + 400]))]
            first, last = rng.choice(spans) if spans else (0, 1)
            new = rng.choice(_WILD)
            made[at + first : at + last] = new.ljust(last - first) if rng.random() < 0.5 else new
    return bytes(made[: rng.randint(0, len(made))]) if rng.random() < 0.1 else bytes(made)


def mutant(number: int, seed: int, sound: list[Seed]) -> Seed:
    """The damaged recording of this number: always the same for the same arguments."""
    rng = random.Random(f"{seed}-{number}")  # noqa: S311 (test data, not secrets)
    name, files = rng.choice(sound)
    target = next(iter(files))
    data = _damaged(files[target], rng)
    if target.endswith(".scp") and rng.random() < 0.8:
        data = _mended(data)
    return name, {**files, target: data}


def _mended(data: bytes) -> bytes:
    """Checksums made right again, so that damage gets behind them."""
    made = bytearray(data)
    made[2:6] = struct.pack("<I", len(made))
    if len(made) < 40:
        return bytes(made)
    for at in range(22 + 10, min(len(made) - 10, 22 + 80), 10):
        _, length, index = struct.unpack_from("<HII", made, at)
        if 0 < index <= index - 1 + length <= len(made) and length >= 16:
            made[index - 1 : index + 1] = struct.pack(
                "<H", crc_hqx(bytes(made[index + 1 : index - 1 + length]), 0xFFFF)
            )
    length = min(struct.unpack_from("<I", made, 10)[0], len(made) - 6)
    made[6:8] = struct.pack("<H", crc_hqx(bytes(made[8 : 6 + length]), 0xFFFF))
    made[:2] = struct.pack("<H", crc_hqx(bytes(made[2:]), 0xFFFF))
    return bytes(made)


def _findings(recording: Recording) -> int:
    """How many findings the rhythm has, the same in both languages; ValueError where one of them cannot be."""
    samples = recording.samples[:, : max(1, int(PART * recording.rate))]
    reading = read_rhythm(samples, recording.rate, recording.leads, method="rules")
    end = samples.shape[1] / recording.rate
    for sign in reading.signs:
        figures = all(key in FIGURES and np.isfinite(value) for key, value in sign.figures.items())
        places = all(0 <= one.begin <= one.end <= end for one in sign.places)
        if sign.key not in SIGNS or not figures or not places:
            raise ValueError(f"{sign} is no sign of a trace of {end} s")
    made = [findings(reading, lang, signal=recording.id) for lang in ("en", "zh")]
    if len({len(one) for one in made} | {len(reading.signs)}) != 1 or not reading.signs:
        raise ValueError("findings do not go with the signs")
    return len(reading.signs)


def _late(_signal: int, _frame: FrameType | None) -> None:
    raise RuntimeError(f"not read within {SECONDS} seconds")


def _peak() -> int:
    """The most memory this program held, bytes. ru_maxrss would count what the process was before it, the tests."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(one for one in status.read_text("ascii").splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(start: int, count: int, seed: int, note: Path) -> int:
    """Read mutants; what gives neither findings nor an error of the project goes to `note` with its number."""
    sound = seeds()
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    signal.signal(signal.SIGALRM, _late)
    outcomes: Counter[str] = Counter()
    failed, read = [], 0
    for number in range(start, start + count):
        note.write_text(json.dumps({"at": number}), "utf-8")  # so that a crash names its file
        warnings.simplefilter("error")  # each time, as packages that are loaded later put their own before it
        name, files = mutant(number, seed, sound)
        with tempfile.TemporaryDirectory() as folder:
            for one, data in files.items():
                (Path(folder) / one).write_bytes(data)
            signal.alarm(SECONDS)
            try:
                found = read_recordings(Path(folder) / name, rate=500 if name.endswith(".mat") else None, limit=LIMIT)
                outcomes["recording" if all(one.samples.size for one in found) else "empty"] += 1
                read += sum(map(_findings, found))
            except SuwenError as error:
                outcomes[type(error).__name__] += 1
            except BaseException:
                failed.append({"number": number, "trace": traceback.format_exc()[-1_500:]})
            finally:
                signal.alarm(0)
    peak = _peak()
    note.write_text(json.dumps({"outcomes": outcomes, "findings": read, "failed": failed, "peak": peak}), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
