import pytest

from vidcurate.store.mask import masked, masked_values

PRESIGNED = (
    "https://b.s3.amazonaws.com/a%20b.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101"
    "&X-Amz-Date=20260101T000000Z&X-Amz-Signature=abcdef&versionId=7"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://bucket/a b.mp4", "s3://bucket/a b.mp4"),
        ("https://host/a.mp4?id=5&page=2#top", "https://host/a.mp4?id=5&page=2#top"),
        ("https://ann:p@ss%2F@host/a.mp4", "https://***@host/a.mp4"),
        ("https://host/a.mp4?id=5&token=abc", "https://host/a.mp4?id=5&token=***"),
        ("https://a.blob.core.windows.net/c/a.mp4?sv=1&se=2&sig=x%3D", "https://a.blob.core.windows.net/c/a.mp4?sv=***&se=***&sig=***"),
        ("mail@host: see https://ann:secret@host/a, and s3://b/user@home", "mail@host: see https://***@host/a, and s3://b/user@home"),
        ("/local/https:/a@b?token=1", "/local/https:/a@b?token=1"),
    ],
)  # fmt: skip
def test_credentials_are_hidden_and_nothing_else(text, shown):
    assert masked(text) == shown
    assert masked(shown) == shown


def test_a_url_that_is_signed_anew_keeps_its_masked_form():
    again = PRESIGNED.replace("20260101", "20270202").replace("abcdef", "012345")

    assert masked(PRESIGNED) == masked(again)
    assert masked(PRESIGNED).endswith("&X-Amz-Signature=***&versionId=7")
    assert "AKIA" not in masked(PRESIGNED)


def test_texts_are_masked_however_deep_they_lie():
    config = {"out": "https://a:b@c/d", "n": 1, "list": ["s3://x", {"path": "https://h?sig=1"}]}

    assert masked_values(config) == {
        "out": "https://***@c/d",
        "n": 1,
        "list": ["s3://x", {"path": "https://h?sig=***"}],
    }
