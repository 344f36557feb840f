"""Colours are written to a terminal only, and to none that doesn't want them."""

import io

import pytest

from jobs.commandline.out import Colour, Out


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stdout", "environment", "options", "is_coloured"),
    [
        (Terminal, {}, {}, True),
        (io.StringIO, {}, {}, False),
        (Terminal, {"NO_COLOR": "1"}, {}, False),
        (Terminal, {"NO_COLOR": ""}, {}, True),
        (Terminal, {"TERM": "dumb"}, {}, False),
        (Terminal, {}, {"no_color": True}, False),
        (io.StringIO, {"NO_COLOR": "1"}, {"force_color": True}, True),
    ],
)
def test_colours_are_for_terminals(stdout, environment, options, is_coloured, monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = stdout()
    out = Out(shown, io.StringIO(), **options)
    out.say("Good.", Colour.GREEN)
    out.table(["RUN", "STATUS"], [["1", "failed"], ["2", "succeeded"]])
    red, green = ("\x1b[31mfailed\x1b[0m", "\x1b[32mGood.\x1b[0m") if is_coloured else ("failed", "Good.")
    assert shown.getvalue().splitlines()[0] == green
    assert red in shown.getvalue()
    assert ("\x1b" in shown.getvalue()) == is_coloured


def test_each_stream_has_colours_by_itself(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    file, terminal = io.StringIO(), Terminal()
    Out(terminal, file).remark("It failed.", Colour.RED)
    assert file.getvalue() == "It failed.\n"
