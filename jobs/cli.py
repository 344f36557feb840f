"""The command `nightshift`: it adds Nightshift to a Django project, and runs the project's commands with it."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.commandline import completion
from jobs.commandline.afar import main as afar
from jobs.commandline.verbs.completion import SHELLS
from jobs.declarations.values import is_text
from jobs.formats import counted
from jobs.scaffold import init
from jobs.scaffold.crontabs import reader
from jobs.scaffold.files import files_of
from jobs.scaffold.found import Reading
from jobs.scaffold.init import Compared, State
from jobs.scaffold.project import SETTINGS, NoProject, Project, find
from jobs.scaffold.schedulers import loading
from jobs.scaffold.schedulers.loading import SCHEDULERS, NotRead
from jobs.scaffold.source import source_of
from jobs.version import __version__

EPILOG = """\
Any other word is a management command, and is run with the project's nightshift_settings:

  nightshift jobs            what is declared, how it last went, when it is due next
  nightshift functions       serve the function app on this machine
  nightshift run JOB         run a job now
  nightshift completion bash what bash needs to complete commands and jobs; also zsh, fish

Everything after it is passed to the command. LOCAL=1 is set outside of Azure.

With --url or NIGHTSHIFT_URL the same commands are for Nightshift elsewhere, and need no project here:

  nightshift --url https://jobs.example.com --help
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 1 with a sentence on stderr where something is wrong, or differs."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    if afar.is_meant(words):
        return afar.main(words)
    try:
        if words[:1] == ["completion"] and words[1:] in [[shell] for shell in SHELLS]:
            print(completion.script(words[1]))  # no start of Django for it, and no project
            return 0
        if words and words[0] not in {"init", "upgrade"} and not words[0].startswith("-"):
            return _manage(words)
        options = parser.parse_args(words)
        if options.verb is None:
            parser.print_help()
            return 0
        project = find(Path.cwd(), options.settings)
        if options.verb == "upgrade":
            return _upgrade(project, write=not options.dry_run)
        if options.check:
            if options.crontab is not None or options.sources:
                raise NotRead(
                    "--check compares the added files with the installed version, and reads no other scheduler. Write "
                    "--dry-run in its place: it prints the declarations."
                )
            return _check(project)
        return _init(project, _read(project, options.crontab, options.sources), dry_run=options.dry_run)
    except (NoProject, NotRead) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        why = f"{error.filename or 'The output'} can't be read or written: {error.strerror}."
        print(f"{why} Correct that, and run this again: it adds what is missing.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nightshift",
        description="Run a Django project's management commands on a schedule, on Azure Functions.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"nightshift {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="init | upgrade | COMMAND", title="verbs")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--settings", default="", help="the project's settings module, where it isn't found")
    shared.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    adding = verbs.add_parser("init", parents=[shared], help="add Nightshift to the project in this folder")
    adding.add_argument("--crontab", metavar="FILE", help="declare what this crontab runs; - reads standard input")
    adding.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        choices=SCHEDULERS,
        help="declare what this package runs in the project; may be given again for another",
    )
    adding.add_argument("--check", action="store_true", help="show what differs from the installed version")
    verbs.add_parser("upgrade", parents=[shared], help="bring the added files to the installed version")
    return parser


def _init(project: Project, readings: Mapping[str, Reading], *, dry_run: bool) -> int:
    reading = _joined(readings)
    compared = init.compare(project.folder, files_of(project, source_of(reading)))
    print(f"Project   {project.name}: settings {project.settings}" + _laptop(project))
    for file in compared:
        kept = "" if file.state is State.MISSING else f"  kept: {file.state.value}"
        print(f"  {'-' if kept else '+'} {file.path}{kept}")
    if dry_run:
        if readings:
            path = project.package / "schedule.py"
            schedule = next(file.new for file in compared if file.path == path)
            print(f"\n{path} would be:\n\n{schedule}", end="")
        return 0
    written = init.write(project.folder, compared, {State.MISSING})
    print(f"{counted(len(written), 'file')} added, none changed." if written else "Nothing to add: all of it is here.")
    if readings:
        _say_what_was_read(project, " and ".join(readings), reading, compared)
    if written:
        print(NEXT)
    return 0


