""".env.example and docs/reference/settings.md, from `jobs/conf.py` and `mydjango/variables.py`."""

import textwrap
from typing import Any

from jobs import conf
from jobs.setting import Setting
from jobs.setting import Variable as OfTheEnvironment
from mydjango.variables import CONTAINER, PROJECT, Variable

WIDTH = 100
EXAMPLE = """# Every variable that the project and its container read. A deployment sets SECRET_KEY, DATABASE_URL
# and its host names; the others have defaults, shown here. Nothing reads this file by itself: give a
# filled-in copy to `docker run --env-file`. `make docs` writes this file: change jobs/conf.py or
# mydjango/variables.py instead.
"""
PAGE = """# Settings

`make docs` writes this page from `jobs/conf.py` and `mydjango/variables.py`. `.env.example` has the
same as a file to fill in.

## Nightshift's settings

Set them in your project's settings module. A project that sets none of them works. In this
repository `mydjango/settings.py` takes each from the environment variable of the same name; a
dictionary or a list is written there in Python.

{settings}## Nightshift's environment variables

These belong to a process or a deployment, so they are read from the environment only. One more name
is a job's own: `JOBS_SCHEDULE__IMPORT_RATES` overrides the schedule of the job `import_rates`
([declare](declare.md)).

{variables}## This project's environment variables

`mydjango/settings.py` reads them. A project of your own has settings of its own in their place.

{project}## The container's environment variables

`container/start.sh` reads them before the Functions host starts.

{container}"""


def example() -> str:
    local, *settings = (
        _line(setting.name, _sentences(setting), _value(setting))
        for setting in conf.declared()
        if not setting.is_python
    )
    project, container = (
        [_line(found.name, _meaning(found), found.shown, is_comment=found.is_set_by_azure) for found in variables]
        for variables in (PROJECT, CONTAINER)
    )
    return "".join([EXAMPLE, local, *project, *settings, *container])


def page() -> str:
    settings = [setting for setting in conf.declared() if not isinstance(setting, OfTheEnvironment)]
    variables = [setting for setting in conf.declared() if isinstance(setting, OfTheEnvironment)]
    return PAGE.format(
        settings="".join(map(_section, settings)),
        variables="".join(map(_section, variables)),
        project="".join(map(_section_of_variable, PROJECT)),
        container="".join(map(_section_of_variable, CONTAINER)).rstrip("\n") + "\n",
    )


def _line(name: str, meaning: str, value: str, is_comment: bool = False) -> str:
    comment = textwrap.indent(_prose(meaning, WIDTH - 2), "# ")
    return f"\n{comment}\n{'# ' if is_comment else ''}{name}={value}\n"


def _section(setting: Setting[Any]) -> str:
    default = setting.shown or (f"`{setting.default()!r}`" if setting.default() != "" else "empty")
    meaning = f"{setting.meaning} {setting.more}".strip()
    return (
        f"### {setting.name}\n\n{_prose(f'{setting.kind.capitalize()}; default: {default}.')}\n\n{_prose(meaning)}\n\n"
    )


def _section_of_variable(variable: Variable) -> str:
    shown = f"\n\n    {variable.name}={variable.shown}" if variable.shown else ""
    return f"### {variable.name}\n\n{_prose(_meaning(variable))}{shown}\n\n"


def _sentences(setting: Setting[Any]) -> str:
    default = f"Default: {setting.shown}." if setting.shown else ""
    return " ".join(filter(None, (setting.meaning, setting.more, default)))


def _meaning(variable: Variable) -> str:
    return f"{variable.meaning} Azure sets it." if variable.is_set_by_azure else variable.meaning


def _value(setting: Setting[Any]) -> str:
    """The default as the environment has it; empty where it depends on other settings."""
    if setting.shown:
        return ""
    default = setting.default()
    return str(int(default)) if isinstance(default, bool) else str(default)


def _prose(text: str, width: int = WIDTH) -> str:
    """Wrapped to this width; a line that the text begins itself stays one."""
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.splitlines()
    )
