"""Terraform as a process, over a copy of what it reads."""

import os
import subprocess

from tests.terraform.configuration import ROOT

# A part of the repository: some of what goes into the image, and docs, which doesn't.
SOURCE = ("Dockerfile", ".dockerignore", "requirements.txt", "host.json", "container", "jobs", "docs")


def terraform(*arguments, folder, input=None, **more):
    """Run it without this machine's own configuration, with more variables of the environment."""
    return subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", **more},
        input=input,
        capture_output=True,
        text=True,
        timeout=500,
    )


def a_repository_in(folder):
    """The image's source, beside which a copy of terraform/ finds what it hashes."""
    repository = folder / "repository"
    repository.mkdir()
    for name in SOURCE:
        (repository / name).symlink_to(ROOT / name)
    return repository
