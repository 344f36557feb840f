import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.reading.terminal_text import Segment, Terminal, segments
from tests.helpers.thorough import examples

EXAMPLES = settings(max_examples=examples(thorough=5_000, quick=150))
SGR = st.lists(st.integers(0, 110), max_size=4).map(lambda codes: f"\x1b[{';'.join(map(str, codes))}m")
HARMLESS = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=8)
ANYTHING = st.lists(
    SGR
    | HARMLESS
    | st.sampled_from(["\r", "\n", "\b", "\t", "\x1b", "\x1b[", "\x1b]0;title", "\x07", "\x1b\\", "\x1b[K", "\x1b[1K"])
    | st.sampled_from(["\x1b[2K\x1b[1G", "\x1b[9G", "\x1b(B", "\x00", "\x9b31m", "\u202e", "\u2066", "\x1bP1;2|x"])
    | st.text(max_size=4),
    max_size=12,
).map("".join)


def shown(text):
    """The lines, each as its text alone."""
    return ["".join(segment.text for segment in line) for line in segments(text)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\r\ntwo\n", ["one", "two", ""]),
        ("  0%\r 50%\r100% done", ["100% done"]),
        ("longer line\rshort", ["shortr line"]),
        ("longer line\r\x1b[Kshort", ["short"]),
        ("longer line\x1b[2K\x1b[1Gshort", ["short"]),
        ("working |\b/\b-\b\\", ["working \\"]),
        ("abc\x1b[1K|", ["   |"]),
        ("a\tb\n1234567\tb\n12345678\tb", ["a       b", "1234567 b", "12345678        b"]),
        ("a\x1b]0;a title\x07b\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\", ["ablink"]),
        ("\x1b[?25l\x1b[3A\x1b(B\x1b7x\x1b[?25h", ["x"]),
        ("bell\x07 nul\x00 delete\x7f escape\x1b", ["bell␇ nul␀ delete␡ escape␛"]),
        ("\x1b]0;never ends\nseen", ["␛]0;never ends", "seen"]),
        ("evil\u202etxt.exe \x9b31m \u2028 \u200b", ["evil<U+202E>txt.exe <U+009B>31m <U+2028> <U+200B>"]),
        ("<script>&\"'</script>", ["<script>&\"'</script>"]),
        ("👩\u200d👧 naïve é", ["👩\u200d👧 naïve é"]),
    ],
)
def test_a_line_is_shown_as_a_terminal_shows_it(text, lines):
    assert shown(text) == lines


@pytest.mark.parametrize(
    ("sequence", "classes"),
    [
        ("\x1b[31m", ("ansi-red",)),
        ("\x1b[97;44m", ("ansi-bright-white", "ansi-on-blue")),
        (
            "\x1b[1;2;3;4;7;9m",
            ("ansi-bold", "ansi-dim", "ansi-italic", "ansi-underline", "ansi-inverse", "ansi-strike"),
        ),
        ("\x1b[1;4m\x1b[22m", ("ansi-underline",)),
        ("\x1b[4:3m", ("ansi-underline",)),
        ("\x1b[31;1m\x1b[m", ()),
        ("\x1b[31;41m\x1b[39m", ("ansi-on-red",)),
        ("\x1b[38;5;9m", ("ansi-bright-red",)),
        ("\x1b[38;5;196;1m", ("ansi-bright-red", "ansi-bold")),
        ("\x1b[48;5;232m", ("ansi-on-black",)),
        ("\x1b[38;2;0;200;10;4m", ("ansi-green", "ansi-underline")),
        ("\x1b[38:2::0:200:10;4m", ("ansi-green", "ansi-underline")),
        ("\x1b[38:5:21m", ("ansi-blue",)),
        ("\x1b[38;2;999;0;0m", ()),
        ("\x1b[38m", ()),
        ("\x1b[58;5;1;4m", ("ansi-underline",)),
        ("\x1b[?1m\x1b[>4;2m", ()),
    ],
)
def test_colours_and_weights_are_classes(sequence, classes):
    assert list(segments(f"{sequence}x")) == [[Segment("x", classes)]]


def test_stderr_and_what_is_not_shown_are_classes_too():
    terminal = Terminal()
    terminal.feed("\x1b[31mout ")
    terminal.feed("err\x07", is_stderr=True)
    assert terminal.end() == [
        Segment("out ", ("ansi-red",)),
        Segment("err", ("stderr", "ansi-red")),
        Segment("␇", ("stderr", "ansi-red", "ansi-unseen")),
    ]


@EXAMPLES
@given(ANYTHING, st.data())
def test_a_text_is_shown_alike_in_whatever_parts_it_comes(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    terminal, lines = Terminal(), []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        lines += terminal.feed(text[start:end])
    assert [*lines, terminal.end()] == list(segments(text))


@EXAMPLES
@given(ANYTHING)
def test_a_reader_who_hands_the_style_on_can_begin_at_any_line(text):
    terminal, lines = Terminal(), []
    for line in text.split("\n"):
        terminal = Terminal(terminal.style)
        lines += terminal.feed(f"{line}\n")
    whole = Terminal().feed(text + "\n")
    if "\x1b]" not in text:  # a title has one line at most
        assert lines == whole


@EXAMPLES
@given(ANYTHING)
def test_no_control_character_and_no_change_of_direction_is_left(text):
    left = {letter for line in shown(text) for letter in line}
    assert {letter for letter in left if unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"}} == set()
    assert not left & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@EXAMPLES
@given(st.lists(SGR | HARMLESS | st.sampled_from(["\n", "\x1b[5A", "\x1b]0;title\x07"]), max_size=12))
def test_no_text_is_lost(parts):
    text = "".join(part for part in parts if not part.startswith("\x1b"))
    assert shown("".join(parts)) == text.split("\n")
