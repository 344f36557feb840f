"""Terraform between the repository's files as they are and a cloud that the test sees."""

import json
import os
import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.terraform import configuration
from tests.terraform.configuration import MAIN
from tests.terraform.provider import Cloud, serving
from tests.terraform.running import a_repository_in, terraform

NEEDS_TERRAFORM = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="terraform isn't installed"),
    configuration.NEEDS_SCHEMA,
    pytest.mark.timeout(600),  # Terraform takes minutes on a busy machine
]
MADE_AGAIN = ["delete", "create"]
# What `az` would do in the cloud. It says what it was asked for, and what it got to build from; a test can have it find
# an image that is there already, build none, or find a subnet delegated to something.
AZ = """#!/bin/sh
echo "$*" >> "$AZ_LOG"
if [ "$2" = vnet ]; then
    cat "$AZ_LOG.delegation-of-${6##*/}"
elif [ "$2" = repository ]; then
    [ -e "$AZ_LOG.found" ]
else
    for context; do :; done
    (cd "$context" && find . -mindepth 1 | sort) > "$AZ_LOG.context"
    [ ! -e "$AZ_LOG.broken" ]
fi
"""


@contextmanager
def a_workspace_in(tmp_path):
    """The repository's files as they are, a cloud with nothing in it, and Terraform between them."""
    repository, tools = a_repository_in(tmp_path), tmp_path / "tools"
    of_a_try = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "backend.tf")
    shutil.copytree(MAIN, repository / "terraform", ignore=of_a_try)
    tools.mkdir()
    (tools / "az").write_text(AZ)
    (tools / "az").chmod(0o755)
    cloud = Cloud()
    with serving(configuration.schema(), cloud, tmp_path / "socket") as variables:
        path, log = f"{tools}{os.pathsep}{os.environ['PATH']}", tmp_path / "az.log"

        def run(*arguments, folder="terraform", fails=False):
            told = terraform(*arguments, folder=repository / folder, PATH=path, AZ_LOG=str(log), **variables)
            assert (told.returncode != 0) == fails, told.stdout + told.stderr
            return told.stdout + told.stderr

        yield SimpleNamespace(cloud=cloud, folder=repository / "terraform", az=log, terraform=run)


def say(workspace, **variables):
    (workspace.folder / "terraform.tfvars.json").write_text(json.dumps({"role_wait_seconds": 0, **variables}))


def applied(workspace, **variables):
    say(workspace, **variables)
    workspace.terraform("init")
    workspace.terraform("apply", "-auto-approve")


def beside(file, ending):
    return file.with_name(f"{file.name}.{ending}")


def changes(workspace):
    """What a plan would do, by address; nothing where it has no changes."""
    workspace.terraform("plan", "-out=one.tfplan")
    plan = json.loads(workspace.terraform("show", "-json", "one.tfplan"))
    return {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }


def refused(workspace, **variables):
    """What a plan with these says instead of being made: in one line, without Terraform's frame."""
    say(workspace, **variables)
    return in_one_line(workspace.terraform("plan", "-no-color", fails=True))


def in_one_line(told):
    return " ".join(told.replace("│", " ").split())
