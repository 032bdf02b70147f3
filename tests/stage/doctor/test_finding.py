from __future__ import annotations

import pytest

from vidcurate.errors import ConfigError, MissingExtra, MissingWeights, StoreError
from vidcurate.stage.doctor.finding import parted, told


@pytest.mark.parametrize(
    ("error", "said", "todo"),
    [
        (
            MissingExtra("ivf", package="faiss-cpu", extra="cpu"),
            "ivf needs faiss-cpu, which is not installed",
            "pip install 'vidcurate[cpu]'",
        ),
        (
            MissingWeights("clip checkpoint a/b holds no weights: hf download a/b"),
            "clip checkpoint a/b holds no weights",
            "hf download a/b",
        ),
        (
            ConfigError(["out=/x: /x is a file; name a folder, which is made if it is not there"]),
            "out=/x: /x is a file",
            "name a folder, which is made if it is not there",
        ),
        (
            ConfigError(["nvenc does not open (none); it needs a GPU. Choose transcoder=h264"]),
            "nvenc does not open (none); it needs a GPU",
            "Choose transcoder=h264",
        ),
        (
            StoreError("s3://b cannot be written (Denied): check the credentials and their rights there"),
            "s3://b cannot be written (Denied)",
            "check the credentials and their rights there",
        ),
    ],
)
def test_an_error_of_ours_is_told_apart_from_its_advice(error, said, todo):
    assert parted(error) == (said, todo)


def test_an_error_of_a_library_is_told_by_its_class_and_first_line():
    assert told(OSError("\n  libcuda.so.1: cannot open\nmore")) == "OSError: libcuda.so.1: cannot open"
    assert told(ImportError()) == "ImportError"
