"""Waveforms: WFDB, MATLAB, EDF, SCP-ECG, DICOM, HL7 aECG and tables in, as leads in millivolts with their marks."""

from suwen.formats.waveforms.budget import LIMIT
from suwen.formats.waveforms.matlab import matlab_arrays
from suwen.formats.waveforms.names import TWELVE, standard_lead
from suwen.formats.waveforms.notices import notice_in, notice_key, notice_text
from suwen.formats.waveforms.nouns import Mark, MarkKind, Recording
from suwen.formats.waveforms.read import read_recording, read_recordings
from suwen.formats.waveforms.write import write_csv, write_wfdb

__all__ = [
    "LIMIT",
    "TWELVE",
    "Mark",
    "MarkKind",
    "Recording",
    "matlab_arrays",
    "notice_in",
    "notice_key",
    "notice_text",
    "read_recording",
    "read_recordings",
    "standard_lead",
    "write_csv",
    "write_wfdb",
]
