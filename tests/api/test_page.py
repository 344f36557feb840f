"""What docs/how-to/api.md shows works as it stands: its commands run, one after another, against the local host."""

import re
import shlex
from pathlib import Path

import pytest

from tests.helpers.people import a_token, a_user
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "api.md"


def commands():
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL):
        yield from (line for line in block.splitlines() if line.startswith("curl "))


def request(command, secret):
    """Method, path, body and headers of a command of curl's."""
    words, found = iter(shlex.split(command.replace("$TOKEN", secret).replace("$URL", "/api/v1"))[1:]), {}
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(": ")
                found.setdefault("headers", {})[name.replace("-", "_")] = value
            case "-X" | "-d":
                found[word] = next(words)
            case _:
                found["path"] = word
    return found.get("-X", "GET"), found["path"], found.get("-d", "").encode(), found["headers"]


def test_every_command_of_the_page_works(host):
    run = a_run("clearsessions")
    an_attempt(run, written=[b"text"])
    _, secret = a_token(a_user("ada", "administrator", "*"))
    answers = {}
    for command in commands():
        method, path, body, headers = request(command.replace("/4711/", f"/{run.pk}/"), secret)
        answers[command] = host.request(method, path, body or None, **headers)
    assert {command: answer.body for command, answer in answers.items() if answer.status >= 300} == {}
    assert len(answers) == 21
