"""What is said of the operations of FHIR."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.described.nouns import EXAMPLE_ID, EXAMPLE_JOB, EXAMPLE_PATIENT, FHIR, NOTHING, Operation
from suwen.subject import Saying

__all__ = ["OPERATIONS"]

_CLOSED = (401, 403, 406, 429)  # who asks is not known, may not, wants no JSON, or asks too often
_FOUND = (400, *_CLOSED, 404)
_SENT = (400, *_CLOSED, 413, 415, 422)
_WHERE = {"kind": "Observation", "patient": EXAMPLE_PATIENT, "code": "http://loinc.org|8310-5", "date": "2026-03-04"}
_NAMED = {"kind": "Observation", "id_": EXAMPLE_ID}
_READ = {"if-match": 'W/"1"', "Prefer": "return=representation"}
_SEARCH = {
    **_WHERE,
    "Prefer": "handling=strict",
    "_count": "20",
    "_sort": "-date,code",
    "_summary": "false",
    "_elements": "status,code,valueQuantity",
    "_total": "accurate",
    "_include": "Observation:encounter",
    "_revinclude": "Provenance:target",
    "_id": EXAMPLE_ID,
    "_lastUpdated": "ge2020-01-01",
    "_pretty": "true",
}
_EXPORT = {
    "Prefer": "respond-async",
    "_type": "Patient,Observation",
    "_since": "2020-01-01T00:00:00Z",
    "_typeFilter": "Observation?code=http://loinc.org|8310-5",
    "_outputFormat": "application/fhir+ndjson",
}
_EXPORTED = Saying("Begin a bulk export", "启动批量导出")
_EXPORT_REFUSED = (400, *_CLOSED)

OPERATIONS: MappingProxyType[tuple[str, str], Operation] = MappingProxyType(
    {
        ("get", "/fhir/metadata"): Operation(
            "capabilities", Saying("What this server does", "服务器能力声明"), refused=(406, 429), ways=()
        ),
        ("post", "/fhir"): Operation(
            "transaction",
            Saying("Many requests in one Bundle", "以一个 Bundle 提交多项请求"),
            shape="Bundle",
            refused=(*_SENT, 404, 409, 412),
            examples={"Prefer": "return=representation"},
        ),
        ("get", "/fhir/$export"): Operation(
            "export", _EXPORTED, 202, media=NOTHING, refused=_EXPORT_REFUSED, examples=_EXPORT
        ),
        ("get", "/fhir/Patient/$export"): Operation(
            "exportPatients", _EXPORTED, 202, media=NOTHING, refused=_EXPORT_REFUSED, examples=_EXPORT
        ),
        ("post", "/fhir/$export"): Operation(
            "exportByPost", _EXPORTED, 202, media=NOTHING, refused=_SENT, examples={"Prefer": "respond-async"}
        ),
        ("post", "/fhir/Patient/$export"): Operation(
            "exportPatientsByPost", _EXPORTED, 202, media=NOTHING, refused=_SENT, examples={"Prefer": "respond-async"}
        ),
        ("get", "/fhir/$export-status/{job}"): Operation(
            "exportStatus",
            Saying("How far an export is", "导出进度"),
            more=(202,),
            media="application/json",
            shape="Manifest",
            refused=(*_CLOSED, 404, 500),
            examples={"job": EXAMPLE_JOB},
        ),
        ("delete", "/fhir/$export-status/{job}"): Operation(
            "exportCancel",
            Saying("Stop an export and remove its files", "取消导出并删除其文件"),
            202,
            media=NOTHING,
            refused=(*_CLOSED, 404),
            examples={"job": EXAMPLE_JOB},
        ),
        ("get", "/fhir/$export-status/{job}/{kind}"): Operation(
            "exportFile",
            Saying("A file of an export", "导出文件"),
            media="application/fhir+ndjson",
            shape="Text",
            refused=(*_CLOSED, 404),
            examples={"job": EXAMPLE_JOB, "kind": "Patient"},
        ),
        ("get", "/fhir/Patient/{id_}/$everything"): Operation(
            "patientEverything",
            Saying("Everything of a patient", "患者的全部资源"),
            shape="Bundle",
            refused=_FOUND,
            examples={
                "id_": EXAMPLE_PATIENT,
                "_type": "Patient,Observation",
                "_count": "50",
                "_since": "2020-01-01T00:00:00Z",
                "_summary": "data",
            },
        ),
        ("get", "/fhir/{kind}"): Operation(
            "search",
            Saying("Search by what names nobody", "检索（不含可识别个人身份的参数）"),
            shape="Bundle",
            refused=(*_FOUND, 410, 422),
            examples=_SEARCH,
        ),
        ("post", "/fhir/{kind}/_search"): Operation(
            "searchByPost",
            Saying("Search with parameters in the body", "检索（参数置于请求正文）"),
            shape="Bundle",
            refused=(*_FOUND, 410, 413, 415, 422),
            examples={"kind": "Observation", "Prefer": "handling=lenient"},
        ),
        ("post", "/fhir/{kind}"): Operation(
            "create",
            Saying("File a new resource", "新建资源"),
            201,
            more=(200,),
            refused=(*_SENT, 404, 409, 412),
            examples={"kind": "Observation", "if-none-exist": "code=made-up", "Prefer": "return=representation"},
        ),
        ("put", "/fhir/{kind}"): Operation(
            "updateByCondition",
            Saying("Update what answers a search, or file it", "按条件更新，无匹配则新建"),
            more=(201,),
            refused=(*_SENT, 404, 409, 412),
            examples={**_WHERE, "Prefer": "return=representation"},
        ),
        ("patch", "/fhir/{kind}"): Operation(
            "patchByCondition",
            Saying("Patch what answers a search", "按条件修补"),
            refused=(*_SENT, 404, 412),
            examples={**_WHERE, "Prefer": "return=OperationOutcome"},
        ),
        ("delete", "/fhir/{kind}"): Operation(
            "deleteByCondition",
            Saying("Withdraw what answers a search", "按条件撤回"),
            204,
            media=NOTHING,
            refused=(*_FOUND, 405, 412, 422),
            examples=_WHERE,
        ),
        ("get", "/fhir/{kind}/{id_}"): Operation(
            "read",
            Saying("Read a resource", "读取资源"),
            more=(304,),
            refused=(*_FOUND, 410),
            examples={
                **_NAMED,
                "_elements": "status,code",
                "If-None-Match": 'W/"7"',
                "If-Modified-Since": "Mon, 01 Jan 1990 00:00:00 GMT",
            },
        ),
        ("put", "/fhir/{kind}/{id_}"): Operation(
            "update",
            Saying("Write the next version of a resource", "更新资源"),
            refused=(*_SENT, 404, 412, 428),
            examples={**_NAMED, **_READ},
        ),
        ("patch", "/fhir/{kind}/{id_}"): Operation(
            "patch",
            Saying("Patch a resource", "修补资源（JSON Patch）"),
            refused=(*_SENT, 404, 412, 428),
            examples={**_NAMED, **_READ},
        ),
        ("delete", "/fhir/{kind}/{id_}"): Operation(
            "delete",
            Saying("Withdraw a resource", "撤回资源"),
            204,
            media=NOTHING,
            refused=(*_FOUND, 405, 412, 422),
            examples={**_NAMED, "if-match": 'W/"1"'},
        ),
        ("get", "/fhir/{kind}/{id_}/_history"): Operation(
            "history",
            Saying("Every version of a resource", "资源的全部版本"),
            shape="Bundle",
            refused=_FOUND,
            examples={**_NAMED, "_count": "10", "_since": "2020-01-01T00:00:00Z"},
        ),
        ("get", "/fhir/{kind}/{id_}/_history/{number}"): Operation(
            "vread",
            Saying("Read one version", "读取指定版本"),
            more=(304,),
            refused=(*_FOUND, 410),
            examples={**_NAMED, "number": "1"},
        ),
        ("post", "/fhir/{kind}/$validate"): Operation(
            "validate",
            Saying("Whether a resource is valid", "校验资源"),
            shape="OperationOutcome",
            refused=(400, *_CLOSED, 413, 415),
            examples={"kind": "Observation"},
            media=FHIR,
        ),
    }
)
