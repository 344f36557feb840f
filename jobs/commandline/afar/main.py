"""`nightshift --url https://… VERB …`: a verb, its ledger, and an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from jobs import terminal
from jobs.commandline.afar import credentials
from jobs.commandline.afar.client import Client
from jobs.commandline.afar.there import There
from jobs.commandline.ledger import Refusal
from jobs.commandline.out import Colour, Out
from jobs.commandline.verbs.known import VERBS

URL = "NIGHTSHIFT_URL"
RESOURCE = "NIGHTSHIFT_RESOURCE"


def is_meant(words: Sequence[str]) -> bool:
    """Whether this command line is for a ledger afar: by --url, or by the environment and a verb that is had there."""
    if not words or words[0] in {"-h", "--help", "--version"}:
        return False
    if any(word == "--url" or word.startswith("--url=") for word in words[: _verb_at(words)]):
        return True
    return bool(os.environ.get(URL)) and (words[0].startswith("-") or words[0] in VERBS)


def main(words: Sequence[str]) -> int:
    """The exit code: the job's own for `run` and `follow`, else 0, or 1 with a sentence on stderr."""
    terminal.open_missing_streams()
    options = vars(parser().parse_args(words))
    out = Out(sys.stdout, sys.stderr, no_color=options["no_color"])
    try:
        client = Client(options["url"] or "", _credentials(options), out.remark)
        VERBS[options["verb"]].handle(There(client), out, **options)
        sys.stdout.flush()
    except Refusal as refusal:
        out.remark(str(refusal), Colour.RED)
        return refusal.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="nightshift",
        description="The same commands for Nightshift elsewhere, over its API. No Django project is needed here.",
    )
    found.add_argument(
        "--url",
        metavar="URL",
        default=os.environ.get(URL, ""),
        help=f"The address: https://jobs.example.com. Default: {URL}.",
    )
    who = found.add_mutually_exclusive_group()
    who.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help=f"A file that holds a token. Default: the token in {credentials.VARIABLE}.",
    )
    who.add_argument("--az", action="store_true", help="Ask `az` for a token of Entra ID, after `az login`.")
    found.add_argument(
        "--resource",
        metavar="URI",
        default=os.environ.get(RESOURCE, ""),
        help=f"For --az: what JOBS_ENTRA_AUDIENCE names, such as api://nightshift. Default: {RESOURCE}.",
    )
    # Before the verb or after it: what isn't said after it mustn't overwrite what was said before.
    plain = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for one in (found, plain):
        one.add_argument("--no-color", action="store_const", const=True, help="Write no colours, as with NO_COLOR set.")
    found.set_defaults(no_color=False)
    verbs = found.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        short = verb.help.partition(". ")[0].removesuffix(".")
        verb.add_arguments(verbs.add_parser(name, parents=[plain], help=short, description=verb.help))
    return found


def _credentials(options: dict[str, object]) -> credentials.Credentials:
    if options["az"]:
        if not options["resource"]:
            raise Refusal(f"--az: say for what, by --resource or {RESOURCE}: what JOBS_ENTRA_AUDIENCE names there.")
        return credentials.from_azure(str(options["resource"]))
    file = options["token_file"]
    return credentials.from_file(file) if isinstance(file, Path) else credentials.from_environment()


def _verb_at(words: Sequence[str]) -> int:
    """Where the verb stands: what comes after it is the verb's own."""
    return next((place for place, word in enumerate(words) if word in VERBS), len(words))
