"""Read what every command takes, and send each of its fields through words, and these through a form.

Ends with 1 where a command can't be read, or a command line means something else than its fields:
`python -m tools.compare.parameters`.
"""

import argparse
import os
import sys
from collections import Counter

os.environ["LOCAL"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.compare.settings"

import django
from django.core.management import get_commands

from tests.declarations.parameters.oracle import round_trips


def main() -> int:
    django.setup()
    from jobs.declarations.parameters import BrokenCommand, describe, json_schema, parser_of
    from tests.forms.sent import through_a_form

    def through(parameters, words):  # type: ignore[no-untyped-def]
        form = through_a_form(parameters, words)
        assert form.is_valid(), (words, form.errors)
        return form.words

    packages: Counter[str] = Counter()
    lines, wrong = 0, 0
    for command, app in sorted(get_commands().items()):
        name = app if isinstance(app, str) else type(app).__module__.removesuffix(f".management.commands.{command}")
        try:
            parameters = describe(command)
            json_schema(parameters)
            parser = parser_of(command)
            sent = round_trips(parser, command, through) if isinstance(parser, argparse.ArgumentParser) else 0
        except BrokenCommand as error:
            print(f"not loaded  {command:<32}{error}", flush=True)
            continue
        except Exception as error:  # noqa: BLE001 — others' commands, and what this looks for
            wrong += 1
            print(f"wrong       {command:<32}{type(error).__name__}: {error}", flush=True)
            continue
        packages[name] += 1
        lines += sent
        raw = "only a raw line" if parameters.is_opaque else ", ".join(one.called for one in parameters.undrawn)
        print(f"read        {command:<32}{sent:>3} lines  {raw}", flush=True)
    print(f"\n{sum(packages.values())} commands of {len(packages)} packages: {', '.join(sorted(packages))}.")
    print(f"{lines} command lines mean what their fields say, {wrong} commands don't.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
