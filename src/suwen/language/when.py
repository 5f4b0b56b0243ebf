"""Times as clinical text writes them, in Chinese and English: how long, since when, at what age."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from suwen.language.nouns import When

__all__ = ["times"]

_DAY = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_UNITS_ZH = {"分": "minute", "小": "hour", "时": "hour", "天": "day", "日": "day", "周": "week", "星": "week", "月": "month", "年": "year"}
_UNITS_EN = {"mi": "minute", "h": "hour", "d": "day", "w": "week", "m": "month", "y": "year"}
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "半": 0.5}
_WORDS = dict(zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True))
_WORDS |= {"a": 1, "an": 1, "couple": 2}
_MONTHS = {m: n for n, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}

_N_ZH = r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百]+|半|数|几|多)"
_U_ZH = r"(?:分钟|小时|天|日(?!常)|周(?!围|岁)|星期|个?半?月(?!经)|年(?!龄|轻))"
_N_EN = r"(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|an?|several|many|few|a few|a couple of)"
_U_EN = r"(?:minutes?|mins?|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|years?|yrs?|y)"
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
