from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.s3 import s3_server
from vidcurate.store import lease
from vidcurate.store.files import Store
from vidcurate.store.holder import this_run
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


def test_a_lease_is_held_by_one_at_a_time_and_taken_over_from_the_dead(monkeypatch):
    monkeypatch.setattr(lease, "POLL", 0.05)
    store = Store("s3://bucket/leased")
    dead = replace(this_run([]), token="dead", started=1)
    assert store.create("_lease/_000001.json", dead.encode())
    inside: list[int] = []
    most: list[int] = []

    def hold(number: int) -> None:
        with lease.leased(Store("s3://bucket/leased"), [], 60):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=hold, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 4
    assert not store.exists("_lease")
