"""`presets JOB`: sets of a job's arguments that people keep under a name."""

import argparse
from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Ledger, Refusal
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.verbs.run import split
from jobs.commandline.words import add_format
from jobs.formats import command_line


class Presets(Verb):
    help = (
        "List the presets of a job: sets of its arguments under a name, for all who may run it. With --save, keep ARGS "
        "under a name, or without ARGS those declared; secrets are left out. `run --preset NAME JOB` uses one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.usage = "%(prog)s [--save NAME | --delete NAME] [OPTIONS] JOB [--] [ARGS ...]"
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--save", metavar="NAME", help="Keep ARGS under this name; it stands before JOB.")
        what.add_argument("--delete", metavar="NAME", help="Delete the preset with this name; it stands before JOB.")
        add_format(parser)
        parser.add_argument(
            "words", nargs=argparse.REMAINDER, metavar="JOB [ARGS …]", help="The job, and the arguments to keep."
        )

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        words: list[str],
        save: str | None,
        delete: str | None,
        format: str,
        **options: Any,
    ) -> None:
        job, arguments, _ = split(words)
        if save is not None:
            saved = ledger.save_preset(job, save, arguments)
            kept = command_line(saved["words"]) or "no arguments"
            out.say(f"The arguments of {job} are saved as {saved['name']!r}: {kept}")
        elif arguments is not None:
            example = f"`{ledger.program} presets --save NAME {job} …`"
            raise Refusal(f"Arguments are only for --save, which stands before the job: {example}.")
        elif delete is not None:
            ledger.delete_preset(job, delete)
            out.say(f"The preset {delete!r} of {job} is deleted.")
        else:
            zone = ledger.now().tzinfo
            out.rows(
                format,
                ledger.presets(job),
                ["NAME", "ARGUMENTS", "BY", "SAVED"],
                lambda each: [
                    each["name"],
                    command_line(each["words"]),
                    each["by"],
                    f"{each['at'].astimezone(zone):%Y-%m-%d %H:%M %Z}",
                ],
                f"No presets of {job}.",
            )
