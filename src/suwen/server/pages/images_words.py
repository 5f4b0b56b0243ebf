"""The words of the pages about images, English and Chinese."""

from __future__ import annotations

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["IMAGE_WORDS"]

IMAGE_WORDS: Words = {
    # The list
    "title": Saying("Images", "影像"),
    "none": Saying(
        "The record holds no images yet. Modalities and archives send them by DICOMweb (STOW-RS) to {address}.",
        "该患者暂无影像。设备与影像归档系统可通过 DICOMweb（STOW-RS）发送至 {address}。",
    ),
    "studies": Saying("Studies", "检查"),
    "undated": Saying("without a date", "日期不详"),
    "unnamed": Saying("Study", "检查"),
    "objects": Saying("{count} objects", "{count} 个对象"),
    "object": Saying("1 object", "1 个对象"),
    "no_pictures": Saying("no images: reports, outlines or settings of a display", "无图像：报告、勾画或显示设置"),
    "upload": Saying("Add images", "添加影像"),
    "upload_hint": Saying(
        "DICOM, PNG, JPEG or NIfTI, each kept as it is. DICOM files name their patient; what names another patient is "
        "refused. Pictures and NIfTI name nobody: make sure whose they are. A picture has no scale, so nothing in it "
        "is measured in millimetres.",
        "支持 DICOM、PNG、JPEG、NIfTI，文件原样保存。DICOM 自带患者标识，与本患者不符者不予接收；"
        "图片与 NIfTI 不含患者标识，请先核对归属。图片无比例尺，不能以毫米测量。",
    ),
    "by_files": Saying("Added files", "上传的文件"),
    "files": Saying("Files", "文件"),
    "add": Saying("Add", "添加"),
    "added": Saying("{good} of {all} files were kept.", "已保存 {good} / {all} 个文件。"),
    "refused": Saying(
        "Not kept: a DICOM file that is damaged or of another patient (number or birth date differ).",
        "未保存：DICOM 文件损坏，或标识（编号、出生日期）与本患者不符。",
    ),
    # The viewer
    "back": Saying("All images", "全部影像"),
    "viewer": Saying("Image viewer", "影像浏览"),
    "image_of": Saying("Image {number} of {count}", "第 {number} / {count} 幅"),
    "tools": Saying("What dragging does", "拖动操作"),
    "tool_window": Saying("Window", "窗宽窗位"),
    "tool_pan": Saying("Move", "平移"),
    "tool_zoom": Saying("Zoom", "缩放"),
    "tool_length": Saying("Length", "长度"),
    "tool_angle": Saying("Angle", "角度"),
    "tool_ellipse": Saying("Ellipse", "椭圆"),
    "invert": Saying("Invert", "反相"),
    "reset": Saying("Reset", "复位"),
    "clear": Saying("Remove measurements", "清除测量"),
    "play": Saying("Play", "播放"),
    "pause": Saying("Pause", "暂停"),
    "slice": Saying("Slice", "层"),
    "preset": Saying("Window preset", "窗位预设"),
    "centre": Saying("centre", "窗位"),
    "width": Saying("width", "窗宽"),
    "loading": Saying("Opening the image …", "正在打开影像……"),
    "failed": Saying("The image could not be loaded. Reload the page.", "影像加载失败，请刷新页面。"),
    "keys": Saying("Keys", "快捷键"),
    "keys_text": Saying(
        "Arrows up and down: slices (in a single image: move). W, P, Z, L, A, E: window, move, zoom, length, angle, "
        "ellipse. With the window tool Shift and arrows change centre and width; + and − zoom; I inverts; R resets; "
        "space plays; Enter sets a point of a measurement where the cross is, which arrows move; Escape ends it; "
        "Delete removes the last; K keeps all.",
        "上、下方向键翻层（单幅图像为平移）。W、P、Z、L、A、E：窗位、平移、缩放、长度、角度、椭圆。"
        "Shift 加方向键调节窗位与窗宽；"
        "+、− 缩放；I 反相；R 复位；空格播放；测量时方向键移动十字，Enter 定点，Esc 取消，"
        "Delete 删除上一个测量，K 存入病历。",
    ),
    "measured": Saying("Measurements", "测量值"),
    "nothing_measured": Saying("Nothing measured yet.", "尚无测量。"),
    "keep_measures": Saying("Keep in the record", "存入病历"),
    "kept": Saying("Kept in the record", "已存入病历"),
    "nothing_kept": Saying("No measurement of this image is kept yet.", "该图像尚无已存测量。"),
    "withdraw": Saying("Withdraw", "撤回"),
    "kept_by": Saying("{who}, {when}", "{who}，{when}"),
    "not_kept": Saying("Drawn, not kept yet", "已绘制，未存入"),
    "measure_note": Saying(
        "What is kept is worked out again from the stored image. Withdrawn, it stays in the history.",
        "存入的数值由系统依据原始图像重新计算；撤回后仍保留在历史中。",
    ),
    "length": Saying("Length", "长度"),
    "angle": Saying("Angle", "角度"),
    "area": Saying("Area", "面积"),
    "mean": Saying("mean", "均值"),
    "deviation": Saying("standard deviation", "标准差"),
    "pixels": Saying("pixels", "像素"),
    "scale_patient": Saying("Millimetres in the patient.", "毫米值为患者体内实际长度。"),
    "scale_calibrated": Saying("Millimetres corrected for magnification.", "毫米值已校正放大率。"),
    "scale_detector": Saying(
        "Millimetres at the detector: the body is magnified, so lengths are upper bounds (≤).",
        "毫米值按探测器平面计算，人体存在放大，长度为上限值（≤）。",
    ),
    "scale_stated": Saying("Millimetres as stated by whoever gave the image.", "毫米值由提供影像者注明。"),
    "scale_none": Saying("This image has no scale: lengths are in pixels.", "该图像无比例尺：长度以像素表示。"),
    "no_view": Saying("This browser cannot draw images.", "浏览器不支持显示影像。"),
    # Volumes
    "volume": Saying("Three planes and volume", "三平面与容积显示"),
    "volume_load": Saying("Load the volume", "加载容积数据"),
    "volume_hint": Saying(
        "Loads the whole series into this browser's memory; nothing stays there when the page is left.",
        "将整个序列载入浏览器内存；离开页面后不保留。",
    ),
    "volume_failed": Saying(
        "The volume cannot be drawn here: this browser has no WebGL 2.", "无法显示容积：浏览器不支持 WebGL 2。"
    ),
    "volume_ready": Saying("Volume loaded", "容积已加载"),
    "volume_planes": Saying("Planes", "平面"),
    "volume_render": Saying("Volume", "容积"),
    # Layers
    "layers": Saying("Layers", "图层"),
    "no_layers": Saying("There are no layers before the image is read.", "判读后方有图层。"),
    "opacity": Saying("Opacity", "不透明度"),
    "legend_heat": Saying(
        "Brighter means that the place speaks more for it; not a probability.", "越亮表示该部位支持程度越高，并非概率。"
    ),
    # The reading
    "reading": Saying("Reading by program", "程序判读"),
    "read": Saying("Read this image", "判读此影像"),
    "read_again": Saying("Read again", "重新判读"),
    "read_hint": Saying(
        "Chest radiographs in frontal views are read; what is found goes to the findings, for a physician to confirm.",
        "目前判读正位胸片；所见将列入“发现”，由医师确认。",
    ),
    "read_volume": Saying(
        "In volumes nothing is found by itself: choose what outlines this one. A segmentation (DICOM SEG) of the study "
        "or a mask (NIfTI) is measured; a network outlines and is measured.",
        "容积影像不会自动判读，请选择勾画方式：测量本检查的分割（DICOM SEG）或掩膜（NIfTI），或由网络勾画后测量。",
    ),
    "no_way": Saying(
        "Nothing here can outline this volume: its study holds no segmentation, and no network of this house takes it.",
        "目前无法勾画该容积：本检查无分割，本机构亦无适用网络。",
    ),
    "way": Saying("What outlines it", "勾画方式"),
    "way_signs": Saying("Signs of a frontal chest radiograph", "正位胸片征象"),
    "measure_it": Saying("Outline and measure", "勾画并测量"),
    "outlined": Saying("Outlined", "勾画"),
    "structures": Saying("Structures and lesions", "结构与病灶"),
    "name": Saying("Name", "名称"),
    "part": Saying("part {number}", "第 {number} 块"),
    "volume_ml": Saying("Volume", "体积"),
    "diameters": Saying("Longest × across", "最长径 × 垂直径"),
    "intensity": Saying("Mean (SD)", "均值（标准差）"),
    "where": Saying("Place", "位置"),
    "edge": Saying("reaches the edge", "达图像边缘"),
    "limit_engine": Saying(
        "A network chosen by this house; how well it draws is for its maker and this house to know.",
        "由本机构选用的网络；其准确性由其提供者与本机构负责评估。",
    ),
    "limit_outlines": Saying(
        "Measures are as good as the outline: check it on the slices. Diameters are those of RECIST 1.1, in the plane "
        "of the slices. Places are in the coordinates of the scanner.",
        "测量值取决于勾画是否准确，请逐层核对。径线按 RECIST 1.1 在层面内测量。位置为扫描坐标。",
    ),
    "limit_parts": Saying(
        "A structure in several pieces has one row for all and one for each piece.",
        "由多块组成的结构先列总体，再列各块。",
    ),
    "limit_edge": Saying("What reaches the edge of the image is larger than measured.", "达图像边缘者实际大于测量值。"),
    "limit_many": Saying(
        "So many structures are shown and measured, and not filed as findings.",
        "结构数量较多，仅显示与测量，不列入“发现”。",
    ),
    "limit_odd_volume": Saying(
        "Together {volume} mL: experts outlined {low} to {high} mL in 98 of 100 crops. This may be no crop of a "
        "hippocampus, or the outline is wrong.",
        "合计 {volume} mL：专家勾画的 98% 在 {low}～{high} mL 之间。该图像可能不是海马裁剪块，或勾画有误。",
    ),
    "unlaid": Saying("A segmentation of this study cannot be shown: {why}", "本检查的一个分割无法显示：{why}"),
    "findings_here": Saying("Findings in this image", "本影像的发现"),
    "verdict_confirmed": Saying("confirmed", "已确认"),
    "verdict_amended": Saying("amended", "已修正"),
    "verdict_rejected": Saying("rejected", "已否定"),
    "verdict_": Saying("waits for review", "待审核"),
    "read_at": Saying("Read {when}", "判读时间 {when}"),
    "findings_link": Saying("To the findings", "查看发现"),
    "lesions": Saying("Shadows", "异常阴影"),
    "no_lesions": Saying(
        "No abnormal shadow was detected. One behind heart, diaphragm or bone may be missed.",
        "未检出异常阴影。心影后、膈后或骨骼重叠处的病灶可能漏检。",
    ),
    "number": Saying("No.", "序号"),
    "described": Saying("Description", "描述"),
    "size": Saying("Size", "大小"),
    "certainty": Saying("Certainty", "把握度"),
    "show": Saying("Show", "显示"),
    "share": Saying("{share} % of the lung", "占该侧肺野 {share}%"),
    "signs": Saying("Signs", "征象"),
    "scores": Saying("Learned scores", "学习评分"),
    "chance": Saying("Chance", "概率"),
    "basis": Saying("Basis", "依据"),
    "quality": Saying("Quality of the image", "影像质量"),
    "weighed": Saying("Weighed", "权衡"),
    "sum": Saying("sum of evidence (log10)", "证据之和（log10）"),
    "limits": Saying("Limits and sources", "局限与来源"),
    "limit_1": Saying(
        "Measured and described by a program, for a radiologist to check; not a diagnosis.",
        "由程序测量与描述，供影像科医师核对，不构成诊断。",
    ),
    "limit_2": Saying(
        "One image is read, without earlier ones and without symptoms. No sign does not mean a healthy chest.",
        "仅判读单幅影像，未与既往比较，未结合症状。未见征象不代表胸部正常。",
    ),
    "limit_3": Saying(
        "A browser's screen is no diagnostic display: greys and fine detail may be lost.",
        "浏览器屏幕并非诊断显示器，灰阶与细节可能有损失。",
    ),
    "made_by": Saying("Made by", "制作者"),
    "noticed": Saying("Noticed while opening", "打开时的提示"),
    "not_read": Saying("Nothing was read in this image: {why}", "此影像未作判读：{why}"),
    # Two side by side
    "compare": Saying("Lay another image beside it", "与其他影像对比"),
    "linked": Saying("Go together", "联动"),
    "linked_hint": Saying(
        "Window, zoom and place of one follow the other; slices go on by the same millimetres.",
        "窗位、缩放与位置同步；翻层按相同毫米数移动。",
    ),
    "earlier": Saying("Earlier", "先前"),
    "later": Saying("Later", "随后"),
    "changed": Saying("What changed", "变化"),
    "days_between": Saying("{days} days between them", "相隔 {days} 天"),
    "measure": Saying("Measure", "指标"),
    "longest": Saying("Longest diameter in a slice", "层内最长径"),
    "change": Saying("Change", "变化量"),
    "no_changes": Saying(
        "Nothing was outlined under one name in both: outline and measure each image first.",
        "两幅影像中没有同名结构：请先分别勾画并测量。",
    ),
    "change_note": Saying(
        "Structures are matched by name alone. No category of response (RECIST 1.1) is given: its target lesions are "
        "chosen by a radiologist, and repeated outlines differ too.",
        "仅按名称匹配结构。不给出疗效分级（RECIST 1.1）：靶病灶由影像科医师选定，重复勾画本身亦有差异。",
    ),
    # The job
    "job_title": Saying("Reading of an image", "影像判读"),
    "job_opening": Saying("Opening", "打开影像"),
    "job_reading": Saying("Reading", "判读"),
    "job_outlining": Saying("Outlining", "勾画"),
    "job_measuring": Saying("Measuring", "测量"),
    "job_filing": Saying("Filing", "归档"),
}
