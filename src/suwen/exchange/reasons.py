"""Why an object did not go as it was, or not at all, in both languages; and what a peer's status means."""

from __future__ import annotations

from suwen.exchange.nouns import Reason

__all__ = [
    "BROKE",
    "NOT_ENCODED",
    "NOT_SAID",
    "NO_DICOM",
    "NO_SUCH_CLASS",
    "WARNED",
    "cannot_be_read",
    "converted_to",
    "lost",
    "meaning",
    "not_taken",
]

BROKE = Reason("the connection broke, or there was no answer in time", "连接中断或未按时应答")
NOT_ENCODED = Reason("cannot be encoded", "无法编码")
NOT_SAID = Reason("the server did not say so of each object", "服务器未逐一确认")
NO_DICOM = Reason("no DICOM file", "不是 DICOM 文件")
NO_SUCH_CLASS = Reason("objects of this class are not taken", "对方不接收此类对象")
WARNED = Reason("with a warning", "有警告")

_MEANT = {  # PS3.4 tables B.2-1, PS3.7 annex C, PS3.18 table 10.5.3
    0x0110: Reason("it could not be processed", "处理失败"),
    0x0111: Reason("another object is there under the same UID", "已存在相同 UID 的另一对象"),
    0x0117: Reason("its UID is not valid", "UID 无效"),
    0x0122: NO_SUCH_CLASS,
    0x0124: Reason("not authorised", "未获授权"),
    0xA700: Reason("out of resources", "资源不足"),
    0xA900: Reason("the object is not of the class it says", "对象与所声明的类别不符"),
    0xC000: Reason("the object cannot be understood", "无法解析该对象"),
}


def meaning(status: int) -> Reason:
    """What a failure status says."""
    return _MEANT.get(status, Reason(f"status {status:#06x}", f"状态码 {status:#06x}"))


def cannot_be_read(system: str | None) -> Reason:
    """A file that the system does not give, with the system's own words."""
    return Reason(system or "cannot be read to its end", f"无法读取（{system}）" if system else "无法完整读取")


def not_taken(syntax: str, *, undecodable: bool = False) -> Reason:
    """The peer takes the class, but not in this transfer syntax, and there is no way out without loss."""
    if undecodable:
        return Reason(
            f"not taken as {syntax}, and the pixels cannot be decoded", f"对方不接受 {syntax}，且像素无法解码"
        )
    return Reason(f"not taken as {syntax}", f"对方不接受 {syntax}")


def converted_to(old: str, new: str) -> Reason:
    """It went in another transfer syntax."""
    return Reason(f"{old} to {new}, without loss", f"由 {old} 无损转换为 {new}")


def lost(error: str) -> Reason:
    """The connection could not be had again; `error` says how, and names no patient."""
    return Reason(error, f"连接中断，未能恢复（{error}）")
