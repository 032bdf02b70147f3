"""FFmpeg as PyAV brings it: its libraries, what it decodes and encodes."""

from __future__ import annotations

from collections.abc import Iterator

from vidcurate.stage.doctor.finding import Case, lack, told
from vidcurate.stage.doctor.versions import reinstall
from vidcurate.stage.findings import Finding, note, ok, trouble

DECODERS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "prores", "mjpeg")
"""Of what people's videos are mostly made, by FFmpeg's names."""
ENCODERS = ("libx264", "aac", "libwebp_anim", "h264_nvenc", "libx265", "libsvtav1", "libvpx-vp9", "prores_ks")
SOFTWARE = ("h264", "smart", "h264_nvenc")
"""Transcoders that write by libx264; the last of them only what its GPU refuses."""


def codecs(case: Case) -> Iterator[Finding]:
    """What decodes and encodes here."""
    try:
        import av

        from vidcurate.video.codecs import fault, libraries
    except Exception as error:  # a broken library is a finding
        yield trouble("av", f"cannot be imported: {told(error)}", reinstall("av"))
        return
    yield ok("av", f"{av.__version__}, FFmpeg: {', '.join(f'{name} {number}' for name, number in libraries().items())}")
    decodes = {name: fault(name, "decode") for name in DECODERS}
    yield ok("decoders", ", ".join(name for name, why in decodes.items() if not why))
    for name in (name for name, why in decodes.items() if why):
        yield note(
            f"decoder {name}",
            f"does not open ({decodes[name]}); such videos are recorded as failed",
            f"{reinstall('av')}; its wheel has it",
        )
    yield from _encoders(case, {name: fault(name, "encode") for name in ENCODERS})


def _encoders(case: Case, faults: dict[str, str]) -> Iterator[Finding]:
    transcoder, cuts = case.recipe.transcoder, case.does("split")
    needed = {
        "libx264": cuts and transcoder.name in SOFTWARE,
        "aac": cuts and transcoder.name in SOFTWARE and getattr(transcoder, "audio", "") == "keep",
        "libwebp_anim": cuts and case.recipe.preview.name == "webp",
        "h264_nvenc": cuts and transcoder.name == "h264_nvenc",
    }
    yield ok("encoders", ", ".join(name for name, why in faults.items() if not why))
    for name, why in faults.items():
        if not why:
            continue
        if name == "h264_nvenc":
            advice = (
                "transcoder=h264; NVENC wants a GPU of Nvidia that has it (A100, H100, H200 have none) and its driver"
            )
            yield lack(needed[name], f"encoder {name}", f"does not open ({why})", advice)
        elif name in needed:
            advice = f"{reinstall('av')}; its wheel has it"
            yield lack(needed[name], f"encoder {name}", f"does not open ({why})", advice)
        else:
            yield note(f"encoder {name}", f"does not open ({why}); no transcoder of vidcurate uses it")
