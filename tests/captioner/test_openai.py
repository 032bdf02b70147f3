from __future__ import annotations

from base64 import b64decode

import av
import numpy as np
import pytest

from tests.frames import frames_of
from tests.server import Reply, completion
from vidcurate.captioner.openai import OpenAI
from vidcurate.captioner.prompts import PROMPTS
from vidcurate.errors import ConfigError
from vidcurate.records import Frames
from vidcurate.registry import fingerprint
from vidcurate.video.reread import reread


def window(grey: int, count: int = 3) -> Frames:
    return frames_of(np.full((count, 24, 32, 3), grey, np.uint8), fps=2)


@pytest.fixture
def caption(chat):
    """`caption(windows, stage2=True)` captions with the test's server."""

    def captions(windows, **settings):
        return OpenAI(**{"model": "m", "base_url": chat.url, "retry_delay": 0.01, **settings}).load("cpu")(windows)

    return captions


def test_frames_go_out_as_jpegs_in_the_order_of_time_with_the_question_last(chat, caption):
    images = np.stack([np.full((24, 32, 3), grey, np.uint8) for grey in (20, 120, 220)])

    caption([frames_of(images, fps=2)])

    intro, *shown, question = chat.asked[0].parts
    assert intro["text"].endswith("0.0, 0.5, 1.0.")
    assert question["text"] == PROMPTS["default"]
    for grey, part in zip((20, 120, 220), shown, strict=True):
        head, data = part["image_url"]["url"].split(",")
        assert head == "data:image/jpeg;base64"
        (frame,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(b64decode(data)))
        decoded = frame.to_ndarray(format="rgb24")
        assert decoded.shape == (24, 32, 3)
        assert abs(decoded.mean() - grey) < 2  # JPEG and back


def test_a_window_is_thinned_and_its_clock_starts_with_it(chat, caption):
    caption([window(0, 9).part(4, 9)], max_frames=3)

    intro, *shown, _ = chat.asked[0].parts
    assert intro["text"].endswith("0.0, 1.0, 2.0.")
    assert len(shown) == 3


@pytest.mark.parametrize("variant", ["av", "av-surveillance"])
def test_a_variant_or_a_text_of_the_users_own_is_asked(chat, caption, variant):
    caption([window(0)], prompt_variant=variant)
    caption([window(0)], prompt="What colour?")

    assert [asked.text for asked in chat.asked] == [PROMPTS[variant], "What colour?"]


def test_the_second_stage_quotes_the_first_and_tokens_add_up(chat, caption):
    chat.replies = [Reply(body=completion(b"12345", message={"content": "A cat."}))]

    (answer,) = caption([window(0)], stage2=True, stage2_prompt="Longer!", prompt="What?")

    assert chat.asked[1].text == "What?\n\nA first description:\nA cat.\n\nLonger!"
    assert len(chat.asked[1].parts) == len(chat.asked[0].parts)
    assert answer.text.startswith("seen ")
    assert answer.output_tokens == 4
    assert answer.prompt_tokens > 5


def test_a_second_stage_that_fails_says_so(chat, caption):
    chat.replies = [Reply(), Reply(status=400, body=b"too long")]

    (answer,) = caption([window(0)], stage2=True)

    assert (answer.text, answer.failure) == ("", "stage 2: HTTP 400: too long")


def test_one_window_fails_and_the_others_keep_their_captions(chat, caption):
    windows = [window(grey, count) for count, grey in enumerate(range(0, 250, 25), start=1)]
    whole = caption(windows)

    chat.failing = f"{', '.join(f'{second / 2:.1f}' for second in range(4))}."  # the window of four frames
    torn = caption(windows, retries=1, concurrency=4)

    assert len({answer.text for answer in whole}) == 10
    assert torn[3].failure == "HTTP 500: failing (2 tries)"
    assert torn[:3] + torn[4:] == whole[:3] + whole[4:]
    chat.failing = ""
    assert caption(windows[::-1], concurrency=3) == whole[::-1]


def test_what_changes_no_caption_changes_no_fingerprint():
    same = OpenAI(model="m", base_url="http://other/v1", api_key_env="K", timeout=1, retries=0, concurrency=1)

    assert fingerprint(same) == fingerprint(OpenAI(model="m"))
    assert fingerprint(OpenAI(model="m", prompt="x")) != fingerprint(OpenAI(model="m"))
    assert fingerprint(OpenAI(model="m", window_frames=64)) != fingerprint(OpenAI(model="m"))


def test_frames_keep_their_shape_and_are_not_enlarged(make_video):
    sampling = OpenAI(model="m", size=40).sampling
    wide = make_video("wide.mp4", shots=(25,), size=(160, 90))

    assert reread(str(wide), [sampling])[sampling].images.shape == (2, 30, 53, 3)  # 53 x 30 = 1590 of 1600 pixels

    large = OpenAI(model="m").sampling
    assert reread(str(wide), [large])[large].images.shape == (2, 90, 160, 3)


def test_a_server_that_is_not_there_stops_the_run_before_any_work():
    with pytest.raises(ConfigError, match=r"captioner\.base_url='http://127\.0\.0\.1:9/v1': no server answers"):
        OpenAI(model="m", base_url="http://127.0.0.1:9/v1").check()
