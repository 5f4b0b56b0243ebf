"""Signs and results of tests told by their shape alone: eponyms, likenesses, shunts, shadows, changes of genes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from suwen.language.chinese_words import words
from suwen.language.phrases import Phrases

__all__ = ["Signs"]

# Each shape after the words of which one must stand in a text that has it, so that most are passed over quickly.
_SHAPES = tuple(
    (cues.split(), re.compile(shape))
    for cues, shape in (
        # Signs and phenomena named after people or places.
        (
            "征",
            r"(?:[A-Z][A-Za-z\-']{2,20}|脑膜刺激|锥体束|三凹|巴宾斯基|巴氏|克氏|布氏|病理|踝阵挛|髌阵挛|直腿抬高试验|束臂试验|面神经|陶瑟|低钙束臂|洋娃娃眼|落日)"
            r"征(?:\s?阳性|\(\+\))?(?![象兆候集])",
        ),
        (
            "现象 反应",
            r"(?:[A-Z][A-Za-z\-']{2,20}|雷诺|窃血|黎明|晕轮|开关|剂末|奔豚|铅管|齿轮|折刀|同形)现象(?!学)|(?:[A-Z][a-z']{3,20})反应(?!性)",
        ),
        # What something looks like.
        (
            "样 状",
            r"[\u4e00-\u9fff]{2}[样状](?:改变|病变|变化|外观|面容|步态|动作|发作|呕吐|咳嗽|便|皮疹|红斑|突起|阴影|增生|排列|分布|结构|物)",
        ),
        (
            "呈",
            r"呈[\u4e00-\u9fff]{2,3}[样状](?![态况])",
        ),
        # What somebody cannot do.
        (
            "不 无法 拒绝 难以",
            r"(?:不能|不会|无法|不愿|不肯|不敢|拒绝|难以)(?:独自|自行|正常|完全|主动|单独)?"
            r"(?:独走|独站|独坐|站立|行走|走路|步行|负重|爬行|翻身|抬头|竖头|说话|讲话|言语|发音|进食|吞咽|咀嚼|吸吮|吃奶|平卧|活动|运动|入睡|睡眠"
            r"|屈曲|伸直|外展|内收|抬高|抬举|持物|握物|抓握|闭合|闭眼|睁眼|注视|追视|排尿|排便|控制|安静|呼吸|下地)",
        ),
        # Blood that flows where it should not.
        (
            "左 右 双向",
            r"(?:(?:心房|心室|大动脉|动脉|导管|肺内)(?:水平)?的?)?(?:左向右|右向左|双向|左至右|右至左)的?(?:血液)?分流",
        ),
        (
            "分流",
            r"(?:心房|心室|大动脉|导管|肺内|左室右房)(?:水平)?(?:血液)?分流(?![量器])",
        ),
        # Shadows of an image.
        (
            "密度 信号 回声",
            r"(?:[稍略]?[低高等]|混杂|异常)(?:密度|信号|回声)(?:阴?影|区|灶|带)?",
        ),
        (
            "强化",
            r"(?:环状|均匀|不均匀|结节状|边缘|脑回状|斑片状|明显|异常)强化",
        ),
        (
            "影 区",
            r"(?:片状|斑片状|点状|条索状|结节状|团块状|网状|磨玻璃样?|絮状|粟粒状|空洞|实变|钙化|透亮)(?:阴影|影|区)",
        ),
        # What is felt, what is heard, what comes too easily.
        (
            "感",
            r"(?:疼痛|胀痛|胀|坠胀|麻木|灼热|烧灼|针刺|刺痒|刺|瘙痒|紧缩|压迫|压榨|异物|窒息|濒死|恐惧|疲劳|饥饿|恶心|沉重|漂浮|蚁走|蚁行|牵拉|束带|饱胀|空虚|虫爬|触电|撕裂"
            r"|搏动|摩擦|捻发|波动|揉面|柔韧|不适|乏力|无力|寒冷|发热|瘫软|僵硬|旋转|晃动|倾倒|阻塞|梗阻|哽噎|失落|内疚|自卑|无助|陌生)感(?![染受觉知应])",
        ),
        (
            "音",
            r"(?:(?:干性?|湿性?|细湿?|中细湿?|粗湿?|固定|散在|广泛|收缩期|舒张期|全收缩期|连续性|心包|胸膜|吸气性|高调|粗糙|吹风样|隆隆样|叹气样|机器样|满肺|喉间){0,3}(?:啰|罗|哮鸣|水泡|捻发|摩擦|枪击|破壶|震水|喀喇|开瓣|喘鸣|喉鸣|痰鸣|杂|过清|支气管呼吸|管状呼吸))音(?![乐频量调])",
        ),
        (
            "易",
            r"(?:容?易|易于)(?:疲劳|疲倦|疲乏|激惹|感染|发怒|怒|受惊|惊醒|惊|哭闹|哭|出汗|骨折|出血|呕吐|跌倒|摔倒|呛咳|感冒|激动|兴奋|冲动|分心|腹泻|饥饿|脱落|破溃)",
        ),
        # Fever as a number.
        (
            "体温",
            r"体温[\u4e00-\u9fff]{0,4}(?:3[89]|37\.[3-9]|4[0-2])(?:\.\d)?(?:[~\-](?:3[789]|4[0-2])(?:\.\d)?)?\s?°C",
        ),
        # Changes of genes and chromosomes.
        (
            "基因",
            r"(?:[A-Za-z][A-Za-z0-9\-]{1,11})?基因的?[\u4e00-\u9fff]{0,3}(?:突变|缺失|变异|重排|扩增|重复|融合|插入)",
        ),
        (
            "突变",
            r"(?:点|错义|无义|移码|剪接|动态|前|全|新生|杂合|纯合|复合杂合|插入|缺失|同义|体细胞)突变",
        ),
        (
            "(",
            r"(?<![A-Za-z])(?:t|inv|del|dup|ins|der|r|i)\([0-9XYpq][0-9XYpq;:,.\-]*\)(?:\([pq0-9;:.,]+\))?",
        ),
        (
            "染色体",
            r"染色体(?:不分离|易位|倒位|缺失|重复|断裂|脆性|畸变|重排|嵌合)",
        ),
        # Secretions and stools by what they are like, red cells by their shape.
        (
            "分泌物",
            r"(?:脓性|血性|浆液性|黏液性|黏液样|水样|泡沫样|黄色|白色|黄绿色|绿色|褐色|棕色|咖啡样|咖啡色|豆渣样|大量|粘稠|黏稠|恶臭|异常)(?:的)?(?:黏液样?|脓性)?分泌物",
        ),
        (
            "红细胞",
            r"(?:有核|靶形|点彩|碎片|裂片|球形|口形|椭圆形|泪滴形|棘形|镰状|镰形|嗜多染性?|异形)红细胞(?!增多症|贫血|性|计数)",
        ),
        # What is called a symptom, a problem or a complication of something.
        (
            "症状",
            r"(?:局部|呼吸道|上呼吸道|消化道|胃肠道?|消化系统|呼吸系统|神经系统|中枢神经系统|心血管系?统?|血液系统|泌尿系统?|泌尿道|皮肤|关节|肺部|眼部|鼻部"
            r"|咽部|腹部|神经精神|精神|心理|行为|压迫|刺激|中毒|全身中毒|感染中毒|结核中毒|过敏|戒断|缺氧|脱水|梗阻|脑膜刺激|尿路刺激|膀胱刺激|直肠刺激|卡他|躯体"
            r"|自主神经|植物神经|锥体外系|循环系统|内分泌|代谢)症状(?!性)",
        ),
        (
            "问题",
            r"(?:情绪|学习|心理|行为|睡眠|喂养|语言|社交|注意力|饮食)问题",
        ),
        (
            "并发症",
            r"(?:微血管|大血管|心血管|神经系统|眼部|肾脏|感染性|急性|慢性|远期)并发症",
        ),
        # What has spread or come back.
        (
            "转移 复发 播散 种植",
            r"(?:远处|局部|淋巴结|骨|肺|肝|脑|骨髓|腹膜|血行|软脑膜)的?(?:转移|复发|播散|种植)(?:灶|瘤)?",
        ),
        (
            "灶",
            r"(?:转移|干酪|坏死|出血|软化|钙化|原发|播散|卫星|脱髓鞘|缺血|梗死|感染|化脓)性?病?灶",
        ),
    )
)
# What may stand between a verb and the part of the body it acts on.
_ACTED = re.compile("(?:了|到|至|及)?(?:的)?(?:大|小|双侧|左侧|右侧|周围|邻近|局部|附近)?")
_LONGEST_PART = 6


class Signs:
    """The shapes, and the parts of the body for what is done to them."""

    def __init__(self) -> None:
        self._acts = Phrases(words("act"))
        self._parts = frozenset(word for word in words("body") if len(word) > 1)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Spans in normalised text, some of which may overlap."""
        for cues, shape in _SHAPES:
            if any(cue in text for cue in cues):
                yield from (match.span() for match in shape.finditer(text))
        for start, end in self._acts.find(text):
            match = _ACTED.match(text, end)
            first = match.end() if match else end
            for length in range(_LONGEST_PART, 1, -1):
                part = text[first : first + length]
                if part in self._parts:
                    yield start, first + len(part)
                    break
