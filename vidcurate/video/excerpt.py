"""A stretch of a long video as a file of its own: its packets are copied, from a key frame on, and nothing is decoded.

It is for trials: its frames are those of the video, its timestamps are not, and its ends lie at key frames or packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import Packet
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from vidcurate.errors import EncodeError
from vidcurate.video.container import opened, picture, sound
from vidcurate.video.within import Within


def excerpt(path: str | Within, goal: Path, start: float, length: float) -> float:
    """Copy a stretch.

    Args:
        path: of the video, or the part of a file that holds it.
        goal: a new Matroska file.
        start: seconds after the first frame at which it should begin; it begins with the key frame before.
        length: seconds that it should last.

    Returns:
        seconds that it lasts.

    Raises:
        UnreadableVideo: it is no video.
        EncodeError: its packets cannot be copied.
    """
    with opened(path) as source:
        try:
            with av.open(f"file:{goal}", "w", format="matroska") as written:
                return _copied(source, written, start, length)
        except (av.FFmpegError, ValueError) as error:
            goal.unlink(missing_ok=True)
            raise EncodeError(f"{goal.name}: packets cannot be copied ({error})") from error


def _copied(source: InputContainer, written: OutputContainer, start: float, length: float) -> float:
    video, audio = picture(source), sound(source)
    if video is None or video.time_base is None:
        raise ValueError("there is no picture")
    heard = [audio] if audio is not None and audio.time_base is not None else []
    copies = {one.index: written.add_stream_from_template(one, opaque=True) for one in (video, *heard)}
    origin = (video.start_time or 0) * video.time_base
    source.seek(round((origin + Fraction(start)) / video.time_base), stream=video, backward=True)
    first: Fraction | None = None
    last = Fraction(0)
    for packet in _dated(source.demux(video, *heard), video.index):
        is_picture = packet.stream_index == video.index
        moment = (packet.pts or 0) * _base(packet.stream)
        if first is None:
            if not (is_picture and packet.is_keyframe):
                continue
            first = moment
        if is_picture and packet.is_keyframe and moment - first >= length:
            break
        if is_picture and moment - first >= 2 * length:  # key frames are rare
            break
        if moment < first:
            continue
        if is_picture:
            last = max(last, moment - first + (packet.duration or 0) * _base(packet.stream))
        shift = round(first / _base(packet.stream))
        packet.pts, packet.dts = (packet.pts or 0) - shift, (packet.dts or 0) - shift
        packet.stream = copies[packet.stream_index]
        written.mux(packet)
    if first is None or not last:
        raise ValueError(f"no key frame from {start:g} s on")
    return float(last)


def _dated(packets: Iterator[Packet[Stream]], picture: int) -> Iterator[Packet[Stream]]:
    """Packets that say when they are shown and decoded; the first of a Matroska file do not say the latter."""
    waiting: list[Packet[Stream]] = []
    for packet in packets:
        if packet.pts is None or not packet.size:
            continue
        if packet.dts is None:
            waiting += [packet] if packet.stream_index == picture else []
            continue
        if packet.stream_index == picture:
            for steps, earlier in enumerate(reversed(waiting), start=1):
                earlier.dts = packet.dts - steps * max(1, packet.duration or 0)
            yield from waiting
            waiting = []
        yield packet


def _base(stream: Stream) -> Fraction:
    return stream.time_base or Fraction(1)
