from __future__ import annotations

import pytest

from vidcurate.enhancer.openai import OpenAI
from vidcurate.enhancer.prompts import PROMPTS
from vidcurate.errors import ConfigError
from vidcurate.records import Answer
from vidcurate.registry import fingerprint


@pytest.mark.parametrize("variant", ["default", "av", "av-surveillance"])
def test_the_caption_follows_the_question(chat, variant):
    OpenAI(model="m", base_url=chat.url, prompt_variant=variant).load("cpu")(["A dog."])

    assert chat.asked[0].text == f"{PROMPTS[variant]}\n\nA dog."


def test_one_caption_fails_and_the_others_keep_their_rewriting(chat):
    captions = [f"Caption {number}." for number in range(9)]
    enhance = OpenAI(model="m", base_url=chat.url, retries=0, concurrency=4, prompt="Again:").load("cpu")
    whole = enhance(captions)

    chat.failing = "Caption 4."

    torn = enhance(captions)
    assert torn[4] == Answer(failure="HTTP 500: failing")
    assert torn[:4] + torn[5:] == whole[:4] + whole[5:]
    assert len({answer.text for answer in whole}) == 9


def test_what_changes_no_answer_changes_no_fingerprint():
    assert fingerprint(OpenAI(model="m", base_url="http://other/v1", retries=0)) == fingerprint(OpenAI(model="m"))
    assert fingerprint(OpenAI(model="m", temperature=1)) != fingerprint(OpenAI(model="m"))


def test_a_server_that_is_not_there_stops_the_run_before_any_work():
    with pytest.raises(ConfigError, match=r"enhancer\.base_url='http://127\.0\.0\.1:9/v1': no server answers"):
        OpenAI(model="m", base_url="http://127.0.0.1:9/v1").check()
