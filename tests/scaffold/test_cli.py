"""`nightshift init` adds files and changes none; `upgrade` brings what nobody has changed."""

import io
import json
import re
import subprocess

import pytest
from django.core.management import call_command

from jobs.cli import main
from jobs.scaffold import files
from jobs.version import __version__

CRONTAB = "0 3 * * * ./manage.py clearsessions\n@reboot ./start.sh\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project as `startproject` lays it out, in git."""
    call_command("startproject", "shop", str(tmp_path))
    (tmp_path / "requirements.txt").write_text("django\n")
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    git("add", "--all")
    git("-c", "user.name=ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "theirs")
    return tmp_path


def git(*words):
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


def test_files_are_added_and_none_is_changed(shop, capsys):
    assert main(["init"]) == 0
    assert {line[:2] for line in git("status", "--short").splitlines()} == {"??"}
    assert "files added, none changed." in capsys.readouterr().out
    for name in ("shop/nightshift_settings.py", "shop/schedule.py", "function_app.py", "Dockerfile", "host.json"):
        assert (shop / name).is_file()
    assert "@@" not in "".join(file.read_text() for file in shop.rglob("*.py"))
    assert "from shop.settings import *" in (shop / "shop/nightshift_settings.py").read_text()
    assert "-r requirements.txt" in (shop / "Dockerfile").read_text()
    assert (shop / "container/start.sh").stat().st_mode & 0o100


def test_a_crontab_becomes_declarations_and_what_cant_be_declared_is_said(shop, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(CRONTAB))
    assert main(["init", "--crontab", "-"]) == 0
    assert 'declare("clearsessions", schedule="0 0 3 * * *")' in (shop / "shop/schedule.py").read_text()
    said = capsys.readouterr().out
    assert "Declared in shop/schedule.py from the crontab: 1 job." in said
    assert "line 2: @reboot ./start.sh\n      There is no boot here." in said


def test_old_runs_are_deleted_in_a_project_that_declares_nothing_yet(shop):
    main(["init"])
    schedule = (shop / "shop/schedule.py").read_text()
    assert schedule.count("declare(") == 1
    assert 'declare("prune_runs", schedule="0 30 3 * * *")' in schedule


def test_run_again_it_keeps_what_is_there(shop, capsys):
    main(["init"])
    schedule = shop / "shop/schedule.py"
    schedule.write_text("# mine\n")
    (shop / "crontab").write_text(CRONTAB)
    capsys.readouterr()
    assert main(["init", "--crontab", "crontab"]) == 0
    said = capsys.readouterr().out
    assert schedule.read_text() == "# mine\n"
    assert "shop/schedule.py was here and is kept. These are the declarations:" in said
    assert 'declare("clearsessions", schedule="0 0 3 * * *")' in said


def test_a_file_of_theirs_is_never_overwritten(shop):
    (shop / "Dockerfile").write_text("FROM scratch\n")
    main(["init"])
    assert (shop / "Dockerfile").read_text() == "FROM scratch\n"


def test_a_dry_run_shows_the_declarations_and_writes_nothing(shop, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(CRONTAB))
    assert main(["init", "--dry-run", "--crontab", "-"]) == 0
    assert 'declare("clearsessions", schedule="0 0 3 * * *")' in capsys.readouterr().out
    assert git("status", "--short") == ""


def test_check_shows_what_differs(shop, capsys):
    main(["init"])
    assert main(["init", "--check"]) == 0
    (shop / "host.json").write_text("{}\n")
    (shop / "function_app.py").unlink()
    capsys.readouterr()
    assert main(["init", "--check"]) == 1
    said = capsys.readouterr().out
    assert "host.json: changed by hand\n" in said
    assert "function_app.py: missing\n" in said
    assert "--- host.json (yours)" in said


@pytest.mark.parametrize("source", [["--crontab", "crontab"], ["--from", "celery"]])
def test_a_check_doesnt_pass_over_a_crontab_in_silence(shop, capsys, source):
    main(["init"])
    (shop / "crontab").write_text(CRONTAB)
    capsys.readouterr()
    assert main(["init", "--check", *source]) == 1
    assert capsys.readouterr().err == (
        "--check compares the added files with the installed version, and reads no other scheduler. Write --dry-run in "
        "its place: it prints the declarations.\n"
    )


def test_what_is_added_points_to_nothing_that_a_project_lacks(shop):
    main(["init"])
    added = [shop / name for name in json.loads((shop / ".nightshift.json").read_text())["files"]]
    for page in (file for file in added if file.suffix == ".md"):
        links = re.findall(r"\]\((?!https?:)([^)#]*)", page.read_text())
        assert [link for link in links if not (page.parent / link).exists()] == []
        assert links
    named = {file.name: re.findall(r"docs/[\w/-]+\.md(?: of Nightshift)?", file.read_text()) for file in added}
    assert all(name.endswith(" of Nightshift") for names in named.values() for name in names)
    assert named["deploy.yml"]
    assert named["README.md"]


def test_an_upgrade_brings_what_nobody_changed_and_shows_the_rest(shop, monkeypatch, capsys):
    main(["init"])
    mine = shop / "Dockerfile"
    mine.write_text(mine.read_text() + "# mine\n")
    (shop / "shop/schedule.py").write_text("# mine\n")
    template = files._template

    def newer(name, project):
        return template(name, project) + "# newer\n"

    monkeypatch.setattr(files, "_template", newer)
    capsys.readouterr()
    assert main(["upgrade"]) == 1
    said = capsys.readouterr().out
    assert (shop / "function_app.py").read_text().endswith("# newer\n")
    assert mine.read_text().endswith("# mine\n")
    assert (shop / "shop/schedule.py").read_text() == "# mine\n"
    assert "Dockerfile was changed by hand and is left alone. To bring it up to date:\n--- Dockerfile (yours)" in said
    assert "-# mine" in said


def test_an_upgrade_of_what_is_up_to_date_says_so(shop, capsys):
    main(["init"])
    capsys.readouterr()
    assert main(["upgrade"]) == 0
    assert capsys.readouterr().out == f"All is as version {__version__} writes it.\n"
    assert json.loads((shop / ".nightshift.json").read_text())["version"] == __version__


def test_a_folder_without_a_project_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 1
    assert capsys.readouterr().err.startswith("There is no manage.py in ")


def test_a_management_command_asks_for_init_first(shop, capsys, monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    assert main(["jobs"]) == 1
    assert capsys.readouterr().err == "This project has no nightshift_settings.py yet. Run `nightshift init` first.\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "The crontab 'missing' can't be read: No such file or directory. Name a file, or -"),
        ("shop", "The crontab 'shop' can't be read: Is a directory. Name a file, or -"),
        ("", "The crontab '' can't be read: Is a directory. Name a file, or -"),
        ("latin1", "The crontab 'latin1' is not text in UTF-8. Convert it first:"),
        ("binary", "The crontab 'binary' is not text in UTF-8. Convert it first:"),
    ],
)
def test_a_crontab_that_cant_be_read_is_one_sentence_and_nothing_is_written(shop, capsys, name, said):
    (shop / "latin1").write_bytes(b"0 3 * * * ./manage.py greet caf\xe9\n")
    (shop / "binary").write_bytes(b"0 3 * * * ./manage.py clearsessions\0\n")
    assert main(["init", "--crontab", name]) == 1
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1
    assert not (shop / "shop/schedule.py").exists()


