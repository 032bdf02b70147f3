"""The whole workflow with everything on S3: the bytes of a local run, also where a tenth of all requests fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from webdataset.tariterators import group_by_keys, tar_file_expander

from tests.faulty import faulty
from tests.media import write_video
from tests.s3 import s3_server
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.data import VideoData
from vidcurate.embedder.histogram import Histogram
from vidcurate.recipe import Verify
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed
from vidcurate.store import retry
from vidcurate.store.files import Store
from vidcurate.store.options import Storage, use

RECIPE = Recipe(
    splitter=Fixed(length=1, min_length=0.5), embedder=Histogram(), cluster=Single(), verify=Verify(loaders=())
)
STEPS = ("split", "dedup", "shard", "verify")
NAMES = ("a b#1.mp4", "sub/é+50%.mp4", "c.mp4")
OF_THE_RUN = {"run.json", "report.html", *(f"processed_videos/_{name}" for name in ("named_ids", "ledger", "settled"))}
"""They say where the dataset and its source lie, and what a store says of the state of its files."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("s3")
    for seed, name in enumerate(NAMES):
        (folder / name).parent.mkdir(exist_ok=True)
        write_video(folder / name, (30, 30), seed=seed % 2, gop=20 + seed)
    (folder / "broken.mp4").write_bytes(b"no video" * 99)
    return folder


@pytest.fixture(scope="module")
def local(videos, tmp_path_factory) -> dict[str, str]:
    """SHA-256 of all files of a local dataset, by key."""
    out = tmp_path_factory.mktemp("local")
    curate(RECIPE, source=Folder(path=str(videos)), out=str(out), steps=STEPS, max_failures=1)
    return sums(Store(str(out)))


@pytest.fixture(scope="module")
def endpoint(videos, tmp_path_factory) -> Iterator[str]:
    """A server that has the videos."""
    with s3_server(tmp_path_factory.mktemp("moto")) as url:
        use(Storage(options={"s3": {"endpoint_url": url}}))
        raw = Store("s3://bucket/raw")
        for path in videos.rglob("*.mp4"):
            raw.write(path.relative_to(videos).as_posix(), path.read_bytes())
        yield url
        use(Storage())


def sums(store: Store) -> dict[str, str]:
    found = [path[len(store.root) + 1 :] for path in store.fs.find(store.root)]
    return {key: hashlib.sha256(store.read(key)).hexdigest() for key in found if not key.startswith("logs/")}


def run(endpoint: str, out: str, scratch: Path, runtime: Local | Processes) -> None:
    storage = Storage(options={"s3": {"endpoint_url": endpoint}}, scratch=str(scratch), scratch_limit="50MB")
    source = Folder(path="s3://bucket/raw")
    curate(RECIPE, source=source, out=out, steps=STEPS, max_failures=1, storage=storage, runtime=runtime)


def without(found: dict[str, str], keys: set[str]) -> dict[str, str]:
    return {key: value for key, value in found.items() if key not in keys}


def samples(store: Store) -> set[str]:
    """Keys that WebDataset's own reader finds, as the report says how to read."""
    found = []
    for key in store.keys("webdataset/v0", ".tar"):
        with store.fs.open(store.path(key), "rb") as file:
            found += [sample["__key__"] for sample in group_by_keys(tar_file_expander([{"url": key, "stream": file}]))]
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.slow
def test_a_dataset_on_s3_has_the_bytes_of_a_local_one_and_is_made_once(endpoint, local, tmp_path):
    out = "s3://bucket/dataset #1"
    run(endpoint, out, tmp_path, Local())
    store = Store(out)

    found = sums(store)
    assert found.keys() - OF_THE_RUN == local.keys() - OF_THE_RUN
    assert without(found, OF_THE_RUN) == without(local, OF_THE_RUN)
    assert [entry.name[:6] for entry in tmp_path.iterdir()] == [".room-"]

    batches = list(VideoData(out, batch_size=2, frames=2, even="none").train_dataloader())
    clips = {key.split("/")[1].removesuffix(".mp4") for key in local if key.startswith("clips/")}
    assert {key for batch in batches for key in batch["key"]} == samples(store) <= clips

    written = {entry["name"]: entry["LastModified"] for entry in store.fs.find(store.root, detail=True).values()}
    run(endpoint, out, tmp_path, Local())

    again = {entry["name"]: entry["LastModified"] for entry in store.fs.find(store.root, detail=True).values()}
    changed = {name[len(store.root) + 1 :] for name in again if again[name] != written.get(name)}
    assert not [key for key in changed if key.startswith(("clips/", "processed_videos/", "histogram_", "webdataset/"))]
    assert without(sums(store), OF_THE_RUN) == without(found, OF_THE_RUN)


@pytest.mark.slow
def test_a_profile_is_who_asks_and_its_secret_is_nowhere(endpoint, tmp_path, monkeypatch):
    (tmp_path / "credentials").write_text("[lab]\naws_access_key_id = LABKEY\naws_secret_access_key = labsecret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    out = "s3://bucket/by profile"
    with faulty(endpoint, share=0, seed=0) as proxy:
        options = {"s3": {"endpoint_url": f"http://127.0.0.1:{proxy.server_port}", "profile": "lab"}}
        source = Folder(path="s3://bucket/raw", limit=1)
        curate(RECIPE, source=source, out=out, steps=("split",), storage=Storage(options=options))
        asked = set(proxy.asked)
    use(Storage(options={"s3": {"endpoint_url": endpoint}}))
    store = Store(out)
    written = {path: store.read(path[len(store.root) + 1 :]) for path in store.fs.find(store.root)}

    assert asked == {"LABKEY"}
    assert [path for path, content in written.items() if b"LABKEY" in content or b"labsecret" in content] == []
    assert b"endpoint_url" not in store.read("run.json")


@pytest.mark.slow
def test_a_tenth_of_all_requests_may_fail(endpoint, local, tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)
    out = "s3://bucket/faulty"
    with faulty(endpoint, share=0.1, seed=0) as proxy:
        run(f"http://127.0.0.1:{proxy.server_port}", out, tmp_path, Processes(workers=2))
        seen = proxy.seen
    use(Storage(options={"s3": {"endpoint_url": endpoint}}))

    assert sum(seen.values()) - seen["request"] - seen[""] > 20
    assert all(seen[kind] for kind in ("reset", "lost", "500", "503", "short"))
    assert without(sums(Store(out)), OF_THE_RUN) == without(local, OF_THE_RUN)
