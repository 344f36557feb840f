"""The image's build, as far as it needs no engine: the step that checks the project and collects its files."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from jobs.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "jobs/scaffold/templates").glob("Dockerfile.*"))


def build_step(dockerfile):
    """The shell's line of `RUN export …`."""
    [step] = re.findall(r"^RUN (export .*?[^\\])$", dockerfile, re.MULTILINE | re.DOTALL)
    return step


def test_a_project_that_says_nothing_of_a_deployment_passes_the_checks_of_the_build(tmp_path, monkeypatch):
    project = tmp_path / "project"
    shutil.copytree(ROOT / "tests/projects/email_users", project)
    monkeypatch.chdir(project)
    assert main(["init"]) == 0
    built = subprocess.run(
        ["bash", "-ec", build_step((project / "Dockerfile").read_text()).replace("python3.13", sys.executable)],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "shop.nightshift_settings"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert built.returncode == 0, built.stderr
    assert (project / "staticfiles/admin").is_dir()


def test_each_installer_has_the_same_step():
    assert len({build_step(template.read_text()) for template in TEMPLATES}) == 1
    assert len(TEMPLATES) == 4


def test_the_image_holds_what_terraform_switches_on():
    """The queue and identities, Application Insights, and the worker library."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "azure-functions-runtime==1.3.*" in extras["azure"]
    for template in TEMPLATES:
        assert 'ARG NIGHTSHIFT="django-nightshift[azure,telemetry]==@@version@@"' in template.read_text()
