"""Terraform between the repository's files as they are and a cloud that the test sees."""

import json
import os
import shutil
from contextlib import contextmanager
from copy import deepcopy
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
STATE, PLAN = "terraform.tfstate", "one.tfplan"
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


# By what was chosen and what was there: the state and the cloud that an apply left.
_applied = {}


def applied(workspace, **variables):
    """Apply these. Where a test has applied the same to the same cloud, what came of it is put in place instead."""
    say(workspace, **variables)
    workspace.terraform("init")
    chosen, state = json.dumps([variables, workspace.cloud.resources], sort_keys=True), workspace.folder / STATE
    builds_an_image = "image" not in variables
    if builds_an_image or chosen not in _applied:
        workspace.terraform("apply", "-auto-approve")
        _applied[chosen] = state.read_text(), deepcopy((workspace.cloud.resources, workspace.cloud.secrets))
    else:
        text, there = _applied[chosen]
        state.write_text(text)
        workspace.cloud.resources, workspace.cloud.secrets = deepcopy(there)


def beside(file, ending):
    return file.with_name(f"{file.name}.{ending}")


def changes(workspace):
    """What a plan would do, by address; nothing where it has no changes. `carry_out` does it."""
    lines = workspace.terraform("plan", "-json", f"-out={PLAN}").splitlines()
    planned = [line["change"] for line in map(json.loads, lines) if line["type"] == "planned_change"]
    return {
        change["resource"]["addr"]: MADE_AGAIN if change["action"] == "replace" else [change["action"]]
        for change in planned
        if change["action"] not in {"noop", "read", "move"}
    }


def carry_out(workspace, *arguments):
    """Apply what `changes` has planned."""
    return workspace.terraform("apply", *arguments, PLAN)


def refused(workspace, **variables):
    """What a plan with these says instead of being made: in one line, without Terraform's frame."""
    say(workspace, **variables)
    return in_one_line(workspace.terraform("plan", "-no-color", fails=True))


def in_one_line(told):
    return " ".join(told.replace("│", " ").split())
