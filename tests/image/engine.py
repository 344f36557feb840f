"""Docker or podman, whichever is there and works."""

import os
import shutil
import subprocess
from pathlib import Path

# What podman needs on a machine without systemd and without a network of its own for containers.
PODMAN = """\
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class Unusable(Exception):
    """No container can be run here; the text says why."""


class Engine:
    """`engine("build", …)` runs a command of it and gives what it printed. Raises CalledProcessError."""

    def __init__(self, name, environment):
        self.name = name
        self.environment = environment

    def __call__(self, *words, timeout=600, **options):
        return self.try_to(*words, timeout=timeout, check=True, **options).stdout

    def try_to(self, *words, timeout=600, check=False, **options):
        done = subprocess.run(
            [self.name, *words],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=timeout,
            **options,
        )
        assert not check or done.returncode == 0, f"{self.name} {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words):
        """A command that goes on beside the test."""
        return subprocess.Popen(
            [self.name, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        )


def find(folder: Path) -> Engine:
    """The engine of this machine; its configuration is written into the folder. Raises Unusable."""
    if shutil.which("docker"):
        docker = Engine("docker", dict(os.environ))
        if docker.try_to("version").returncode == 0:
            return docker
    if not shutil.which("podman"):
        raise Unusable("Neither a Docker engine nor podman is here: apt-get install podman runc.")
    if not shutil.which("runc"):
        raise Unusable("podman is here without runc: apt-get install runc.")
    configuration = folder / "containers.conf"
    configuration.write_text(PODMAN)
    podman = Engine("podman", os.environ | {"CONTAINERS_CONF": str(configuration)})
    answer = podman.try_to("info")
    if answer.returncode:
        raise Unusable(f"podman doesn't work here: {answer.stderr.strip()}")
    return podman
