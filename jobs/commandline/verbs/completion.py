"""`completion SHELL`: what a shell needs to complete the words of a command line."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb

SHELLS = ("bash", "zsh", "fish")


class Completion(Verb):
    help = (
        "Print what a shell needs to complete the commands, options and jobs of `nightshift`. "
        'In ~/.bashrc: eval "$(nightshift completion bash)"; in ~/.zshrc the same with zsh, after compinit; '
        "in fish: nightshift completion fish | source."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=[*SHELLS, "jobs"], help="The shell; or jobs: only their names.")

    def handle(self, ledger: Ledger, out: Out, *, what: str, **options: Any) -> None:
        if what == "jobs":
            out.say("\n".join(ledger.names()))
            return
        from jobs.commandline import completion  # it knows all commands, this one too

        out.say(completion.script(what))
