"""Any module of ours may be the first that is imported, and each imports only what its folder may know."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.helpers.beside import Project

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in (ROOT / "jobs").rglob("*.py")
    if "migrations" not in file.parts
)
# Each import happens in a fork of a process that has loaded of ours only the models, as Django does: the app's `ready`,
# which loads most of the rest, is left out.
IMPORT_EACH = """
    import importlib, json, os, sys, traceback

    import django
    from jobs.apps import JobsConfig

    JobsConfig.ready = lambda self: None
    django.setup()
    failures = {{}}
    for module in {modules}:
        reader, writer = os.pipe()
        if not (child := os.fork()):
            try:
                importlib.import_module(module)
            except Exception:
                os.write(writer, traceback.format_exc().encode())
            os._exit(0)
        os.close(writer)
        with open(reader) as said:
            if text := said.read():
                failures[module] = text
        os.waitpid(child, 0)
    json.dump(failures, sys.stderr)
"""
LEAN = """
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "jobs"]
    MIDDLEWARE = []
    ROOT_URLCONF = "urls"
"""
NEED_ADMIN = {"jobs.admin"}


@pytest.mark.parametrize("settings", ["", LEAN], ids=["this project", "without the admin"])
def test_each_module_can_be_imported_first(tmp_path, settings):
    project = Project(tmp_path, "postgresql://nobody@127.0.0.1:1/none", settings, {"urls.py": "urlpatterns = []\n"})
    modules = [module for module in MODULES if not (settings and module in NEED_ADMIN)]
    done = project.python("-", stdin=dedent(IMPORT_EACH.format(modules=modules)))
    assert json.loads(done.stderr.strip().splitlines()[-1]) == {}, done.stderr


def test_imports_point_one_way():
    """The contracts of pyproject.toml: which folder may know which other."""
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
