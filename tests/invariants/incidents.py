"""What should be in a job's incidents, by the sentences of docs/reference/alerts.md: kept apart from the product's own.

A model of one job in plain Python: it is told what happens, and says which incidents are open, and how often each was
found.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs import alert
from jobs.choices import Cause

ENDED_BY_SUCCESS = {Cause.FAILED, Cause.LOST, Cause.MISSED, Cause.NOT_SUCCEEDED_FOR}
LASTING = {Cause.STILL_RUNNING, Cause.FORGOTTEN_PAUSE}
# Six changes within twenty outcomes are flapping; six that are alike end it.
CHANGES, WITHIN, ALIKE = 6, 20, 6


@dataclass
class Outcome:
    """How a run came out after its retries. `number` is the run's."""

    number: int
    at: datetime
    status: str

    @property
    def bad(self):
        return self.status != "succeeded"


@dataclass
class Story:
    """All that was ever told of one cause: when it was opened and ended, and how."""

    opened: list = field(default_factory=list)
    ended: list = field(default_factory=list)  # (at, how)


@dataclass
class Job:
    """One job. `open` has the causes of its open incidents, each with how often it was found."""

    rules: dict
    open: dict = field(default_factory=dict)
    stories: dict = field(default_factory=dict)
    outcomes: list = field(default_factory=list)
    running: dict = field(default_factory=dict)  # when each run that is at work started
    first_run_at: datetime | None = None
    paused_since: datetime | None = None
    pause_ended_at: datetime | None = None

    def story(self, cause):
        return self.stories.setdefault(cause, Story())

    def found(self, cause, at, number=1):
        if cause not in self.open:
            self.story(cause).opened.append(at)
        self.open[cause] = self.open.get(cause, 0) + number

    def ends(self, cause, at, how="recovered"):
        if self.open.pop(cause, None) is not None:
            self.story(cause).ended.append((at, how))

    def by_hand_at(self, cause):
        """When an operator last said of this cause that it is done."""
        return max((at for at, how in self.story(cause).ended if how == "by_hand"), default=None)

    # What happens

    def came_out(self, outcome, took=timedelta(0), wrote=False):
        self.running.pop(outcome.number, None)
        self.outcomes.append(outcome)
        if not outcome.bad:
            for cause in ENDED_BY_SUCCESS:
                self.ends(cause, outcome.at)
        if Cause.RATE in self.rules:
            self.judge_rate(outcome.at)
        if wrote and Cause.OUTPUT_MATCHES in self.rules:
            self.found(Cause.OUTPUT_MATCHES, outcome.at)
        elif not outcome.bad and Cause.OUTPUT_MATCHES in self.rules:
            self.ends(Cause.OUTPUT_MATCHES, outcome.at)
        if not outcome.bad and Cause.SLOWER_THAN in self.rules:
            if took > self.rules[Cause.SLOWER_THAN].limit:
                self.found(Cause.SLOWER_THAN, outcome.at)
            else:
                self.ends(Cause.SLOWER_THAN, outcome.at)
        if outcome.status == "lost" and Cause.LOST in self.rules:
            self.found(Cause.LOST, outcome.at)
        elif outcome.bad and Cause.FAILED in self.rules:
            self.judge_failures(outcome.at)

    def latest(self, number, cause=None):
        """The latest outcomes, newest first; where so many are there, and since an operator's word."""
        since = cause and self.by_hand_at(cause)
        found = [each for each in reversed(self.outcomes) if since is None or each.at > since][:number]
        return found if len(found) == number else []

    def judge_rate(self, at):
        rule = self.rules[Cause.RATE]
        latest = self.latest(rule.of, Cause.RATE)
        if latest and sum(each.bad for each in latest) >= rule.share * rule.of:
            self.found(Cause.RATE, at)
        else:
            self.ends(Cause.RATE, at)

    def judge_failures(self, at):
        row = self.latest(self.rules[Cause.FAILED].in_a_row or 1, Cause.FAILED)
        recovers_no_more = bool(latest := self.latest(ALIKE)) and all(each.bad for each in latest)
        if row and all(each.bad for each in row):
            self.found(Cause.FLAPPING if self.flaps(recovers_no_more) else Cause.FAILED, at)
        if recovers_no_more:
            self.ends(Cause.FLAPPING, at)

    def flaps(self, recovers_no_more):
        if recovers_no_more or Cause.FAILED in self.open:
            return False
        window = self.latest(WITHIN)
        edges = [each.at for each in window[-1:]] + [at for at, _ in self.story(Cause.FLAPPING).ended]
        failed = self.story(Cause.FAILED)
        changes = failed.opened + [at for at, how in failed.ended if how == "recovered"]
        return Cause.FLAPPING in self.open or sum(at >= max(edges, default=at) for at in changes) >= CHANGES

    def missed(self, number, at):
        if Cause.MISSED in self.rules:
            self.found(Cause.MISSED, at, number)

    def resolved_by_hand(self, cause, at):
        self.ends(cause, at, "by_hand")

    def ticked(self, at):
        """A tick looks at the clock. What is declared no longer ends; then what time brings, and what is over."""
        for cause in [*self.open]:
            if (Cause.FAILED if cause == Cause.FLAPPING else cause) not in self.rules:
                self.ends(cause, at, "undeclared")
        lasts = {
            cause: since
            for cause in (Cause.NOT_SUCCEEDED_FOR, Cause.STILL_RUNNING, Cause.FORGOTTEN_PAUSE)
            if cause in self.rules and (since := self.since(cause)) and since <= at - self.rules[cause].after
        }
        before = [*self.open]
        for cause, since in lasts.items():
            word = self.by_hand_at(cause)
            if cause not in self.open and (word is None or word < since):
                self.found(cause, at)
        latest = sorted(self.outcomes, key=lambda each: -each.number)[:ALIKE]
        for cause in before:
            recovers = len(latest) == ALIKE and not any(each.bad for each in latest)
            if (cause in LASTING and cause not in lasts) or (cause == Cause.FLAPPING and recovers):
                self.ends(cause, at)

    def since(self, cause):
        """Since when something lasts that a rule about time looks at; None where it doesn't."""
        if cause == Cause.STILL_RUNNING:
            return min(self.running.values(), default=None)
        if cause == Cause.FORGOTTEN_PAUSE:
            return self.paused_since
        if self.paused_since:
            return None
        good = [each for each in self.outcomes if not each.bad]
        last = max(good, key=lambda each: each.number).at if good else self.first_run_at
        return max((at for at in (last, self.pause_ended_at) if at), default=None)


def rules_of(drawn):
    """Rules by their cause."""
    return {rule.cause: rule for rule in drawn if isinstance(rule, alert.Alert)}
