"""Decoding by an Nvidia GPU's NVDEC, through FFmpeg; frames come back to host memory, as the CPU would have made them.

H.264, HEVC, VP9 and AV1 are decoded to the bit by their standards, so that sound streams give the same frames. Of
damaged ones a GPU may save other frames than a CPU. Not yet run on a GPU by us.
"""

from __future__ import annotations

import av
from av.codec.hwaccel import HWAccel, hwdevices_available

from vidcurate.errors import DecodeError
from vidcurate.records import VideoInfo

CODECS = frozenset({"h264", "hevc", "vp9", "av1"})
"""As FFmpeg names them; the CPU decodes all others."""
FORMATS = {"yuv420p": "nv12", "yuv420p10le": "p010le"}
"""Pixel formats that a CPU decodes to, and those of the same pixels as they come from the GPU."""
_PLAIN = {gpu: cpu for cpu, gpu in FORMATS.items()}


def missing() -> str | None:
    """What is missing on this machine, in a few words; None if nothing is."""
    import torch

    if "cuda" not in hwdevices_available():
        return "PyAV was built without CUDA"
    return None if torch.cuda.is_available() else "torch sees no Nvidia GPU"


def accelerator(info: VideoInfo) -> HWAccel | None:
    """What decodes a video on the GPU that is this worker's; None for one that is left to the CPU."""
    if info.codec not in CODECS or info.pixel_format not in FORMATS or missing():
        return None
    return HWAccel("cuda", allow_software_fallback=True)


def plain(frame: av.VideoFrame) -> av.VideoFrame:
    """A frame with the planes that the CPU's decoder gives: the same pixels, laid out otherwise.

    Raises:
        DecodeError: it is interlaced, which the way here does not tell any more.
    """
    name = _PLAIN.get(frame.format.name)
    if name is None:  # the decoder has fallen back to the CPU
        return frame
    if frame.interlaced_frame:
        raise DecodeError("interlaced frames lose their order on the way from the GPU; take decoder=cpu")
    return frame.reformat(format=name)  # keeps timestamp and colours
