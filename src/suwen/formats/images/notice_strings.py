"""The words of every remark and reason of the readers of images, in English and simplified Chinese, in two tables."""

from __future__ import annotations

__all__ = ["NOTICES", "REASONS"]

NOTICES: dict[str, dict[str, str]] = {
    # What was left out
    "unreadable": {
        "en": "not read: {why}",
        "zh": "未能读取：{why}",
    },
    "not_image": {
        "en": "not an image: this object is {kind}",
        "zh": "非图像：此对象为{kind}",
    },
    "not_known": {
        "en": "not known: the file is neither DICOM, NIfTI, PNG nor JPEG",
        "zh": "格式未知：文件不是 DICOM、NIfTI、PNG 或 JPEG",
    },
    # Sorting
    "copies": {
        "en": "copies: {count} frames are there more than once with the same samples; each was read once",
        "zh": "重复：{count} 帧重复出现且像素相同；每帧只读取一次",
    },
    "conflict": {
        "en": "conflict: {count} frames lie where another frame of the series lies, with other samples; they were "
        "separated",
        "zh": "冲突：{count} 帧与同序列另一帧位置相同而像素不同；已分开",
        "en_remedy": "look at each part, and ask the archive which one is right",
        "zh_remedy": "请分别查看各部分，并向影像归档系统核实",
    },
    "cine": {
        "en": "one of several frames: frame {number} of {count}",
        "zh": "多帧之一：第 {number} 帧，共 {count} 帧",
    },
    "localizer": {
        "en": "localizer: a scout image for planning, not a diagnostic series",
        "zh": "定位像：用于扫描定位，不是诊断序列",
    },
    # Places
    "tilt": {
        "en": "gantry tilt: the slices lean by {degrees} degrees; positions are kept and the affine is sheared",
        "zh": "机架倾斜：层面倾斜 {degrees} 度；位置保持原样，仿射矩阵含错切",
    },
    "missing": {
        "en": "missing slices: {count} slices are missing beside this part; the series was cut there, and no slice was "
        "made up",
        "zh": "缺层：此部分旁缺少 {count} 层；序列在该处分开，未虚构任何层面",
        "en_remedy": "ask the archive for the whole series",
        "zh_remedy": "请向影像归档系统索取完整序列",
    },
    "unequal": {
        "en": "unequal spacing: the distance between slices changes within the series; this part has {distance} mm",
        "zh": "层距不等：序列内层间距有变化；此部分为 {distance} mm",
    },
    "irregular": {
        "en": "irregular slices: the distances between slices go from {least} to {most} mm; no even grid fits, so this "
        "image has no millimetres",
        "zh": "层面不规则：层间距为 {least} 至 {most} mm；无法用等距网格表示，故此图像无毫米尺度",
        "en_remedy": "measure single slices, or reconstruct the series with equal distances",
        "zh_remedy": "请在单层上测量，或以等层距重建",
    },
    "rounded": {
        "en": "rounded positions: slices lie up to {most} mm off an even grid",
        "zh": "位置取整：层面偏离等距网格最多 {most} mm",
    },
    "single": {
        "en": "single slice: the slice thickness of {distance} mm stands for the distance between slices",
        "zh": "单层：以层厚 {distance} mm 代替层间距",
    },
    "flat": {
        "en": "single slice: no thickness is given, so it has no volume",
        "zh": "单层：未给出层厚，故无体积",
    },
    "gaps": {
        "en": "slice gap: slices are {thickness} mm thick but {distance} mm apart; what lies between was not imaged",
        "zh": "层间隙：层厚 {thickness} mm，层间距 {distance} mm；两层之间未成像",
    },
    "overlap": {
        "en": "slice overlap: slices are {thickness} mm thick and {distance} mm apart",
        "zh": "层面重叠：层厚 {thickness} mm，层间距 {distance} mm",
    },
    "unplaced": {
        "en": "no position: the header does not place this slice in the patient, so slices are not joined to a volume",
        "zh": "无位置：头信息未给出层面在患者中的位置，故不合成体数据",
    },
    # Scale
    "no_scale": {
        "en": "no scale: no length in millimetres can be given for this image",
        "zh": "无尺度：此图像不能给出毫米长度",
        "en_remedy": "state the spacing of rows and columns in millimetres if it is known",
        "zh_remedy": "若已知行距与列距（毫米），请说明",
    },
    "detector": {
        "en": "detector scale: lengths are measured at the detector; the body is magnified, so they are upper bounds",
        "zh": "探测器尺度：长度按探测器平面计；人体被放大，故为上限",
    },
    "not_said": {
        "en": "detector scale: the header does not say whether the spacing is corrected for magnification; it is taken "
        "as not corrected",
        "zh": "探测器尺度：头信息未说明像素间距是否经放大校正；按未校正处理",
    },
    "film": {
        "en": "detector scale: the spacing is that of the scanned film; lengths are upper bounds",
        "zh": "探测器尺度：间距为扫描胶片的间距；长度为上限",
    },
    "calibrated": {
        "en": "calibrated scale: the spacing was corrected for magnification by {how}",
        "zh": "校准尺度：像素间距已按{how}校正放大",
    },
    "magnified": {
        "en": "calibrated scale: the spacing at the detector was divided by the estimated magnification {factor}",
        "zh": "校准尺度：探测器间距已除以估计放大倍数 {factor}",
    },
    "mosaic": {
        "en": "no scale: a mosaic of many slices in one frame, which is not taken apart",
        "zh": "无尺度：一帧内拼接多层的镶嵌图，未拆分",
        "en_remedy": "convert it by the vendor's tools or as enhanced MR",
        "zh_remedy": "请用厂商工具转换，或以增强型 MR 导出",
    },
    "scout_scale": {
        "en": "scout scale: a projection; its lengths hold at the centre of rotation only",
        "zh": "定位像尺度：为投影图像；长度仅在旋转中心处成立",
    },
    "not_trusted": {
        "en": "no scale: the header gives a pixel spacing of {spacing} mm but not what it belongs to; it is not used",
        "zh": "无尺度：头信息给出像素间距 {spacing} mm，但未说明测量依据；未采用",
        "en_remedy": "state the spacing if it is known to be right",
        "zh_remedy": "若确认无误，请说明间距",
    },
    "region": {
        "en": "ultrasound region: millimetres hold from row {top} to {bottom} and column {left} to {right} only",
        "zh": "超声区域：毫米尺度仅在第 {top} 至 {bottom} 行、第 {left} 至 {right} 列内成立",
    },
    "regions": {
        "en": "no scale: the ultrasound regions of this image have different scales",
        "zh": "无尺度：此图像各超声区域尺度不同",
    },
    "beyond": {
        "en": "no scale: an ultrasound region of the header reaches beyond the image, so that the image was resized "
        "after its scale was written",
        "zh": "无尺度：头信息所述超声区域超出图像范围，说明写入尺度后图像被缩放",
    },
    "stated": {
        "en": "stated scale: the spacing was stated by who gave the image, and is not in the file",
        "zh": "自述尺度：间距由提供者说明，文件中没有",
    },
    "stated_not_used": {
        "en": "stated spacing not used: the header places this image by itself",
        "zh": "未采用所述间距：文件头信息本身已给出尺度",
    },
    # Samples
    "turned_over": {
        "en": "turned over: the header shows small values bright (MONOCHROME1); greater is now brighter",
        "zh": "灰度翻转：头信息规定小值为亮（MONOCHROME1）；现改为大值为亮",
    },
    "not_turned_over": {
        "en": "shown inverted: the header shows small values bright (MONOCHROME1); the values are kept, as they are "
        "measured",
        "zh": "反相显示：头信息规定小值为亮（MONOCHROME1）；因数值为测量值，保持原值",
    },
    "lossy": {
        "en": "lossy compression: the samples were changed to save space; fine detail and values are not exact",
        "zh": "有损压缩：像素为节省空间被改动；细节与数值并不精确",
    },
    "lossy_ratio": {
        "en": "lossy compression: the samples were compressed {ratio} to 1; fine detail and values are not exact",
        "zh": "有损压缩：压缩比 {ratio}:1；细节与数值并不精确",
    },
    "colour": {
        "en": "colour: made grey by its brightness (0.299 red, 0.587 green, 0.114 blue)",
        "zh": "彩色：按亮度转为灰度（红 0.299、绿 0.587、蓝 0.114）",
    },
    "padding": {
        "en": "padding: samples from {least} to {most} mark places outside the image",
        "zh": "填充：{least} 至 {most} 的像素表示图像以外的区域",
    },
    "stray_bits": {
        "en": "stray bits: samples held bits beyond Bits Stored, such as an old overlay; they were cleared",
        "zh": "多余位：像素在 Bits Stored 之外存有数据（如旧式覆盖层）；已清除",
    },
    "mixed_rescale": {
        "en": "rescale by slice: slices have different rescale slopes; values were brought to one scale",
        "zh": "逐层标定：各层斜率不同；数值已统一到同一尺度",
    },
    "display_table": {
        "en": "display table: the header has a VOI LUT, which is not applied; the values are the measured ones",
        "zh": "显示表：头信息含 VOI LUT，未应用；数值为测量值",
    },
    "no_numbers": {
        "en": "not numbers: {count} samples are not finite; they were set to 0",
        "zh": "非数值：{count} 个像素不是有限数；已置为 0",
    },
    # NIfTI and pictures
    "no_units": {
        "en": "unit not stated: the header names no unit of length; it is read as millimetres, as NIfTI-1 does",
        "zh": "单位未说明：头信息未给出长度单位；按 NIfTI-1 惯例读作毫米",
    },
    "not_oriented": {
        "en": "no position: the header has neither qform nor sform, so left and right are not known",
        "zh": "无位置：头信息既无 qform 也无 sform，左右不明",
    },
    "two_places": {
        "en": "two places: qform and sform differ by up to {most} mm; the sform is used",
        "zh": "两种位置：qform 与 sform 相差最多 {most} mm；采用 sform",
    },
    "volume_of": {
        "en": "one of several volumes: volume {number} of {count}",
        "zh": "多个体数据之一：第 {number} 个，共 {count} 个",
    },
    "upright": {
        "en": "turned upright: rows and columns were turned as the EXIF orientation {value} says",
        "zh": "已转正：按 EXIF 方向 {value} 旋转",
    },
    "transparent": {
        "en": "transparency: it was dropped",
        "zh": "透明度：已舍去",
    },
}

