from __future__ import annotations

import av
import pytest

from tests.video.making import cut_at
from vidcurate.errors import UnreadableVideo
from vidcurate.transcoder.copy import Copy
from vidcurate.transcoder.h264 import H264
from vidcurate.video.contents import content_hash


def packed_anew(path, goal):
    """The same coded frames in another container, without the sound."""
    with av.open(str(path)) as source, av.open(str(goal), "w", container_options={"title": "another"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return goal


@pytest.mark.parametrize("container", ["mkv", "mov"])
def test_another_container_without_sound_has_the_same_hash(make_video, tmp_path, container):
    path = make_video(shots=(20,), audio=True)

    assert content_hash(str(packed_anew(path, tmp_path / f"anew.{container}"))) == content_hash(str(path))


def test_another_encoding_has_another_hash(make_video):
    path = make_video(shots=(20,))
    clips = [cut_at(path, starts=(0,), transcoder=H264(crf=crf))[0] for crf in (23, 24, 23)]

    assert clips[0].content_hash != clips[1].content_hash
    assert clips[0].content_hash == clips[2].content_hash


def test_copies_of_the_same_group_of_pictures_that_show_other_frames_of_it_differ(make_video):
    path = make_video(shots=(60,), gop=100)
    tails = [cut_at(path, starts=(0, start), transcoder=Copy())[1] for start in (20, 21)]

    assert [clip.file.encoder for clip in tails] == ["copy", "copy"]
    assert tails[0].content_hash != tails[1].content_hash


def test_a_file_without_a_video_has_none(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"nothing")

    with pytest.raises(UnreadableVideo):
        content_hash(str(tmp_path / "no.mp4"))
