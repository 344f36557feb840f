"""What an attempt writes, on its way from the pipes to the ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.execution import output
from jobs.execution.output import PIECE, Recorder


class Written:
    """A recorder, with what it wrote."""

    def __init__(self, limit=10 * 1024 * 1024, secrets=()):
        self.pieces: list[tuple[int, output.Piece]] = []
        self.recorder = Recorder(lambda number, piece: self.pieces.append((number, piece)), limit, secrets)

    def feed(self, *chunks):
        for data, is_stderr in chunks:
            self.recorder.feed(data, is_stderr)
        return self

    def end(self):
        self.recorder.end()
        return self

    @property
    def body(self):
        return b"".join(bytes(piece.body) for _, piece in self.pieces)

    @property
    def stderr(self):
        return b"".join(
            bytes(piece.body[start:end])
            for _, piece in self.pieces
            for start, end in zip(piece.stderr[::2], piece.stderr[1::2], strict=True)
        )


def test_both_streams_stand_in_the_order_read():
    written = Written().feed((b"out 1\n", False), (b"err 1\n", True), (b"err 2\n", True), (b"out 2\n", False)).end()
    assert written.body == b"out 1\nerr 1\nerr 2\nout 2\n"
    assert [piece.stderr for _, piece in written.pieces] == [[6, 18]]


def test_each_piece_says_how_many_lines_end_before_it_of_those_that_are_kept():
    written = Written(limit=4 * PIECE).feed(*[(b"a line\n" * 10_000, False)] * 10).end()
    before = 0
    for _, piece in written.pieces:
        assert piece.lines_before == before
        before += piece.body.count(b"\n")
    assert written.recorder.dropped
    assert 0 < before < 100_000


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (b"WARNING 12:00 the feed is slow\nINFO all is well\n", 1),
        (b"a.py:3: DeprecationWarning: use b\n  b()\nlevel=WARN slow", 2),
        (b"WARNING: a UserWarning: twice in a line\n", 1),
        (b"no warnings, WARNINGS off, Warning lights\n", 0),
        (b"", 0),
    ],
)
def test_lines_that_warn_are_counted_in_both_streams(text, warnings):
    assert Written().feed((text, False)).end().recorder.warnings == warnings
    assert Written().feed((text, True), (b"WARNING\n", False)).end().recorder.warnings == warnings + 1


def test_a_little_waits_for_more_but_not_long(monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    assert Written().recorder.flush_at is None
    written = Written().feed((b"a", False))
    assert written.recorder.flush_at == 100.0 + output.DELAY
    assert written.pieces == []
    written.recorder.flush()
    assert written.body == b"a"


def test_much_is_written_at_once():
    written = Written().feed((b"x" * (2 * PIECE + 5), False))
    assert [len(piece.body) for _, piece in written.pieces] == [PIECE, PIECE]
    assert len(written.end().body) == 2 * PIECE + 5


def test_nothing_written_is_no_piece():
    assert Written().end().pieces == []


def test_secrets_are_masked_across_pieces_in_each_stream_by_itself():
    chunks = [(b"hunter2", False), (b"hunter2", True), (b"-prod", False), (b"-test", True)]
    written = Written(secrets=["hunter2-prod"]).feed(*chunks).end()
    assert b"hunter2-prod" not in written.body
    assert written.stderr == b"hunter2-test"


def test_what_may_be_shown_at_once_is_given_back():
    recorder = Written(secrets=["hunter2"]).recorder
    assert recorder.feed(b"see hunter2 hun", False) == b"see ******** "


def test_of_too_much_the_head_and_the_tail_are_kept(monkeypatch):
    monkeypatch.setattr(output, "PIECE", 10)
    chunks = [(b"%09d\n" % number, False) for number in range(1000)]
    written = Written(limit=1024).feed(*chunks).end()
    head, note, tail = written.body.partition(b"\n[\xe2\x80\xa6 ")
    assert head.startswith(b"000000000\n000000001\n")
    assert tail.endswith(b"000000999\n")
    assert note
    assert written.recorder.bytes == 10_000
    dropped = written.recorder.dropped
    assert f"[… {dropped:,} bytes were dropped here …]\n" in written.body.decode()
    kept = written.body.replace(f"\n[… {dropped:,} bytes were dropped here …]\n".encode(), b"")
    assert len(kept) + dropped == 10_000


CHUNKS = st.lists(st.tuples(st.binary(max_size=400), st.booleans()), max_size=40)


@pytest.mark.parametrize("piece", [7, 64, 100_000])
@given(chunks=CHUNKS)
def test_pieces_in_their_order_are_what_was_read(piece, chunks):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "PIECE", piece)
        written = Written(limit=1024 * 1024).feed(*chunks).end()
    assert written.body == b"".join(data for data, _ in chunks)
    assert written.stderr == b"".join(data for data, is_stderr in chunks if is_stderr)
    assert [number for number, _ in written.pieces] == list(range(len(written.pieces)))
    assert all(len(piece_written.body) <= piece for _, piece_written in written.pieces)


@given(chunks=CHUNKS, limit=st.integers(1024, 4096))
def test_head_and_tail_are_what_was_read_first_and_last(chunks, limit):
    whole = b"".join(data for data, _ in chunks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "PIECE", 64)
        written = Written(limit).feed(*chunks).end()
    dropped = written.recorder.dropped
    if not dropped:
        assert written.body == whole
        return
    head, _, tail = written.body.partition(f"\n[… {dropped:,} bytes were dropped here …]\n".encode())
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert len(head) + dropped + len(tail) == len(whole)
    assert limit // 2 <= len(head) < limit // 2 + 64
    assert limit // 2 <= len(tail) < limit // 2 + 64
