"""Letters to those who asked for a run's end: leased, tried, answered and given up as deliveries are (`outbox`)."""

from datetime import timedelta
from typing import Any

from jobs.access.holders import rules_of_user
from jobs.access.rules import first
from jobs.alerts import messages, outbox
from jobs.alerts.channels import Answer
from jobs.alerts.message import Message
from jobs.alerts.outbox import Leased
from jobs.alerts.routes import EMAIL
from jobs.choices import EventKind, Verb
from jobs.formats import format_duration, shorten
from jobs.ledger import events, sql
from jobs.ledger.failpoints import point
from jobs.ledger.run_watches import HAS_ENDED
from jobs.ledger.sessions import ledger_transaction
from jobs.models import RunWatch


class LeasedWatch(Leased):
    """A letter that this process is to send now, by the channel of its address."""


def lease(busy: list[str]) -> LeasedWatch | None:
    """Take the first letter that is due, to an address that isn't busy. Its run has ended."""
    found = sql.row(
        f"""
        WITH due AS (
            SELECT w.id FROM nightshift_runwatch w
             WHERE {HAS_ENDED} AND w.due_at <= clock_timestamp() AND %(prefix)s || w.email <> ALL(%(busy)s)
               AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())
             ORDER BY w.due_at, w.id LIMIT 1
               FOR UPDATE SKIP LOCKED
        )
        UPDATE nightshift_runwatch w
           SET attempts = attempts + 1, leased_until = clock_timestamp() + %(lease)s,
               tried_at = coalesce(tried_at, clock_timestamp())
          FROM due WHERE w.id = due.id
        RETURNING w.id, w.attempts, %(prefix)s || w.email
        """,  # noqa: S608 — fixed
        {"busy": busy, "lease": outbox.LEASE, "prefix": EMAIL},
    )
    if found is None:
        return None
    point("lease.after_commit")
    return LeasedWatch(*found)


def message_of(leased: LeasedWatch) -> Message | None:
    """What to send. None where nobody asks for it any more, or who did may not see the job any more."""
    watch = RunWatch.objects.select_related("run", "user").filter(pk=leased.id).first()
    if watch is None:
        return None
    run, rules = watch.run, rules_of_user(watch.user)
    if first(rules, Verb.VIEW, run.job) is None:
        _change(leased, "done_at = clock_timestamp(), answer = %(answer)s", answer="The user may not see it any more.")
        return None
    assert run.finished_at is not None
    key = f"nightshift-run-{run.pk}-{int(run.finished_at.timestamp())}"
    return messages.of_run(key, run, with_lines=first(rules, Verb.OUTPUT, run.job) is not None)


def record(leased: LeasedWatch, answer: Answer) -> None:
    """What the server said: sent, refused for good, or to be tried again."""
    text = shorten(" ".join(answer.text.split()), outbox.LONGEST_ANSWER)
    after = max(outbox.pause(leased.number), answer.after or timedelta(0))
    if answer.done:
        _change(leased, "done_at = clock_timestamp(), answer = %(answer)s", answer=text)
    elif answer.gone:
        _give_up(leased, text, f"The server refuses it for good: {text}")
    elif _is_tried_out(leased, after):
        waited = format_duration(outbox.PATIENCE)
        _give_up(leased, text, f"It was tried for {waited}, the last time with: {text}")
    else:
        _change(leased, "due_at = clock_timestamp() + %(after)s, answer = %(answer)s", answer=text, after=after)
    point("answer.after_commit")


def seconds_to_next(busy: list[str]) -> float | None:
    """In how many seconds the next letter is due to an address that isn't busy; None where no run's end waits."""
    found = sql.value(
        f"""
        SELECT extract(epoch FROM min(greatest(w.due_at, w.leased_until)) - clock_timestamp())::float8
          FROM nightshift_runwatch w WHERE {HAS_ENDED} AND %(prefix)s || w.email <> ALL(%(busy)s)
        """,  # noqa: S608 — fixed
        {"busy": busy, "prefix": EMAIL},
    )
    return None if found is None else max(float(found), 0.0)


def _is_tried_out(leased: LeasedWatch, after: timedelta) -> bool:
    found = sql.row(
        "SELECT clock_timestamp() + %s > tried_at + %s FROM nightshift_runwatch WHERE id = %s",
        [after, outbox.PATIENCE, leased.id],
    )
    return found is not None and found[0]


def _give_up(leased: LeasedWatch, answer: str, why: str) -> None:
    """Try it no more, and leave an event of that."""
    with ledger_transaction():
        if not _change(leased, "done_at = clock_timestamp(), answer = %(answer)s", answer=answer):
            return
        watch = RunWatch.objects.select_related("run", "user").get(pk=leased.id)
        about = f"the end of run {watch.run_id} of {watch.run.job}"
        message = f"The e-mail to {watch.user.get_username()} about {about} wasn't delivered. {why}"
        events.record(EventKind.UNDELIVERED, message, job=watch.run.job, run_id=watch.run_id)


def _change(leased: LeasedWatch, changes: str, **values: Any) -> bool:
    """Change it, if it is still ours: whoever's lease ran out changes nothing. Gives whether it was."""
    return bool(
        sql.rows(
            f"""
            UPDATE nightshift_runwatch SET {changes}, leased_until = NULL
             WHERE id = %(id)s AND attempts = %(number)s AND done_at IS NULL
            RETURNING id
            """,  # noqa: S608 — fixed
            values | {"id": leased.id, "number": leased.number},
        )
    )
