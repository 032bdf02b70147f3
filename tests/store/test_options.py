import pytest

from vidcurate.errors import ConfigError
from vidcurate.registry import made
from vidcurate.store.options import Storage, refused, secrets_in


@pytest.mark.parametrize(
    ("given", "size"),
    [(1000, 1000), ("1000", 1000), ("50GB", 50 * 10**9), ("1.5 GiB", 3 * 2**29), ("7kb", 7000), (None, None)],
)
def test_limits_are_bytes_with_or_without_a_unit(given, size):
    assert Storage(scratch_limit=given).scratch_limit == size


@pytest.mark.parametrize("given", ["lots", "5 bananas", "-1GB", 0, True, ""])
def test_what_is_no_size_is_refused(given):
    with pytest.raises(ConfigError, match=r"storage\.scratch_limit="):
        made(Storage, "storage", "storage", {"scratch_limit": given})


@pytest.mark.parametrize(
    "name",
    ["key", "secret", "token", "password", "account_key", "sas_token", "connection_string", "credential",
     "aws_secret_access_key", "aws_access_key_id", "aws_session_token", "Authorization", "apiKey", "client_secret"],
)  # fmt: skip
def test_what_looks_like_a_secret_is_found_and_not_shown(name):
    options = {"s3": {"endpoint_url": "http://minio:9000", "client_kwargs": {"deep": [{name: "hunter2"}]}}}

    assert list(secrets_in(options)) == [f"storage.options.s3.client_kwargs.deep.{name}"]
    assert "hunter2" not in refused(f"storage.options.s3.{name}")


def test_urls_with_passwords_are_secrets_too():
    options = {"s3": {"endpoint_url": "http://ann:hunter2@minio:9000"}}

    assert list(secrets_in(options)) == ["storage.options.s3.endpoint_url"]


def test_what_only_says_where_to_look_is_none():
    options = {
        "s3": {"profile": "lab", "anon": False, "key": None, "client_kwargs": {"region_name": "eu-west-1"}},
        "gs": {"token": "google_default", "project": "p"},
        "az": {"account_name": "lab"},
    }

    assert list(secrets_in(options)) == []


def test_options_are_not_shown():
    assert "hunter2" not in repr(Storage(options={"s3": {"key": "hunter2"}}))