# Why something is not read, and what it is instead
REASONS: dict[str, dict[str, str]] = {
    "closed": {"en": "it may not be opened: there is no permission", "zh": "无权打开"},
    "unopened": {"en": "the file cannot be opened: {why}", "zh": "文件无法打开：{why}"},
    "header": {"en": "the DICOM header is damaged or cut short", "zh": "DICOM 头信息损坏或不完整"},
    "no_pixels": {"en": "the object holds no pixel data", "zh": "对象不含像素数据"},
    "no_size": {
        "en": "Rows or Columns are absent or 0: this object holds no image",
        "zh": "行数或列数缺失或为 0：对象不含图像",
    },
    "frames": {"en": "Number of Frames is no whole number from 1 to {most}", "zh": "帧数不是 1 至 {most} 的整数"},
    "samples": {
        "en": "{samples} samples of {bits} bits a pixel are not read",
        "zh": "不支持每像素 {samples} 个 {bits} 位样本",
    },
    "bits": {
        "en": "Bits Stored {stored} and High Bit {high} contradict Bits Allocated {allocated}",
        "zh": "Bits Stored {stored}、High Bit {high} 与 Bits Allocated {allocated} 矛盾",
    },
    "short": {
        "en": "the pixel data are cut short: {declared} bytes are declared, {there} are there",
        "zh": "像素数据不完整：声明 {declared} 字节，实有 {there} 字节",
    },
    "fragments": {
        "en": "the compressed pixel data are cut short: fewer fragments than frames",
        "zh": "压缩像素数据不完整：片段少于帧数",
    },
    "groups": {
        "en": "{frames} frames are declared but {described} are described; which is which is unknown",
        "zh": "声明 {frames} 帧，描述 {described} 帧；无法对应",
    },
    "decode": {
        "en": "the pixel data cannot be decoded: damaged, or a transfer syntax that is not read",
        "zh": "像素数据无法解码：已损坏，或传输语法不受支持",
    },
    "no_codec": {
        "en": "no installed codec reads this transfer syntax; run: pip install 'suwen[imaging]'",
        "zh": "没有已安装的解码器支持此传输语法；请运行：pip install 'suwen[imaging]'",
    },
    "codestream": {
        "en": "the compressed frame is of {inside}, the header says {declared}",
        "zh": "压缩帧为 {inside}，头信息为 {declared}",
    },
    "rescale": {
        "en": "the rescale slope or intercept leads beyond what a number can hold",
        "zh": "重标定的斜率或截距超出数值范围",
    },
    "table": {"en": "the modality or palette look-up table is damaged", "zh": "模态或调色板查找表损坏"},
    "nifti": {"en": "the NIfTI header is damaged or of a kind that is not read", "zh": "NIfTI 头信息损坏或不受支持"},
    "nifti_short": {
        "en": "the NIfTI file is cut short: {declared} bytes are declared, {there} are there",
        "zh": "NIfTI 文件不完整：声明 {declared} 字节，实有 {there} 字节",
    },
    "nifti_type": {
        "en": "NIfTI samples of the type {type} are not read",
        "zh": "不支持类型为 {type} 的 NIfTI 样本",
    },
    "nifti_pair": {
        "en": "a NIfTI header apart from its samples (.hdr and .img) is not read; save it as .nii",
        "zh": "不支持头文件与数据分离的 NIfTI（.hdr 与 .img）；请保存为 .nii",
    },
    "nifti_shape": {
        "en": "the NIfTI shape is not of up to three axes of space and one of time",
        "zh": "NIfTI 的维度不是至多三个空间轴加一个时间轴",
    },
    "gzip": {"en": "the compressed file is damaged or cut short", "zh": "压缩文件损坏或不完整"},
    "picture": {"en": "the picture is damaged or cut short", "zh": "图片损坏或不完整"},
    "geometry": {"en": "geometry", "zh": "几何"},
    "fiducial": {"en": "a fiducial", "zh": "标定物"},
    "some_way": {"en": "a way not said", "zh": "未说明的方式"},
    # Kinds of objects that are no images
    "index": {"en": "an index of files (DICOMDIR)", "zh": "文件索引（DICOMDIR）"},
    "waveform": {"en": "a waveform", "zh": "波形"},
    "presentation": {"en": "a presentation state", "zh": "呈现状态"},
    "raw": {"en": "raw data", "zh": "原始数据"},
    "registration": {"en": "a registration", "zh": "配准"},
    "segmentation": {"en": "a segmentation, to be read as a mask", "zh": "分割（请作为掩膜读取）"},
    "report": {"en": "a structured report", "zh": "结构化报告"},
    "document": {"en": "a document", "zh": "文档"},
    "radiotherapy": {"en": "a radiotherapy object", "zh": "放射治疗对象"},
    "palette": {"en": "a colour palette", "zh": "调色板"},
}