def test_stdin_that_isnt_text_is_the_same_sentence(shop, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9"), encoding="utf-8"))
    assert main(["init", "--crontab", "-"]) == 1
    assert capsys.readouterr().err.startswith("The crontab '-' is not text in UTF-8.")


def test_what_was_written_before_one_that_cant_be_is_known_to_an_upgrade(shop, capsys):
    (shop / "tools").write_text("theirs\n")  # where a folder of ours would be
    assert main(["init"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{shop / 'tools'} can't be read or written: File exists.")
    assert said.count("\n") == 1
    assert (shop / "tools").read_text() == "theirs\n"
    written = json.loads((shop / ".nightshift.json").read_text())["files"]
    assert "function_app.py" in written
    assert all((shop / name).is_file() for name in written)


def test_a_file_of_theirs_in_another_encoding_is_kept_and_shown(shop, capsys):
    theirs = b"# caf\xe9\nFROM scratch\n"
    (shop / "Dockerfile").write_bytes(theirs)
    assert main(["init"]) == 0
    assert main(["upgrade"]) == 1
    assert "-FROM scratch" in capsys.readouterr().out
    assert (shop / "Dockerfile").read_bytes() == theirs


def test_a_dry_run_of_an_upgrade_never_says_that_all_is_there_while_something_is_missing(shop, capsys):
    assert main(["upgrade", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "function_app.py: would be written, missing\n" in said
    assert "All is as version" not in said


def test_one_file_that_was_missing_is_counted_as_one(shop, capsys):
    main(["init"])
    (shop / "function_app.py").unlink()
    capsys.readouterr()
    main(["init"])
    assert "\n1 file added, none changed.\n" in capsys.readouterr().out
