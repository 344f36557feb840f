"""The commands in the pages for a project of one's own can be typed as they stand there.

`make projects-test` also runs the tutorial and the way back, with a wheel and a database.
"""

import shlex
import shutil
import subprocess

import pytest
from django.core.management import get_commands, load_command_class

from jobs import cli
from tests.helpers.command_lines import ROOT, command_lines

PAGES = [
    "docs/tutorial.md",
    "docs/how-to/from-celery-beat.md",
    "docs/how-to/from-crontab.md",
    "docs/how-to/from-django-crontab.md",
    "docs/how-to/remove.md",
    "docs/how-to/upgrade.md",
    "docs/how-to/your-own-database.md",
]
OTHERS = {"git", "pip", "python"}


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_a_page_is_understood(page, tmp_path, monkeypatch):
    project = tmp_path / "project"
    shutil.copytree(ROOT / "tests/projects/email_users", project)
    monkeypatch.chdir(project)
    lines = command_lines(page)
    assert lines
    for line in lines:
        program, *words = shlex.split(line)
        if program != "nightshift":
            assert program in OTHERS
        elif "--from" in words:  # it needs the other package: tests/scaffold has stand-ins
            cli._parser().parse_args(words)
        elif words[0] in {"init", "upgrade"}:
            assert cli.main(words) == 0, line
        else:
            understood(*words)


def understood(name, *words):
    """As far as the command's own parser goes: it ends the process where it doesn't know an option."""
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    command.create_parser("manage.py", name).parse_args(words)


def test_a_clone_takes_the_next_version_by_the_commands_of_the_page(tmp_path):
    def git(*words, cwd):
        who = ["-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
        return subprocess.run(["git", *who, *words], cwd=cwd, check=True, capture_output=True, text=True).stdout

    ours, theirs = tmp_path / "nightshift", tmp_path / "theirs"
    for folder in ("mydjango", "jobs", "examples"):
        shutil.copytree(ROOT / folder, ours / folder, ignore=shutil.ignore_patterns("__pycache__"))
    git("init", "--quiet", cwd=ours)
    git("add", "--all", cwd=ours)
    git("commit", "--quiet", "--message", "1", cwd=ours)
    git("clone", "--quiet", "--origin", "origin", ours, theirs, cwd=tmp_path)

    # What the page calls theirs: the schedule, an app, and the example, which goes.
    (theirs / "mydjango/schedule.py").write_text("# theirs\n")
    (theirs / "shop").mkdir()
    (theirs / "shop/schedule.py").write_text("# theirs too\n")
    git("rm", "-r", "--quiet", "examples", cwd=theirs)
    git("add", "--all", cwd=theirs)
    git("commit", "--quiet", "--message", "theirs", cwd=theirs)
    (ours / "jobs/version.py").write_text('__version__ = "2.0.0"\n')
    (ours / "jobs/new.py").write_text("")
    git("add", "--all", cwd=ours)
    git("commit", "--quiet", "--message", "2", cwd=ours)

    lines = [line for line in command_lines("docs/how-to/upgrade.md") if line.startswith("git ")]
    assert len(lines) == 3
    for line in lines:
        git(*shlex.split(line)[1:], cwd=theirs)
    assert git("status", "--short", cwd=theirs) == ""
    assert (theirs / "jobs/version.py").read_text() == '__version__ = "2.0.0"\n'
    assert (theirs / "jobs/new.py").is_file()
    assert (theirs / "mydjango/schedule.py").read_text() == "# theirs\n"
    assert not (theirs / "examples").exists()
