"""What the commands ask of a ledger: one is here (`management/here.py`), others are behind an API (`afar/`)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

# As the API gives it, but moments are datetimes.
type Facts = dict[str, Any]


class Refusal(Exception):
    """It can't be had or done. The message is a sentence for the operator; `code` is the process's exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Terms(NamedTuple):
    """On what terms a run is started: the job's word of confirmation, the run's labels, whether a hold stops it, and a
    preset's name: its words come before those that are given.
    """

    confirm: str = ""
    labels: Sequence[str] = ()
    despite_hold: bool = False
    preset: str = ""


class Piece(NamedTuple):
    """What a run wrote, each part with whether stderr wrote it. `next` is the place that follows.

    `retry_after` is in seconds; None once the run has ended and all of it was read. `notes` are sentences about it.
    """

    attempt: int
    parts: Sequence[tuple[bytes, bool]]
    next: str
    status: str
    retry_after: float | None
    notes: Sequence[str] = ()


class Which(NamedTuple):
    """Occurrences of a job: those of a gap, or of a window."""

    gap: int | None = None
    after: datetime | None = None
    before: datetime | None = None


class Filter(NamedTuple):
    """Which events of the audit; what is empty doesn't matter."""

    job: str = ""
    by: str = ""
    kind: str = ""
    door: str = ""
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Following(NamedTuple):
    """The next occurrences of a job, with its schedule in words."""

    in_words: str
    time_zone: str
    occurrences: list[Facts]


class Ledger(ABC):
    """Each method raises Refusal. `program` is how its commands are named to the operator."""

    program: str
    # How far back `gaps` looks, in words.
    reach = ""

    @abstractmethod
    def now(self) -> datetime:
        """By this machine's clock, in the zone in which the ledger shows moments."""

    @abstractmethod
    def clock(self) -> datetime:
        """By the ledger's own clock, which decides."""

    @abstractmethod
    def jobs(self) -> list[Facts]:
        """The declared jobs, in their order."""

    @abstractmethod
    def job(self, name: str) -> Facts:
        """One of them."""

    @abstractmethod
    def names(self) -> list[str]:
        """Those of the declared jobs."""

    @abstractmethod
    def zone(self, job: str) -> ZoneInfo:
        """By whose clock a job's times are read. Raises Refusal where nothing is known of it."""

    @abstractmethod
    def runs(self, job: str | None, status: str | None, pinned: bool, limit: int) -> list[Facts]:
        """The latest runs."""

    @abstractmethod
    def run(self, id: int) -> Facts: ...

    @abstractmethod
    def start(self, job: str, words: list[str] | None, not_before: datetime | None, terms: Terms) -> Facts:
        """Queue a run, for the host to execute. Gives the run."""

    @abstractmethod
    def read(self, run: int, after: str) -> Piece:
        """What the run writes after a place: attempt.piece.byte."""

    @abstractmethod
    def output(self, run: int, attempt: int | None, stderr_only: bool) -> Iterator[bytes]:
        """What an attempt wrote, the latest unless named."""

    @abstractmethod
    def waits_for(self, run: int) -> str:
        """What a queued run waits for, in a sentence; empty if nothing is in its way."""

    @abstractmethod
    def exit_code(self, run: int) -> int:
        """That of a run's latest attempt; 0 where it has none."""

    @abstractmethod
    def cancel(self, run: int, reason: str) -> Facts:
        """Ask for the end of a run. Gives the run."""

    @abstractmethod
    def pause(self, job: str, reason: str, until: datetime | None) -> None: ...

    @abstractmethod
    def resume(self, job: str) -> None: ...

    @abstractmethod
    def override(
        self,
        job: str,
        schedule: str,
        time_zone: str,
        words: list[str] | None,
        reason: str,
        until: datetime | None,
    ) -> None: ...

    @abstractmethod
    def end_override(self, job: str) -> None: ...

    @abstractmethod
    def upcoming(self, hours: int, fold: int | None) -> list[Facts]:
        """All occurrences in these hours, in their order. A job with more than `fold` has one with its `times`."""

    @abstractmethod
    def following(self, job: str, count: int) -> Following: ...

    @abstractmethod
    def explain(self, job: str, at: datetime | None) -> Facts:
        """What happened to the occurrence nearest to a moment: `sentences`, and what programs read of it."""

    @abstractmethod
    def audit(self, which: Filter, limit: int) -> tuple[list[Facts], bool]:
        """What was done and refused, newest first; and whether older events weren't looked at for lack of an index."""

    @abstractmethod
    def retry(self, run: int, words: list[str] | None, confirm: str) -> Facts:
        """Queue a run that retries an ended one. Gives the new run."""

    @abstractmethod
    def presets(self, job: str) -> list[Facts]:
        """Its presets, by their names."""

    @abstractmethod
    def save_preset(self, job: str, name: str, words: list[str] | None) -> Facts:
        """Keep these words, or those declared, under a name."""

    @abstractmethod
    def delete_preset(self, job: str, name: str) -> None: ...

    @abstractmethod
    def gaps(self, job: str | None, limit: int) -> list[Facts]:
        """The latest gaps, of a job or of all."""

    @abstractmethod
    def missed(self, job: str, which: Which) -> Facts:
        """Which of these have no run: `count`, the oldest `occurrences`, and `with_run`, which have theirs."""

    @abstractmethod
    def run_missed(self, job: str, which: Which, note: str, confirm: str) -> list[Facts]:
        """Queue a run for each: its `occurrence` and its `run`."""

    @abstractmethod
    def hold(self) -> Facts:
        """The hold that is in force or was last, whether it `is_held`, and the gaps that it has `swallowed`."""

    @abstractmethod
    def begin_hold(self, reason: str, until: datetime | None, all_starts: bool) -> Facts: ...

    @abstractmethod
    def end_hold(self) -> Facts: ...

    @abstractmethod
    def notes(self, subject: int | str) -> list[Facts]:
        """About a run, by its number, or a job or a day, by its name."""

    @abstractmethod
    def note(self, subject: int | str, text: str) -> None: ...

    @abstractmethod
    def incidents(self, job: str | None, causes: Sequence[str], is_open: bool | None, limit: int) -> list[Facts]:
        """Incidents of a job or of all: open ones first, the worst on top."""

    @abstractmethod
    def incident(self, id: int) -> Facts:
        """One of them with its `moments`."""

    @abstractmethod
    def acknowledge(self, incident: int, note: str) -> None: ...

    @abstractmethod
    def snooze(self, incident: int, until: datetime | None) -> None:
        """Send nothing about it until then; None ends that."""

    @abstractmethod
    def resolve(self, incident: int, note: str) -> None: ...

    @abstractmethod
    def channels(self) -> list[Facts]:
        """The channels that messages about incidents go out by."""

    @abstractmethod
    def test_channel(self, name: str) -> Facts:
        """Send a message by it that says it is a test: whether it was taken (`done`), and what there is to say."""

    @abstractmethod
    def switch_channel_on(self, name: str) -> None: ...

    @abstractmethod
    def try_rule(self, job: str, rule: str) -> Facts:
        """Which incidents a rule of alerts, given as text, would have opened in the latest 30 days."""
