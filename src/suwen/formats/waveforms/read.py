"""Recordings read: WFDB, MATLAB, EDF, SCP-ECG, DICOM, HL7 aECG and tables made into samples in millivolts by lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.waveforms.aecg import is_aecg, read_aecg
from suwen.formats.waveforms.blocks import Block
from suwen.formats.waveforms.budget import LIMIT, Budget, bytes_of
from suwen.formats.waveforms.dicom import is_dicom, read_dicom
from suwen.formats.waveforms.edf import is_edf, read_edf
from suwen.formats.waveforms.finish import Stated, may_be_ecg, recording_of
from suwen.formats.waveforms.matlab import is_matlab
from suwen.formats.waveforms.matlab_record import read_matlab
from suwen.formats.waveforms.names import standard_lead
from suwen.formats.waveforms.notices import notice
from suwen.formats.waveforms.nouns import Recording
from suwen.formats.waveforms.scp import is_scp, read_scp
from suwen.formats.waveforms.table import read_table
from suwen.formats.waveforms.wfdb import read_wfdb

__all__ = ["read_recording", "read_recordings"]

_ANNOTATIONS = frozenset((".atr", ".ari", ".qrs", ".man", ".pu", ".pu0", ".wqrs", ".gqrs"))


def read_recording(
    path: Path | str,
    *,
    rate: float | None = None,
    unit: str | None = None,
    leads: Sequence[str] | None = None,
    limit: int = LIMIT,
) -> Recording:
    """Read the one recording of a file: WFDB, MATLAB, EDF/BDF, SCP-ECG, DICOM, HL7 aECG, CSV, TSV.

    Averaged beats beside the recording are left out and noticed. Leads of different rates stay recordings of their own
    and are never resampled: of several, the one that has all of `leads` is taken, or else choosing is refused.

    Args:
        path: the file; of WFDB the header, the record without suffix, or its annotations ("100.qrs").
        rate: samples a second, stated for files that do not tell.
        unit: V, mV, uV or nV, stated for files that do not tell; else the plausible one is taken and noticed.
        leads: names for the channels of a file that names none, in their order; else which leads to keep.
        limit: most bytes reading may take; nothing is allocated beyond, whatever a header declares.

    Returns:
        A Recording: samples (leads, time) float32 in mV, read-only, NaN where missing.

    Raises:
        NotFoundError: nothing is at this path, or a lead asked for was not recorded.
        FormatError: it is no recording, is damaged, or is encoded in a way that is not read.
        InputError: rate or unit are missing or disagree with the file, several recordings are there, or the limit.
        MissingExtraError: pydicom is needed and not installed.

    """
    stated, blocks = _blocks(path, rate, unit, leads, limit)
    chosen = _chosen(blocks, stated)
    for block in blocks:
        if block is not chosen:
            count, hertz = block.values.shape[1], block.rate or 0.0
            chosen.noticed.append(notice("other_part", count=count, rate=hertz))
    return recording_of(chosen, stated)


def read_recordings(
    path: Path | str,
    *,
    rate: float | None = None,
    unit: str | None = None,
    leads: Sequence[str] | None = None,
    limit: int = LIMIT,
) -> tuple[Recording, ...]:
    """Read every recording of a file: one for each rate, group of DICOM or set of aECG, averaged beats too.

    Arguments and errors as of `read_recording`; parts without an electrocardiogram, or without one of `leads`, are left
    out where another part has one.
    """
    stated, blocks = _blocks(path, rate, unit, leads, limit)
    made, refused = [], []
    for block in blocks:
        try:
            made.append(recording_of(block, _within(block, stated)))
        except (InputError, NotFoundError) as error:
            refused.append(error)
    if not made:
        raise refused[0]
    return tuple(made)


def _within(block: Block, stated: Stated) -> Stated:
    """What was stated, with only those of the leads that a part has: they may be spread over several."""
    names = {standard_lead(channel.name) for channel in block.channels}
    if stated.leads is None or names == {""}:
        return stated
    there = tuple(lead for lead in stated.leads if standard_lead(lead) in names)
    return replace(stated, leads=there or stated.leads)


def _blocks(
    path: Path | str, rate: float | None, unit: str | None, leads: Sequence[str] | None, limit: int
) -> tuple[Stated, list[Block]]:
    if isinstance(leads, str):
        raise InputError("leads are a list of names, not one word", zh="导联须为名称列表，而非单个词")
    stated = Stated(rate, unit, tuple(leads) if leads is not None else None)
    # A hostile gain takes voltages beyond what a float holds; such samples become missing, and that is noticed.
    with np.errstate(over="ignore", invalid="ignore"):
        return stated, _read(Path(path), Budget(limit))


def _read(path: Path, budget: Budget) -> list[Block]:
    """The blocks of whatever is at a path, told by content; WFDB by the header beside it."""
    try:
        header, annotator = _header(path)
        if header is None and not path.is_file():
            raise NotFoundError(
                "there is no recording at this path; of WFDB give the header (.hea)",
                zh="此路径没有记录；WFDB 请给出头文件（.hea）",
            )
    except (OSError, ValueError) as error:  # a name no file can have
        raise NotFoundError("there is no recording at this path", zh="此路径没有记录") from error
    if header is not None:
        return read_wfdb(header, budget, annotator)
    return _parsed(path, bytes_of(path, budget), budget)


def _parsed(path: Path, data: bytes, budget: Budget) -> list[Block]:
    if not data:
        raise FormatError("the file is empty", zh="文件为空")
    readers = (
        (is_dicom, read_dicom), (is_edf, read_edf), (is_scp, read_scp), (is_matlab, read_matlab), (is_aecg, read_aecg),
    )  # fmt: skip
    for recognises, reader in readers:
        if recognises(data):
            return reader(data, budget)
    if path.suffix.lower() == ".scp":
        return read_scp(data, budget)
    if path.suffix.lower() == ".dat":
        raise FormatError(
            "samples of WFDB cannot be read without their header; put the .hea beside the file",
            zh="没有头文件无法读取 WFDB 采样数据；请将 .hea 放在同一处",
        )
    return read_table(data, budget)


def _header(path: Path) -> tuple[Path | None, str]:
    """The header of the WFDB record a path belongs to, and the suffix of annotations where it is those."""
    if path.suffix.lower() == ".hea":
        return (path, "") if path.is_file() else (None, "")
    beside = path.with_suffix(".hea") if path.name else path
    if path.suffix in _ANNOTATIONS and beside.is_file():
        return beside, path.suffix[1:]
    if path.suffix.lower() in {".dat", ".mat"} and beside.is_file():
        return beside, ""
    bare = path.parent / f"{path.name}.hea"
    return (bare, "") if not path.is_file() and bare.is_file() else (None, "")


def _chosen(blocks: list[Block], stated: Stated) -> Block:
    """The only part that is the recording itself; of several the one with all leads asked for."""
    fitting = [block for block in blocks if not block.is_derived] or blocks
    if len(fitting) > 1 and stated.leads is not None:
        asked = {standard_lead(lead) for lead in stated.leads}
        fitting = [one for one in fitting if asked <= {standard_lead(channel.name) for channel in one.channels}]
        if not fitting:
            raise NotFoundError(
                "no part of the file has all the leads asked for; they may differ in their rates",
                zh="文件中没有任何部分含有全部所选导联；各部分采样率可能不同",
            )
    if len(fitting) > 1:
        fitting = _with_ecg(fitting)
    if len(fitting) != 1:
        parts = "; ".join(_described(one) for one in fitting[:8])
        raise InputError(
            f"the file holds {len(fitting)} recordings, choose by leads, or read them all: {parts}",
            zh=f"文件含 {len(fitting)} 条记录，请按导联选择，或全部读取：{parts}",
        )
    return fitting[0]


def _with_ecg(blocks: list[Block]) -> list[Block]:
    """Those parts of which a channel may be an electrocardiogram; all where none is."""
    found = [block for block in blocks if any(may_be_ecg(standard_lead(one.name), one.unit) for one in block.channels)]
    return found or blocks


def _described(block: Block) -> str:
    names = ", ".join(standard_lead(channel.name) or "?" for channel in block.channels[:12])
    return f"{names} at {block.rate or 0:g} Hz"
