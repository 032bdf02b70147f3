from __future__ import annotations

import json
import socket
import time
from email.utils import formatdate

import pytest
from pydantic import ValidationError

from tests.server import Reply, completion
from vidcurate.errors import ConfigError
from vidcurate.model.chat import Chat

QUESTION = [{"type": "text", "text": "What is it?"}]
KEY = "sk-very-secret"


@pytest.fixture
def ask(chat):
    """`ask(retries=1)` asks the server, without long waits, and gives the answer."""

    def asked(**changes):
        settings = {"model": "m", "base_url": chat.url, "retry_delay": 0.01, "timeout": 5.0, **changes}
        return Chat(**settings).ask(QUESTION)

    return asked


def test_the_answer_comes_with_its_tokens_and_the_request_says_what_is_asked(chat, ask):
    answer = ask(max_tokens=7, temperature=0.5)

    (asked,) = chat.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "m",
        "messages": [{"role": "user", "content": QUESTION}],
        "max_tokens": 7,
        "temperature": 0.5,
    }
    assert answer.text.startswith("seen ")
    assert answer.failure == ""
    assert (answer.prompt_tokens, answer.output_tokens) == (len(json.dumps(asked.body)), 2)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_a_passing_trouble_is_tried_again(chat, ask, status):
    chat.replies = [Reply(status=status, body=b"busy")] * 2

    assert ask(retries=2).text
    assert len(chat.asked) == 3


def test_trouble_that_does_not_pass_is_given_up_with_what_the_server_said(chat, ask):
    chat.replies = [Reply(status=500, body=b"out of\n memory")] * 3

    assert ask(retries=2).failure == "HTTP 500: out of memory (3 tries)"
    assert len(chat.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_a_request_that_is_refused_is_not_repeated(chat, ask, status):
    chat.replies = [Reply(status=status, body=b"no")]

    assert ask(retries=5).failure == f"HTTP {status}: no"
    assert len(chat.asked) == 1


def test_the_waits_double(chat, ask):
    chat.replies = [Reply(status=503)] * 3

    begin = time.monotonic()
    ask(retries=3, retry_delay=0.05)

    assert time.monotonic() - begin > 0.35  # .05 + .1 + .2


@pytest.mark.parametrize("says", [lambda: "0.4", lambda: formatdate(time.time() + 2, usegmt=True)], ids=["s", "date"])
def test_no_try_is_made_before_the_server_wants_it(chat, ask, says):
    chat.replies = [Reply(status=429, headers={"Retry-After": says()})]

    begin = time.monotonic()
    answer = ask(retries=1)

    assert answer.text
    assert time.monotonic() - begin > 0.35  # a date has whole seconds: 2 s ahead is at least 1 s away


def test_a_server_that_says_nothing_is_left_after_the_time_out(chat, ask):
    chat.replies = [Reply(silent=True)] * 2

    begin = time.monotonic()
    answer = ask(timeout=0.1, retries=1)

    assert answer.failure == "no answer: timed out (2 tries)"
    assert time.monotonic() - begin < 4


def test_a_server_that_drips_is_left_after_the_time_out(chat, ask):
    chat.replies = [Reply(dripping=True)]

    begin = time.monotonic()
    answer = ask(timeout=0.2, retries=0)

    assert answer.failure == "no answer: timed out"
    assert time.monotonic() - begin < 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": 3}}]}',
        b"\xff",
        completion(b"")[:-20],
    ],
    ids=["nothing", "html", "list", "no choice", "number", "not utf-8", "cut off"],
)
def test_what_is_no_completion_is_tried_again_and_then_told(chat, ask, body):
    chat.replies = [Reply(body=body)]
    assert ask(retries=1).text

    chat.replies = [Reply(body=body)]
    assert ask(retries=0).failure.startswith("not what was asked for: ")


@pytest.mark.parametrize("text", ["", " \n", None])
def test_an_empty_answer_is_a_failure_that_counts_its_tokens(chat, ask, text):
    chat.replies = [Reply(body=completion(b"?", message={"content": text}, finish_reason="content_filter"))]

    answer = ask()

    assert answer.failure == "an empty answer, finish_reason 'content_filter'"
    assert answer.output_tokens == 2


def test_the_key_is_sent_and_shown_nowhere(chat, ask, monkeypatch, caplog):
    monkeypatch.setenv("SOME_KEY", KEY)
    chat.replies = [Reply(status=401, body=f"wrong key {KEY}".encode())]

    with caplog.at_level("DEBUG"):
        answer = ask(api_key_env="SOME_KEY")

    assert chat.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert answer.failure == "HTTP 401: wrong key ***"
    assert KEY not in repr(Chat(model="m", api_key_env="SOME_KEY")) + caplog.text


def test_no_key_is_sent_where_there_is_none(chat, ask, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    ask()

    assert "Authorization" not in chat.asked[0].headers


def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(ask, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\nsecret")

    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        ask()

    assert "secret" not in str(caught.value)


def test_a_redirect_is_not_followed(chat, ask):
    chat.replies = [Reply(status=302, headers={"Location": f"{chat.url}/chat/completions"})]

    assert ask().failure.startswith("HTTP 302")
    assert len(chat.asked) == 1


@pytest.mark.parametrize("url", ["ftp://host/v1", "http://me:secret@host/v1", "http://host/v1?key=secret", "host/v1"])
def test_an_address_of_another_kind_or_with_a_secret_in_it_is_refused(url):
    with pytest.raises(ValidationError, match="base_url"):
        Chat(model="m", base_url=url)


def test_a_server_is_found_out_before_any_work(chat, monkeypatch):
    client = Chat(model="m", base_url=chat.url)
    client.reach("captioner")

    chat.replies = [Reply(status=404)]  # some have no list of models
    client.reach("captioner")

    chat.replies = [Reply(status=401)]
    with pytest.raises(ConfigError, match=r"captioner\.base_url=.* answers 401: put a valid key into OPENAI_API_KEY"):
        client.reach("captioner")


def test_a_server_that_is_not_there_is_found_out_before_any_work():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"

        with pytest.raises(ConfigError, match=r"enhancer\.base_url=.*: no server answers \(.*refused"):
            Chat(model="m", base_url=url).reach("enhancer")
        assert Chat(model="m", base_url=url, retries=0).ask(QUESTION).failure.startswith("no answer: ")
