"""A made-up consultation with everything a patient report can show: all statuses, verdicts and kinds of evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from suwen.consult.nouns import AreaReport, Consultation, Filed, Review, Status, Verdict
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.records.demographics import Demographics
from suwen.subject import Atoms, Code, Kind, Measurement, Reference, Region, Sex, Span, Stretch

CREATED = datetime(2026, 3, 14, 17, 26, tzinfo=timezone(timedelta(hours=8), "CST"))
HOSTILE = (
    "<script>alert('x')</script> #panic() *bold* $x$ @ref \\ // ` = _u_ {{ 7*7 }} \"><img src=http://evil.example/x>"
)
RECORD = "3f9c2a7be07d4f1c9a2be07d51c2e09f"
SUBJECT = Reference(Kind.PATIENT, RECORD)
MODEL = Maker("suwen-differential", "0.1.0", "sha256:4f1c9a2be07d51c2")
DAY = 86_400_000_000
NOON = int(datetime(2026, 3, 14, 4, 0, tzinfo=UTC).timestamp()) * 1_000_000
HPOA = "PMID:20591885; HPO annotations 2025-01-16"

_WORDS = {
    "ectopia": ("HP:0001083", "Ectopia lentis", "晶状体异位"),
    "root": ("HP:0002616", "Aortic root aneurysm", "主动脉根部动脉瘤"),
    "fingers": ("HP:0001166", "Arachnodactyly", "蜘蛛样指（趾）"),
    "stature": ("HP:0000098", "Tall stature", "身材高大"),
    "scoliosis": ("HP:0002650", "Scoliosis", "脊柱侧凸"),
    "myopia": ("HP:0000545", "Myopia", "近视"),
    "striae": ("HP:0001065", "Striae distensae", "皮肤膨胀纹"),
    "dura": ("HP:0100775", "Dural ectasia", "硬脊膜扩张"),
    "mitral": ("HP:0001634", "Mitral valve prolapse", "二尖瓣脱垂"),
    "chest": ("HP:0000767", "Pectus excavatum", "漏斗胸"),
    "disability": ("HP:0001249", "Intellectual disability", "智力障碍"),
    "uvula": ("HP:0000193", "Bifid uvula", "悬雍垂裂"),
    "marfan": ("OMIM:154700", "Marfan syndrome", "马凡综合征"),
    "loeys": ("OMIM:609192", "Loeys-Dietz syndrome 1", "洛伊斯-迪茨综合征 1 型"),
    "afib": ("SNOMEDCT:49436004", "Atrial fibrillation", "心房颤动"),
    "warfarin": ("suwen:interaction", "Warfarin with amiodarone: bleeding", "华法林与胺碘酮合用：出血风险"),
    "order": ("suwen:died-before", "Events after the recorded death", "记录的死亡时间之后仍有事件"),
    "lesion": ("suwen:new-lesion", "New lesion since the last scan", "与上次检查相比有新病灶"),
    "allergy": ("SNOMEDCT:91936005", "Allergy to penicillin", "青霉素过敏"),
}


def code(key, zh):
    value, english, chinese = _WORDS[key]
    return Code(value, chinese if zh else english)


def present(key, weight, count, total, zh, bearing=None):
    bearing = bearing or (Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST)
    name, share = code(key, zh).label, f"{count / total:.0%} ({count}/{total})"
    sentence = f"已发表病例中 {share} 有{name}" if zh else f"{name} is present in {share} of published cases"
    return Evidence(bearing, code(key, zh), weight, sentence, HPOA)


def marfan(zh):
    weights = {"ectopia": (2.31, 591), "root": (1.74, 778), "fingers": (1.42, 790), "dura": (0.91, 640),
               "stature": (0.66, 571), "mitral": (0.55, 547), "scoliosis": (0.41, 534), "chest": (0.33, 410),
               "striae": (0.27, 476), "myopia": (0.22, 380)}  # fmt: skip
    evidence = [present(key, weight, count, 1013, zh) for key, (weight, count) in weights.items()]
    evidence.append(present("disability", 0.06, 9, 1013, zh, Bearing.SUPPORTS_EXCLUDED))
    evidence.append(present("uvula", -0.12, 2, 101, zh, Bearing.AGAINST_EXCLUDED))
    calibration = "4812 例未用于拟合的已发表病例" if zh else "4,812 published cases held out from fitting"
    return Finding(SUBJECT, code("marfan", zh), Chance(0.914, 0.86, 0.951, calibration), tuple(evidence), MODEL)


def loeys(zh):
    calibration = "4812 例未用于拟合的已发表病例" if zh else "4,812 published cases held out from fitting"
    evidence = (
        present("root", 1.88, 45, 52, zh), present("fingers", 1.12, 36, 52, zh),
        present("stature", 0.31, 10, 52, zh, Bearing.SUPPORTS_RELATED), present("scoliosis", 0.38, 26, 52, zh),
        present("ectopia", -0.97, 0, 52, zh), present("uvula", -0.74, 47, 52, zh, Bearing.AGAINST_EXCLUDED),
    )  # fmt: skip
    return Finding(SUBJECT, code("loeys", zh), Chance(0.041, 0.018, 0.083, calibration), evidence, MODEL)


def interaction(zh):
    label = "国际标准化比值" if zh else "International normalised ratio"
    sentence = (
        "INR 为 4.1，高于治疗范围 2.0 至 3.0" if zh else "The INR is 4.1, above the therapeutic range of 2.0 to 3.0"
    )
    quoted = "自述牙龈出血两天" if zh else "gums have been bleeding for two days"
    note = "病程记录提到出血" if zh else "A progress note mentions bleeding"
    trace = "QT 间期 490 ms" if zh else "The QT interval is 490 ms"
    atoms = "胺碘酮的苯并呋喃结构抑制 CYP2C9" if zh else "The benzofuran part of amiodarone inhibits CYP2C9"
    evidence = (
        Evidence(Bearing.SUPPORTS, Measurement(Code("LOINC:6301-6", label), 4.1, "1"), 1.2, sentence, "LOINC 2.77"),
        Evidence(Bearing.SUPPORTS, Span("DocumentReference/8", 120, 156, quoted), 0.6, note, "DocumentReference/8"),
        Evidence(Bearing.SUPPORTS_BROADER, Atoms("CCCCC1=C(C2=CC=CC=C2O1)C(=O)C", (5, 6, 7)), 0.3, atoms, "ChEMBL 34"),
        Evidence(Bearing.SUPPORTS, Stretch("ecg-1", 1.2, 1.69, ("II", "V5")), 0.1, trace, "AHA/ACCF/HRS 2009"),
    )
    calibration = "2019 年 1204 份病历" if zh else "1,204 charts of 2019"
    maker = Maker("suwen-interactions", "0.3.1", "sha256:77aa01")
    return Finding(SUBJECT, code("warfarin", zh), Chance(0.72, 0.6, 0.81, calibration), evidence, maker)


def order(zh):
    sentence = (
        "该观察的日期比记录的死亡时间晚 12 天" if zh else "This observation is dated 12 days after the recorded death"
    )
    seen = Code("LOINC:2951-2", "血钠" if zh else "Sodium in blood")
    evidence = (Evidence(Bearing.NEUTRAL, seen, 0.0, sentence, "Observation/99"),)
    return Finding(SUBJECT, code("order", zh), Chance(None), evidence, Maker("suwen-consistency", "1"))


def lesion(zh):
    sentence = "该体积较上次增加 31%" if zh else "The volume has grown by 31% since the last scan"
    region = Region("ImagingStudy/4", (12, 40, 7), (31, 66, 15))
    evidence = (Evidence(Bearing.SUPPORTS, region, 0.8, sentence, "ImagingStudy/4"),)
    return Finding(SUBJECT, code("lesion", zh), Chance(0.5), evidence, Maker("suwen-lesions", "2"), region)


def allergy(zh):
    seen = Code("SNOMEDCT:247472004", "荨麻疹" if zh else "Urticaria")
    sentence = "患者自述用药后出现风团" if zh else "The patient reports wheals after a dose"
    evidence = (Evidence(Bearing.SUPPORTS, seen, 0.0, sentence, "interview"),)
    return Finding(SUBJECT, code("allergy", zh), Chance(None), evidence, Maker("Dr Wu"))


def filed(make, area, number, reviews=(), **more):
    made = {"en": make(False), "zh": make(True)}
    return Filed(f"{number:032x}", len(reviews) + 1, NOON, area, made["en"].code.value, made["en"],
                 {"zh": made["zh"]}, reviews, found=made, **more)  # fmt: skip


def review(verdict, reason, name, *, days, version=1, **more):
    return Review(verdict, reason, f"account-{name}", name, NOON - days * DAY, version, **more)


def areas():
    full = {"Condition": 14, "Observation": 40, "Patient": 1}
    return (
        AreaReport(
            "differential", {"en": "Rare disease differential", "zh": "罕见病鉴别诊断"}, Status.DONE,
            "suwen-differential 0.1.0; knowledge 9d1f04c2a7b35e66", "c0ffee5b7e0d9a11" * 4, True, NOON, used=full,
            left_out={"code without a usable phenotype term": 3, "entered in error": 1},
            sources=("HPO 2025-01-16", "HPO annotations 2025-01-16", "Phenopacket Store 0.1.24"),
            limits={"en": ("Only coded features, sex and age are weighed.",),
                    "zh": ("仅权衡已编码的表型、性别与年龄。",)},
            remarks=("SNOMEDCT:65801008 was read as HP:0001083",),
            remarks_in={"zh": ("SNOMEDCT:65801008 按 HP:0001083 理解",)},
        ),
        AreaReport(
            "interactions", {"en": "Drug interactions", "zh": "药物相互作用"}, Status.DONE, "suwen-interactions 0.3.1",
            "77aa01bb" * 8, False, NOON - 2 * DAY, used={"MedicationRequest": 9, "Observation": 12},
            sources=("ChEMBL 34",),
            limits={"en": ("Doses are not weighed.",), "zh": ("未权衡剂量。",)},
        ),
        AreaReport("consistency", {"en": "Consistency of the record", "zh": "记录一致性"}, Status.DONE,
                   "suwen-consistency 1", "51c2e09f" * 8, True, NOON, used={**full, "MedicationRequest": 9}),
        AreaReport("ecg", {"en": "ECG", "zh": "心电图"}, Status.NOTHING, "suwen-ecg 1", "", True, NOON,
                   {"en": "the record holds no ECG", "zh": "病历中没有心电图"}),
        AreaReport("imaging", {"en": "Brain lesions", "zh": "脑部病灶"}, Status.UNAVAILABLE, "", "", False, NOON,
                   {"en": "the model of lesions is not installed", "zh": "未安装病灶模型"}),
        AreaReport("genome", {"en": "Genome", "zh": "基因组"}, Status.FAILED, "suwen-genome 1", "", True, NOON,
                   {"en": "the variant file could not be read", "zh": "无法读取变异文件"},
                   left_out={"cannot be read": 1}),
    )  # fmt: skip


def example_consultation():
    """A patient with six areas and six findings, as the platform would hand it over."""
    return Consultation(
        RECORD,
        Demographics(("1101 0519 9003 0742 1X", "MRN-0042"), ("欧阳 建国", "OUYANG Jianguo"), "1990-03-07", Sex.MALE),
        NOON,
        areas(),
        (
            filed(interaction, "interactions", 1, urgency=3),
            filed(marfan, "differential", 2, (
                review(Verdict.REJECTED, "晶状体异位未经裂隙灯证实 / no slit lamp yet", "林 医生", days=9),
                review(Verdict.CONFIRMED, "FBN1 variant found; ectopia seen at the slit lamp", "Dr Lin",
                       days=1, version=2),
            ), urgency=2),
            filed(order, "consistency", 3, urgency=1),
            replace(filed(lesion, "imaging", 4,
                          (review(Verdict.AMENDED, "Old infarct, not a lesion", "Dr Roe", days=3),),
                          standing=False, made_with="suwen-lesions 2", inputs="ab" * 32),
                    finding=replace(lesion(False), code=Code("SNOMEDCT:22298006", "Old infarct")),
                    words={"zh": replace(lesion(True), code=Code("SNOMEDCT:22298006", "陈旧性梗死"))}),
            filed(loeys, "differential", 5,
                  (review(Verdict.REJECTED, "TGFBR1 and TGFBR2 are normal", "Dr Lin", days=1),)),
            filed(allergy, "", 6),
        ),
        {"Patient": 1, "Condition": 18, "Observation": 56, "MedicationRequest": 9, "Immunization": 12, "CarePlan": 2,
         "VisionPrescription": 1},
    )  # fmt: skip


LONG = "Wolfeschlegelsteinhausenbergerdorff" * 6
RARE = "\U00020bb7野 \u9fa6 😀 \ue000 ﷽ \u0905"  # beyond the fonts of the package; private use; emoji; other scripts
TURNED = "A\u202eB\u2066C\x00D\x1b[31mE\nF\x85G"


def hostile_consultation():
    """Every free text tries to break out of where it stands, is endless, or holds what no font has."""
    typed = f"{HOSTILE} {TURNED} {RARE} {LONG}"
    seen = Code(f"X:{HOSTILE}", typed)
    evidence = (
        Evidence(Bearing.SUPPORTS, seen, 1.0, typed, f'PMID:12 {HOSTILE} PMID:1" onclick="x'),
        Evidence(Bearing.AGAINST, Span(typed, 0, 4, typed), -1e6, typed, typed),
        Evidence(Bearing.NEUTRAL, Measurement(seen, 1e300, typed), 0.0, typed, typed),
        Evidence(Bearing.SUPPORTS, Atoms(typed, (1,)), 0.5, typed, typed),
        Evidence(Bearing.SUPPORTS, Region(typed, (1,), (2,)), 0.5, typed, typed),
    )
    finding = Finding(SUBJECT, seen, Chance(0.5, 0.4, 0.6, typed), evidence, Maker(typed, typed, typed))
    verdicts = (Review(Verdict.CONFIRMED, typed, typed, typed, NOON, 1),)
    words = {"en": typed, "zh": typed}
    area = AreaReport(typed, words, Status.FAILED, typed, typed, True, NOON, words, {typed: 1}, {typed: 1}, (typed,),
                      {"en": (typed,), "zh": (typed,)}, (typed,))  # fmt: skip
    return Consultation(
        typed,
        Demographics((typed,), (typed, LONG, HOSTILE), "1990-03-07"),
        NOON,
        (area,),
        (Filed(typed, 1, NOON, typed, typed, finding, {"zh": finding}, verdicts, urgency=9),),
        {typed: 1},
    )


def empty_consultation():
    """A patient of whom nothing is known, and no area was asked."""
    return Consultation(RECORD, Demographics(("1",)), NOON, (), (), {})
