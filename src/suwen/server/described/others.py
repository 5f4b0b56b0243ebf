"""What is said of the operations of SMART, CDS Hooks and DICOMweb, and of what watches over the server."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from suwen.server.described.nouns import ERROR, Operation
from suwen.subject import Saying

__all__ = ["OPERATIONS"]

_JSON = "application/json"
_DICOM_JSON = "application/dicom+json"
_UID = "1.2.826.0.1.3680043.8.498.1"
_PLACES = {"study": _UID, "series": f"{_UID}.1", "instance": f"{_UID}.1.1"}
_STUDY = "/dicom-web/studies/{study}"
_SERIES = f"{_STUDY}/series/{{series}}"
_INSTANCE = f"{_SERIES}/instances/{{instance}}"
_LEVELS = (("Study", _STUDY), ("Series", _SERIES), ("Instance", _INSTANCE))
_KNOWN = (401, 403, 429)
_APP = ("client",)
_CDS = ("session", "certificate", "cds")


def _plain(id_: str, said: Saying, **more: object) -> Operation:
    given = {"media": _JSON, "shape": "Object", "failing": ERROR, "ways": (), "refused": (429,), **more}
    return Operation(id_, said, **given)  # type: ignore[arg-type]


def _dicom(id_: str, said: Saying, **more: object) -> Operation:
    given = {
        "media": _DICOM_JSON,
        "shape": "Objects",
        "failing": ERROR,
        "refused": (400, *_KNOWN, 404, 406, 501),
        "examples": _PLACES,
        **more,
    }
    return Operation(id_, said, **given)  # type: ignore[arg-type]


_QIDO = (
    ("limit", "Most answers"),
    ("offset", "Answers to be passed over"),
    ("includefield", "Attributes to be told besides, by commas; all"),
    ("StudyDate", "YYYYMMDD, or two with - between"),
    ("ModalitiesInStudy", "As CT or MR"),
)
_DRAWN = (
    ("window", "Centre, width and function, by commas"),
    ("viewport", "Width and height in pixels, by commas"),
    ("quality", "1 to 100"),
)
_ASKED = {"limit": "10", "offset": "0", "includefield": "all", "StudyDate": "20200101-", "ModalitiesInStudy": "CT"}
_AS = {"window": "40,400,linear", "viewport": "256,256", "quality": "80"}


def _searches() -> Iterator[tuple[tuple[str, str], Operation]]:
    refused = (400, *_KNOWN, 406, 413, 422, 501)
    for id_, path, said in (
        ("searchStudies", "/dicom-web/studies", Saying("Search for studies (QIDO-RS)", "检索检查（QIDO-RS）")),
        ("searchSeries", "/dicom-web/series", Saying("Search for series", "检索序列")),
        ("searchInstances", "/dicom-web/instances", Saying("Search for instances", "检索实例")),
    ):
        yield ("get", path), _dicom(id_, said, refused=refused, more_parameters=_QIDO, examples=_ASKED)
    within = Saying("Search within a study (QIDO-RS)", "在检查内检索（QIDO-RS）")
    for id_, path in (
        ("searchStudySeries", f"{_STUDY}/series"),
        ("searchStudyInstances", f"{_STUDY}/instances"),
        ("searchSeriesInstances", f"{_SERIES}/instances"),
    ):
        yield ("get", path), _dicom(id_, within, more_parameters=_QIDO[:3], examples={**_PLACES, "limit": "10"})


def _retrievals() -> Iterator[tuple[tuple[str, str], Operation]]:
    whole = {"media": 'multipart/related; type="application/dicom"', "shape": "Binary"}
    picture = {"media": "image/jpeg", "shape": "Binary", "more_parameters": _DRAWN}
    for name, path in _LEVELS:
        yield (
            ("get", path),
            _dicom(f"retrieve{name}", Saying("Objects whole (WADO-RS)", "获取对象（WADO-RS）"), **whole),
        )
        said = Saying("All attributes (WADO-RS)", "获取属性（WADO-RS）")
        yield ("get", f"{path}/metadata"), _dicom(f"retrieve{name}Metadata", said)
    for name, path in (*_LEVELS, ("Frame", f"{_INSTANCE}/frames/{{number}}")):
        places = {**_PLACES, **_AS, "number": "1"}
        said = Saying("A picture (WADO-RS)", "渲染图像（WADO-RS）")
        yield ("get", f"{path}/rendered"), _dicom(f"render{name}", said, **picture, examples=places)
        said = Saying("A small picture (WADO-RS)", "缩略图（WADO-RS）")
        yield ("get", f"{path}/thumbnail"), _dicom(f"thumbnail{name}", said, **picture, examples=places)
    octets = {"media": 'multipart/related; type="application/octet-stream"', "shape": "Binary"}
    frames = Saying("Frames of an object (WADO-RS)", "获取帧（WADO-RS）")
    yield (
        ("get", f"{_INSTANCE}/frames/{{numbers}}"),
        _dicom("retrieveFrames", frames, **octets, examples={**_PLACES, "numbers": "1,2"}),
    )
    value = Saying("The value of a large attribute (WADO-RS)", "获取大属性值（WADO-RS）")
    yield (
        ("get", f"{_INSTANCE}/bulkdata/{{tag}}"),
        _dicom("retrieveValue", value, **octets, examples={**_PLACES, "tag": "7FE00010"}),
    )


def _storing() -> Iterator[tuple[tuple[str, str], Operation]]:
    said, refused = Saying("Take objects in (STOW-RS)", "存入对象（STOW-RS）"), (400, *_KNOWN, 406, 409, 413, 415, 501)
    body = 'multipart/related; type="application/dicom"'
    given = {"more": (202,), "refused": refused, "body": body}
    yield ("post", "/dicom-web/studies"), _dicom("store", said, **given, examples={})
    yield ("post", _STUDY), _dicom("storeStudy", said, **given)


def _watching() -> Iterator[tuple[tuple[str, str], Operation]]:
    yield ("get", "/health"), _plain("health", Saying("Whether the process is alive", "进程是否存活"))
    ready = Saying("Whether it can do its work", "服务是否就绪")
    yield ("get", "/ready"), _plain("ready", ready, refused=(429, 503))
    figures = Saying("Figures for Prometheus, without patient data", "Prometheus 指标（不含患者数据）")
    yield (
        ("get", "/metrics"),
        _plain("metrics", figures, media="text/plain", shape="Text", refused=(403, 429), failing="text/plain"),
    )


def _smart() -> Iterator[tuple[tuple[str, str], Operation]]:
    said = Saying("Where apps ask for access", "应用授权配置")
    yield ("get", "/.well-known/smart-configuration"), _plain("smartConfiguration", said)
    yield ("get", "/fhir/.well-known/smart-configuration"), _plain("smartConfigurationOfFhir", said)
    code = {"grant_type": "authorization_code", "code": "from-the-address", "client_id": "growth-chart"}
    code |= {"redirect_uri": "https://growth.example/back", "code_verifier": "a" * 43}
    held = {"token": "from-the-exchange", "client_id": "growth-chart"}
    for id_, path, what, form in (
        ("token", "/oauth/token", Saying("Exchange a code for a token", "以授权码换取令牌"), code),
        ("revoke", "/oauth/revoke", Saying("Take a token back", "吊销令牌"), held),
        ("introspect", "/oauth/introspect", Saying("What a token carries", "查询令牌内容"), held),
    ):
        yield ("post", path), _plain(id_, what, refused=(400, 401, 413, 429), ways=_APP, form=form)


def _hooks() -> Iterator[tuple[tuple[str, str], Operation]]:
    yield ("get", "/cds-services"), _plain("cdsDiscovery", Saying("Which services there are", "可用的决策支持服务"))
    sent = (400, 401, 403, 404, 413, 422, 429)
    yield (
        ("post", "/cds-services/{service}"),
        _plain(
            "cdsCall",
            Saying("Call a service", "调用服务"),
            refused=(*sent, 412),
            ways=_CDS,
            examples={"service": "suwen-findings"},
        ),
    )
    yield (
        ("post", "/cds-services/{service}/feedback"),
        _plain(
            "cdsFeedback",
            Saying("What became of cards", "反馈卡片处理结果"),
            refused=sent,
            ways=_CDS,
            examples={"service": "suwen-findings"},
        ),
    )


OPERATIONS: MappingProxyType[tuple[str, str], Operation] = MappingProxyType(
    dict((*_watching(), *_smart(), *_hooks(), *_searches(), *_retrievals(), *_storing()))
)
