"""A run beside the last one before it that succeeded, or beside another."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, page
from jobs.models import Run
from jobs.reading import comparing
from jobs.reading.last_success import last_success
from jobs.reading.seen import run_of
from jobs.sentences import Sentence

# Of lines that are alike so many are shown before and after those that differ.
AROUND = 3
# So many lines are shown, and so much of each.
MOST, LONGEST = 800, 500
NAMES = {" ": "same", "-": "gone", "+": "new", "…": "dim"}


class NothingToCompare(Sentence, LookupError):
    """No run of {job} succeeded before run {run}. Name another one: ?with=NUMBER."""

    def __init__(self, run: Run) -> None:
        super().__init__(job=run.job, run=run.pk)


@page("compare.html")
def compare(request: HttpRequest, actor: Actor, pk: int) -> Context:
    run = run_of(actor, pk)
    other = _other(request, actor, run)
    attempts = comparing.last_attempts(run.pk, other.pk)
    facts = comparing.facts(other, run, attempts)
    may_read = actor.may(Verb.OUTPUT, run.job) and actor.may(Verb.OUTPUT, other.job)
    has_outputs = {run.pk, other.pk} <= attempts.keys()
    return {
        "title": f"Run {pk} and run {other.pk}",
        "at": "runs",
        "run": run,
        "other": other,
        "facts": facts,
        "differ": [fact.name for fact in facts if fact.differs and fact.matters],
        "may_read": may_read,
        "lines": _lines(comparing.outputs(attempts[other.pk], attempts[run.pk])) if may_read and has_outputs else None,
    }


def _other(request: HttpRequest, actor: Actor, run: Run) -> Run:
    named = asked.number(request, "with")
    if named is not None:
        return run_of(actor, named)
    before = last_success(run)
    if before is None:
        raise NothingToCompare(run)
    return Run.objects.get(pk=before.run_id)


def _lines(found: comparing.Outputs) -> Context:
    """The lines that differ, each with what is around it; in between the number of those that are alike."""
    shown: list[tuple[str, str]] = []
    parts = found.parts or []
    for place, (sign, lines) in enumerate(parts):
        if sign != " ":
            shown += [(sign, line) for line in lines]
            continue
        before = AROUND if place else 0
        after = AROUND if place < len(parts) - 1 else 0
        if len(lines) <= before + after + 1:
            shown += [(sign, line) for line in lines]
            continue
        shown += [(sign, line) for line in lines[:before]]
        shown.append(("…", f"{len(lines) - before - after:,} lines alike"))
        shown += [(sign, line) for line in (lines[-after:] if after else [])]
    return {
        "shown": [(NAMES[sign], sign, line[:LONGEST]) for sign, line in shown[:MOST]],
        "left_out": max(len(shown) - MOST, 0),
        "is_alike": found.is_alike,
        "is_part": found.is_part,
        "too_different": found.parts is None,
    }
