"""Any module of ours may be the first that is imported, and each imports only what its folder may know."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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
# Of ours, a process has then loaded only the models, as Django does: not what the app's `ready` loads, which is most.
SETUP = """
    import importlib, json, os, sys, traceback

    import django
    from jobs.apps import JobsConfig

    JobsConfig.ready = lambda self: None
    django.setup()
"""
# Each import happens in a fork: it is the first.
IMPORT_EACH_FIRST = """
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
IMPORT_ALL = """
    failures = {{}}
    for module in {modules}:
        try:
            importlib.import_module(module)
        except Exception:
            failures[module] = traceback.format_exc()
    json.dump(failures, sys.stderr)
"""
LEAN = """
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "jobs"]
    MIDDLEWARE = []
    ROOT_URLCONF = "urls"
"""
NEED_ADMIN = {"jobs.admin", "jobs.admin.access"}


def failures(project, script, modules):
    # With byte code, which a fresh clone has none of: else each fork compiles what the one before it has compiled.
    code = dedent(SETUP) + dedent(script.format(modules=modules))
    done = project.python("-", stdin=code, timeout=300, PYTHONDONTWRITEBYTECODE="")
    return json.loads(done.stderr.strip().splitlines()[-1])


@pytest.mark.timeout(330)
def test_each_module_can_be_imported_first(tmp_path):
    project = Project(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    halves = MODULES[::2], MODULES[1::2]
    with ThreadPoolExecutor() as threads:
        assert list(threads.map(partial(failures, project, IMPORT_EACH_FIRST), halves)) == [{}, {}]


def test_no_module_but_the_admin_s_needs_djangos_admin(tmp_path):
    project = Project(tmp_path, "postgresql://nobody@127.0.0.1:1/none", LEAN, {"urls.py": "urlpatterns = []\n"})
    assert failures(project, IMPORT_ALL, MODULES).keys() == NEED_ADMIN


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
