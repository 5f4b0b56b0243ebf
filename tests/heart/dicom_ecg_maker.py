"""DICOM electrocardiograms made for tests with pydicom."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

TWELVE_LEAD = "1.2.840.10008.5.1.4.1.1.9.1.1"


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return [made]


def group(
    numbers: NDArray[np.int16], names: Sequence[str], *, rate: float = 500.0, sensitivity: float = 2.5,
    unit: str = "uV", baseline: float = 0.0, padding: int | None = None,
) -> Dataset:  # fmt: skip
    """A multiplex group of 16-bit samples, `numbers` (channels, time)."""
    made = Dataset()
    made.WaveformOriginality = "ORIGINAL"
    made.NumberOfWaveformChannels, made.NumberOfWaveformSamples = numbers.shape
    made.SamplingFrequency = rate
    made.ChannelDefinitionSequence = []
    for name in names:
        channel = Dataset()
        channel.ChannelSourceSequence = code("5.6.3-9-1", "SCPECG", f"Lead {name} (Einthoven)")
        channel.ChannelSensitivity = sensitivity
        channel.ChannelSensitivityUnitsSequence = code(unit, "UCUM", unit)
        channel.ChannelSensitivityCorrectionFactor = 1
        channel.ChannelBaseline = baseline
        channel.WaveformBitsStored = 16
        made.ChannelDefinitionSequence.append(channel)
    made.WaveformBitsAllocated, made.WaveformSampleInterpretation = 16, "SS"
    if padding is not None:
        made.add_new(0x5400100A, "OW", np.array([padding], "<i2").tobytes())
    made.add_new(0x54001010, "OW", numbers.T.astype("<i2").tobytes())
    return made


def dicom_ecg(
    groups: Sequence[Dataset], *, sop_class: str = TWELVE_LEAD, syntax: str = ExplicitVRLittleEndian
) -> bytes:
    """An object with these groups, a patient's name in it, as the bytes of a file."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = sop_class
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid(entropy_srcs=["test"])
    made.PatientName = "Mueller"
    made.WaveformSequence = list(groups)
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
