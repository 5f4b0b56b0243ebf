"""The addresses of DICOMweb (PS3.18 10.4 to 10.6) at /dicom-web."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from suwen.consult.imaging import Held, open_metadata, open_object_bytes
from suwen.server.callers import Called, Caller
from suwen.server.dicomweb import searching
from suwen.server.dicomweb.accepting import DICOM, OCTETS, picture_wish, require_json, wishes
from suwen.server.dicomweb.multipart import written
from suwen.server.dicomweb.objects import bulk, frame_type, frames, recoded
from suwen.server.dicomweb.reach import Reach, reach_of
from suwen.server.dicomweb.rendering import drawn_of, picture
from suwen.server.dicomweb.storing import answered, stored
from suwen.server.house import house_of

__all__ = ["router"]

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])
_JSON = "application/dicom+json"
_COMPRESSED = ("image/jpeg", "image/jls", "image/jp2", "image/jphc", "image/dicom-rle")
_THUMBNAIL = (256, 256)
_MOST_FRAMES = 2_000  # of one request
_JOINED = 16 * 2**20  # bytes of an answer that are sent at once


def _reach(request: Request, caller: Called) -> Reach:
    return reach_of(house_of(request), caller)


Reached = Annotated[Reach, Depends(_reach)]


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/dicom-web"


def _told(content: Any, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, headers, media_type=_JSON)


# STOW-RS


async def _body(request: Request) -> bytes:
    return await request.body()  # the guard has bounded it


Body = Annotated[bytes, Depends(_body)]


@router.post("/studies")
def stow(request: Request, caller: Called, body: Body) -> Response:
    """Take objects in."""
    return _stow(request, caller, body, "")


@router.post("/studies/{study}")
def stow_study(request: Request, caller: Called, body: Body, study: str) -> Response:
    """Take objects of one study in."""
    return _stow(request, caller, body, study)


def _stow(request: Request, caller: Caller, body: bytes, study: str) -> Response:
    require_json(request)
    fates = stored(house_of(request), caller, request.headers.get("content-type", ""), body, study=study)
    status, answer = answered(fates, _base(request), study)
    return _told(answer, status=status)


# QIDO-RS


@router.get("/studies")
def search_studies(request: Request, reach: Reached) -> Response:
    """Studies of one's own patients."""
    asked = _asked(request)
    return _found(searching.studies(reach.everything(), asked, _base(request)), asked)


@router.get("/series")
def search_series(request: Request, reach: Reached) -> Response:
    """Series of all studies."""
    asked = _asked(request)
    return _found(searching.series(reach.everything(), asked, _base(request), whole=True), asked)


@router.get("/instances")
def search_instances(request: Request, reach: Reached) -> Response:
    """Instances of all studies."""
    asked = _asked(request)
    return _found(searching.instances(reach.everything(), asked, _base(request), whole=True), asked)


@router.get("/studies/{study}/series")
def search_study_series(request: Request, reach: Reached, study: str) -> Response:
    """Series of a study."""
    asked = _asked(request)
    return _found(searching.series(reach.found(study), asked, _base(request), whole=False), asked)


@router.get("/studies/{study}/instances")
def search_study_instances(request: Request, reach: Reached, study: str) -> Response:
    """Instances of a study."""
    asked = _asked(request)
    return _found(searching.instances(reach.found(study), asked, _base(request), whole=False), asked)


@router.get("/studies/{study}/series/{series}/instances")
def search_series_instances(request: Request, reach: Reached, study: str, series: str) -> Response:
    """Instances of a series."""
    asked = _asked(request)
    return _found(searching.instances(reach.found(study, series), asked, _base(request), whole=False), asked)


def _asked(request: Request) -> searching.Asked:
    require_json(request)
    return searching.asked_of(request.query_params)


def _found(answers: list[dict[str, Any]], asked: searching.Asked) -> Response:
    warnings = ", ".join(f'299 suwen "{one}"' for one in asked.warnings)
    return _told(answers, {"warning": warnings} if warnings else None)


# WADO-RS: metadata


@router.get("/studies/{study}/metadata")
@router.get("/studies/{study}/series/{series}/metadata")
@router.get("/studies/{study}/series/{series}/instances/{instance}/metadata")
def metadata(request: Request, reach: Reached, study: str, series: str = "", instance: str = "") -> Response:
    """All attributes, with addresses of what is large."""
    require_json(request)
    found = reach.found(study, series, instance)
    told = open_metadata(reach.caller.actor, reach.house.together, found, purpose=reach.purpose(found[0].patient))
    return _told([_addressed(one, held, _base(request)) for one, held in zip(told, found, strict=True)])


def _addressed(attributes: dict[str, Any], held: Held, base: str) -> dict[str, Any]:
    own = f"{base}/studies/{held.study}/series/{held.series}/instances/{held.instance}"
    found = {
        tag: {**one, "BulkDataURI": f"{own}/{one['BulkDataURI']}"} if "BulkDataURI" in one else one
        for tag, one in attributes.items()
    }
    return {**found, "00083002": {"vr": "UI", "Value": [held.syntax]}}


# WADO-RS: objects


