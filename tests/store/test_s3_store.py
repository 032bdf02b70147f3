from __future__ import annotations

import threading

import pytest

from tests.s3 import s3_server
from vidcurate.store.files import Store
from vidcurate.store.options import Storage, current, use


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(autouse=True)
def storage(endpoint, tmp_path):
    before = current()
    use(Storage(options={"s3": {"endpoint_url": endpoint}}, scratch=str(tmp_path / "scratch")))
    yield
    use(before)


def test_a_key_is_created_once_whoever_else_tries():
    created: list[int] = []

    def create(number: int) -> None:
        if Store("s3://bucket/leases").create("lock", f"by {number}".encode()):
            created.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(created) == 1
    assert Store("s3://bucket/leases").read("lock") == f"by {created[0]}".encode()