NEXT = """
Next:
  nightshift check           what is wrong with the declarations
  nightshift migrate         make Nightshift's tables
  nightshift functions       run it on this machine; Ctrl-C stops it"""


def _laptop(project: Project) -> str:
    return "" if project.local_settings == project.settings else f", on a laptop {project.local_settings}"


def _read(project: Project, crontab: str | None, sources: Sequence[str]) -> dict[str, Reading]:
    """What each place that was named has, by that place's name."""
    readings = {"the crontab": _crontab(project, crontab)} if crontab is not None else {}
    return readings | {name: loading.read(name, project) for name in sources}


def _crontab(project: Project, crontab: str) -> Reading:
    try:
        text = sys.stdin.read() if crontab == "-" else Path(crontab).read_text(encoding="utf-8")
    except OSError as error:
        raise NotRead(
            f"The crontab {crontab!r} can't be read: {error.strerror}. Name a file, or - for standard input."
        ) from None
    except UnicodeDecodeError:
        text = "\0"
    if not is_text(text):
        # Nothing is guessed: another character in an argument is another run.
        raise NotRead(f"The crontab {crontab!r} is not text in UTF-8. Convert it first: iconv -f latin1 -t utf-8")
    with_user = True if crontab.startswith("/etc/cron") else None
    return reader.read(text, settings=project.settings, with_user=with_user)


def _joined(readings: Mapping[str, Reading]) -> Reading:
    joined = Reading()
    for reading in readings.values():
        joined.found += reading.found
        joined.refused += reading.refused
        joined.notes += reading.notes
    return joined


def _say_what_was_read(project: Project, source: str, reading: Reading, compared: list[Compared]) -> None:
    path = project.package / "schedule.py"
    print(f"Declared in {path} from {source}: {counted(len(reading.found), 'job')}.")
    for note in reading.notes:
        print(f"  {note}")
    if reading.refused:
        print("Not declared, and kept there as comments:")
        for refused in reading.refused:
            print(f"  {refused.place}: {refused.text}\n      {refused.reason}")
    if next(file for file in compared if file.path == path).state is not State.MISSING:
        print(f"{path} was here and is kept. These are the declarations:\n")
        print(source_of(reading))


def _check(project: Project) -> int:
    compared = init.compare(project.folder, files_of(project, source_of(Reading())))
    differing = [file for file in compared if file.state not in {State.SAME, State.THEIRS}]
    for file in compared:
        print(f"{file.path}: {file.state.value}")
    for file in differing:
        if file.state is not State.MISSING:
            print(f"\n{file.diff()}", end="")
    return 1 if differing else 0


def _upgrade(project: Project, *, write: bool) -> int:
    """Files that are as they were written get the new text; of those changed by hand the difference is shown."""
    compared = init.compare(project.folder, files_of(project, source_of(Reading())))
    states = {State.MISSING, State.OLDER}
    if write:
        init.write(project.folder, compared, states)
    for file in compared:
        if file.state in states:
            print(f"{file.path}: {'written' if write else 'would be written'}, {file.state.value}")
    changed = [file for file in compared if file.state is State.CHANGED]
    for file in changed:
        print(f"\n{file.path} was changed by hand and is left alone. To bring it up to date:\n{file.diff()}", end="")
    if all(file.state in {State.SAME, State.THEIRS} for file in compared):
        print(f"All is as version {__version__} writes it.")
    return 1 if changed else 0


def _manage(words: list[str]) -> int:
    """A management command, by the project's own manage.py and our settings."""
    project = find(Path.cwd())
    settings = project.folder.joinpath(*project.nightshift_settings.split(".")).with_suffix(".py")
    if not settings.is_file() and SETTINGS not in os.environ:
        print("This project has no nightshift_settings.py yet. Run `nightshift init` first.", file=sys.stderr)
        return 1
    os.environ.setdefault(SETTINGS, project.nightshift_settings)
    if "WEBSITE_SITE_NAME" not in os.environ:
        os.environ.setdefault("LOCAL", "1")
    # In this process's place, so that the command begins as manage.py does, and hears its signals.
    return os.execv(sys.executable, [sys.executable, str(project.folder / "manage.py"), *words])  # noqa: S606
