"""Two hosts on one machine: network namespaces with a cable between them, each with a host name of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Host:
    """One of them.

    Attributes:
        name: of the host and of its namespace.
        address: its IPv4 address.
        processes: that were started there.
    """

    name: str
    address: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
        """Start a Python there: its arguments follow."""
        inside = f'hostname {self.name}; exec ip netns exec {self.name} "$0" "$@"'
        command = ["unshare", "--uts", "sh", "-c", inside, sys.executable, *arguments]
        env = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        process = subprocess.Popen(command, env=env, text=True, start_new_session=True, **options)
        self.processes.append(process)
        return process

    def cut_off(self) -> None:
        """Pull the cable: what is sent to it or from it is lost, and nobody is told."""
        ip("-n", self.name, "link", "set", "cable", "down")


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """They and all their processes are gone at the end."""
    missing = [name for name in ("ip", "unshare", "hostname") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"network namespaces take root, ip, unshare and hostname; {missing or 'root'} is not here")
    hosts = Host(f"vc-a-{os.getpid()}", "10.77.0.1"), Host(f"vc-b-{os.getpid()}", "10.77.0.2")
    try:
        for host in hosts:
            if (made := subprocess.run(["ip", "netns", "add", host.name], capture_output=True, text=True)).returncode:
                pytest.skip(f"no network namespace can be made here: {made.stderr}")
        ends = [part for host in hosts for part in ("peer", "name", "cable", "netns", host.name)]
        ip("link", "add", *ends[1:5], "type", "veth", *ends[5:])
        for host in hosts:
            ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", "cable")
            ip("-n", host.name, "link", "set", "cable", "up")
            ip("-n", host.name, "link", "set", "lo", "up")
        yield hosts
    finally:
        for host in hosts:
            for process in host.processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            subprocess.run(["ip", "netns", "delete", host.name], capture_output=True, check=False)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
