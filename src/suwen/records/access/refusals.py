"""What somebody is told who may not do something: the act, the purpose, and what would help, in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from suwen.errors import AccessError
from suwen.records.access.nouns import Act, Purpose, Resource, ResourceKind

__all__ = ["refused"]

_ACTS = MappingProxyType(
    {
        Act.VIEW: "查看",
        Act.DIAGNOSE: "诊断",
        Act.ORDER: "开立医嘱",
        Act.ANNOTATE: "书写病历",
        Act.EXPORT: "导出",
        Act.TRAIN: "训练模型",
        Act.REGISTER: "登记新患者",
        Act.MANAGE_KEYS: "管理密钥",
        Act.ERASE: "销毁病历",
        Act.REVIEW: "审查紧急访问",
        Act.LOCK: "锁定账户或设备",
        Act.MANAGE: "管理",
        Act.BACK_UP: "备份与恢复",
        Act.VERIFY: "校验完整性",
        Act.READ_AUDIT: "查阅审计日志",
    }
)
_PURPOSES = MappingProxyType(
    {
        Purpose.TREATMENT: "诊疗",
        Purpose.EMERGENCY: "急救",
        Purpose.RESEARCH: "科研",
        Purpose.OPERATIONS: "运营管理",
        Purpose.AUDIT: "合规审计",
    }
)
_KINDS = MappingProxyType(
    {
        ResourceKind.PATIENT: "患者病历",
        ResourceKind.COHORT: "队列",
        ResourceKind.DIRECTORY: "院内目录",
        ResourceKind.KEYS: "密钥",
        ResourceKind.AUDIT: "审计日志",
        ResourceKind.ACCOUNTS: "账户与权限",
        ResourceKind.STORE: "病历存储",
    }
)
_CHINESE = re.compile(r"[\u4e00-\u9fff].*", re.DOTALL)


def refused(act: Act, resource: Resource, purpose: Purpose, whys: Iterable[str]) -> AccessError:
    """The error for whoever may not do an act; `whys` are the @why of the policies that forbade it."""
    said = f"you may not {act.value} ({resource.kind.value}) for the purpose {purpose.value}"
    told = f"您无权以{_PURPOSES[purpose]}为目的{_ACTS[act]}（{_KINDS[resource.kind]}）"
    given = [why for why in whys if why]
    if given:
        return AccessError(f"{said}: {' '.join(given)}", zh=f"{told}：{'；'.join(_chinese_of(why) for why in given)}")
    if resource.kind is ResourceKind.PATIENT and not resource.in_care and purpose is Purpose.TREATMENT:
        return AccessError(
            f"{said}: no care relationship; ask for one, or in an emergency break the glass with a reason",
            zh=f"{told}：没有诊疗关系；请申请诊疗关系，紧急情况下可说明理由后紧急访问",
        )
    return AccessError(f"{said}: no policy permits it", zh=f"{told}：没有允许该操作的规则")


def _chinese_of(why: str) -> str:
    """The Chinese of a @why, which stands behind its English; a hospital's own policy may have one language alone."""
    found = _CHINESE.search(why)
    return found[0] if found else why
