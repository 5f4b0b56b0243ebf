"""What the measures are called, in English and Chinese."""

from __future__ import annotations

from suwen.errors import InputError

__all__ = ["WORDS", "called"]

WORDS: dict[str, tuple[str, str]] = {
    "longest": ("longest diameter", "最长径"),
    "across": ("perpendicular diameter", "垂直短径"),
    "widest": ("longest diameter in any direction", "三维最大径"),
    "mean_diameter": ("mean diameter", "平均直径"),
    "area": ("area", "面积"),
    "perimeter": ("perimeter", "周长"),
    "circularity": ("circularity", "圆度"),
    "volume": ("volume", "体积"),
    "surface": ("surface", "表面积"),
    "mesh_volume": ("volume of the mesh", "网格体积"),
    "mesh_surface": ("surface of the mesh", "网格表面积"),
    "sphericity": ("sphericity", "球形度"),
    "compactness": ("compactness", "紧密度"),
    "solidity": ("solidity", "实心度"),
    "elongation": ("elongation", "延长度"),
    "flatness": ("flatness", "扁平度"),
    "margin.width": ("width of the margin", "边缘过渡宽度"),
    "margin.slope": ("slope at the margin", "边缘强度梯度"),
    "intensity.mean": ("mean intensity", "强度均值"),
    "intensity.var": ("variance of intensity", "强度方差"),
    "intensity.skew": ("skewness of intensity", "强度偏度"),
    "intensity.kurt": ("excess kurtosis of intensity", "强度超额峰度"),
    "intensity.median": ("median intensity", "强度中位数"),
    "intensity.min": ("least intensity", "强度最小值"),
    "intensity.p10": ("10th percentile of intensity", "强度第10百分位数"),
    "intensity.p90": ("90th percentile of intensity", "强度第90百分位数"),
    "intensity.max": ("greatest intensity", "强度最大值"),
    "intensity.iqr": ("interquartile range of intensity", "强度四分位距"),
    "intensity.range": ("range of intensity", "强度极差"),
    "intensity.mad": ("mean absolute deviation of intensity", "强度平均绝对偏差"),
    "intensity.rmad": ("robust mean absolute deviation of intensity", "强度稳健平均绝对偏差"),
    "intensity.medad": ("median absolute deviation of intensity", "强度相对中位数的平均绝对偏差"),
    "intensity.cov": ("coefficient of variation of intensity", "强度变异系数"),
    "intensity.qcod": ("quartile coefficient of dispersion", "强度四分位离散系数"),
    "intensity.energy": ("energy", "强度能量"),
    "intensity.rms": ("root mean square intensity", "强度均方根"),
}


def called(name: str, lang: str) -> str:
    """The name of a number of `Measures.numbers` for a reader, `lang` "en" or "zh". Raises InputError for another."""
    if name not in WORDS or lang not in ("en", "zh"):
        raise InputError(
            f"there is no measure {name!r} in the language {lang!r}; languages are en and zh",
            zh=f"没有测量项 {name!r} 的 {lang!r} 名称；语言为 en 和 zh",
        )
    return WORDS[name][lang == "zh"]
