"""Write a picture in colour as a DICOM secondary capture of the study it was drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.dicom import Clock, MakeUid, building, equipment, load, stamp, write_object
from suwen.formats.images.writing.nouns import SUWEN, Language, Software, Written
from suwen.formats.images.writing.picture import Picture
from suwen.formats.images.writing.source import read_origin

__all__ = ["write_capture"]

SERIES_NUMBER = 7004


def write_capture(
    path: Path,
    image: Image,
    picture: Picture,
    *,
    clock: Clock,
    uid: MakeUid,
    lang: Language = "en",
    software: Software = SUWEN,
) -> Written:
    """Write `picture` as a Secondary Capture (DICOM PS3.3 A.8.1) in a new series, naming the slices it was drawn from.

    Its pixels have a spacing where the picture has one. Burned In Annotation is YES only where the picture itself says
    that it names the patient: outlines, letters and numbers do not.

    Raises:
        InputError: the image is not from DICOM files.
        DataError: the file cannot be written.

    """
    origin = read_origin(image)
    hd = load("highdicom")
    with building("a secondary capture"):
        made = hd.sc.SCImage(
            pixel_array=picture.pixels,
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            patient_orientation=("L", "P"),  # required here, set below to what is known
            pixel_spacing=picture.spacing,
            series_instance_uid=uid(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=uid(),
            instance_number=1,
            series_description={"en": "Marked pictures", "zh": "标注图像"}[lang],
            **_filed(origin.first),
            **equipment(software),
        )
        made.copy_patient_and_study_information(origin.first)
        made.PatientOrientation = list(picture.orientation) if picture.orientation else None
        made.ConversionType = "WSD"  # made on a workstation
        made.BurnedInAnnotation = "YES" if picture.names_patient else "NO"
        made.DerivationDescription = _derived(software, lang)
        made.SourceImageSequence = [_reference(origin, number) for number in picture.slices]
        made.Modality = origin.first.get("Modality") or "OT"
        if origin.first.get("LossyImageCompression") == "01":
            made.LossyImageCompression = "01"
            for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
                if keyword in origin.first:
                    setattr(made, keyword, origin.first[keyword].value)
        made.Laterality = origin.first.get("Laterality", "")
        stamp(made, origin.first, clock=clock, uid=uid)
        made.DateOfSecondaryCapture, made.TimeOfSecondaryCapture = made.InstanceCreationDate, made.InstanceCreationTime
    return write_object(path, made)


def _filed(header: Any) -> dict[str, Any]:
    return {
        "study_instance_uid": header.StudyInstanceUID,
        "patient_id": header.PatientID,
        "patient_name": header.PatientName,
        "patient_birth_date": header.PatientBirthDate,
        "patient_sex": header.PatientSex,
        "accession_number": header.AccessionNumber,
        "study_id": header.StudyID,
        "study_date": header.StudyDate,
        "study_time": header.StudyTime,
        "referring_physician_name": header.ReferringPhysicianName,
        "specific_character_set": "ISO_IR 192",
    }


def _derived(software: Software, lang: Language) -> str:
    name = f"{software.name} {software.version}"
    said = {
        "en": f"Outlines and measurements drawn by {name} on a windowed copy; not for measuring",
        "zh": f"由 {name} 在调窗后的副本上绘制轮廓与测量；不可用于再测量",
    }
    return said[lang][:1024]


def _reference(origin: Any, number: int) -> Any:
    pydicom = load("pydicom")
    header, frame = origin.header(number), origin.frames(number)
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    if frame is not None:
        item.ReferencedFrameNumber = frame
    return item
