from __future__ import annotations

from pathlib import Path

from vidcurate.stage.doctor.cgroup import cpus, memory


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_version_2_is_limited_by_the_tightest_group_from_its_own_up(tmp_path):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "0::/slurm/job\n",
            "sys/fs/cgroup/slurm/job/cpu.max": "max 100000\n",
            "sys/fs/cgroup/slurm/cpu.max": "250000 100000\n",
            "sys/fs/cgroup/slurm/job/memory.max": "8589934592\n",
            "sys/fs/cgroup/slurm/memory.max": "max\n",
        },
    )

    assert (cpus(root), memory(root)) == (2.5, 8 * 2**30)


def test_version_1_is_read_too_where_its_own_group_is_not_to_be_seen(tmp_path):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
        },
    )

    assert (cpus(root), memory(root)) == (1.5, 2**30)


def test_no_limit_is_none(tmp_path):
    root = written(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/\n3:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )

    assert (cpus(root), memory(root)) == (None, None)
    assert (cpus(tmp_path / "nowhere"), memory(tmp_path / "nowhere")) == (None, None)