@router.get("/studies/{study}")
@router.get("/studies/{study}/series/{series}")
@router.get("/studies/{study}/series/{series}/instances/{instance}")
def retrieve(request: Request, reach: Reached, study: str, series: str = "", instance: str = "") -> Response:
    """Objects whole, each opened when its turn comes."""
    wish = wishes(request, (DICOM,))[0]
    found = reach.found(study, series, instance)
    if not wish.many and instance:
        return Response(recoded(_bytes(reach, found[0]), found[0].syntax, wish.syntax), media_type=DICOM)
    first = recoded(_bytes(reach, found[0]), found[0].syntax, wish.syntax)  # what fails, fails before the answer begins

    def parts() -> Iterable[tuple[str, bytes]]:
        yield DICOM, first
        for one in found[1:]:
            yield DICOM, recoded(_bytes(reach, one), one.syntax, wish.syntax)

    return _parts(parts(), DICOM)


def _bytes(reach: Reach, held: Held) -> bytes:
    return open_object_bytes(reach.caller.actor, reach.house.together, held, purpose=reach.purpose(held.patient))


def _parts(parts: Iterable[tuple[str, bytes]], root: str) -> Response:
    kind, pieces = written(parts, root)
    return StreamingResponse(pieces, media_type=kind, headers={"content-type": kind})


def _whole(parts: Iterable[tuple[str, bytes]], root: str) -> Response:
    """Parts that are at hand: with their length, by which a viewer tells how much of a frame has come."""
    kind, pieces = written(parts, root)
    held = list(pieces)
    length = sum(map(len, held))
    if length <= _JOINED:
        return Response(b"".join(held), headers={"content-type": kind})
    return StreamingResponse(held, headers={"content-type": kind, "content-length": str(length)})


# WADO-RS: frames, values, pictures


@router.get("/studies/{study}/series/{series}/instances/{instance}/frames/{numbers}")
def retrieve_frames(request: Request, reach: Reached, study: str, series: str, instance: str, numbers: str) -> Response:
    """Frames of an object, each a part."""
    (held,) = reach.found(study, series, instance)
    wish = wishes(request, (OCTETS, *_COMPRESSED))[0]
    found = list(frames(_bytes(reach, held), held.syntax, wish.syntax, _numbers(numbers)))
    kind = frame_type(held.syntax, wish.syntax, wish.media)
    if wish.media not in {OCTETS, kind.partition(";")[0]} and not kind.startswith(OCTETS):
        raise HTTPException(406, f"these frames are had as {kind}, or as {OCTETS}")
    if not wish.many and len(found) == 1:
        return Response(found[0], headers={"content-type": kind})
    return _whole(((kind, one) for one in found), kind.partition(";")[0])


def _numbers(text: str) -> list[int]:
    found = [one.strip() for one in text.split(",")]
    if not all(one.isascii() and one.isdigit() and len(one) < 7 for one in found) or len(found) > _MOST_FRAMES:
        raise HTTPException(400, "frames are named by their numbers from 1, with commas between")
    return [int(one) for one in found]


@router.get("/studies/{study}/series/{series}/instances/{instance}/bulkdata/{tag}")
def retrieve_value(request: Request, reach: Reached, study: str, series: str, instance: str, tag: str) -> Response:
    """The value of a large attribute."""
    (held,) = reach.found(study, series, instance)
    wish = wishes(request, (OCTETS,))[0]
    if tag == "7FE00010" and held.frames:
        every: Sequence[int] = range(1, held.frames + 1)
        pieces = frames(_bytes(reach, held), held.syntax, wish.syntax, every)
        return _whole([(frame_type(held.syntax, wish.syntax, OCTETS), b"".join(pieces))], OCTETS)
    value = bulk(_bytes(reach, held), tag)
    return _whole([(OCTETS, value)], OCTETS) if wish.many else Response(value, media_type=OCTETS)


@router.get("/studies/{study}/rendered")
@router.get("/studies/{study}/series/{series}/rendered")
@router.get("/studies/{study}/series/{series}/instances/{instance}/rendered")
@router.get("/studies/{study}/series/{series}/instances/{instance}/frames/{number}/rendered")
def rendered(
    request: Request, reach: Reached, study: str, series: str = "", instance: str = "", number: str = "1"
) -> Response:
    """A picture of an object; of a study or series, of the one in the middle."""
    return _picture(request, reach, _shown(reach.found(study, series, instance)), number)


@router.get("/studies/{study}/thumbnail")
@router.get("/studies/{study}/series/{series}/thumbnail")
@router.get("/studies/{study}/series/{series}/instances/{instance}/thumbnail")
@router.get("/studies/{study}/series/{series}/instances/{instance}/frames/{number}/thumbnail")
def thumbnail(
    request: Request, reach: Reached, study: str, series: str = "", instance: str = "", number: str = "1"
) -> Response:
    """A small picture."""
    return _picture(request, reach, _shown(reach.found(study, series, instance)), number, box=_THUMBNAIL)


def _shown(found: Sequence[Held]) -> Held:
    images = [one for one in found if one.frames]
    if not images:
        raise HTTPException(406, "there is no image here that is drawn")
    return images[len(images) // 2]


def _picture(
    request: Request, reach: Reach, held: Held, number: str, *, box: tuple[int, int] | None = None
) -> Response:
    media = picture_wish(request)
    drawn = drawn_of(request.query_params, box=box)
    return Response(picture(_bytes(reach, held), _numbers(number)[0], media, drawn), media_type=media)
