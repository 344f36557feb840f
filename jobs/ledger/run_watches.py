"""Who is to hear of a run's end by e-mail. The deliverer sends the letters; nothing is written when a run ends."""

from typing import Any

from django.db.models import Exists, OuterRef

from jobs.ledger import sql
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Run, RunWatch
from jobs.sentences import Sentence

# Of rows of watches `w`: its run has ended, and the letter isn't done. A scalar, so that each run is read by its key.
HAS_ENDED = """
    w.done_at IS NULL AND (SELECT r.finished_at FROM nightshift_run r WHERE r.id = w.run_id) IS NOT NULL
"""


class AlreadyEnded(Sentence, ValueError):
    """Run {run.pk} of {run.job} has ended: it is {run.status}. Nothing is left to wait for."""

    def __init__(self, run: Run) -> None:
        super().__init__(run=run)


def watch(run: Run, user_id: object, email: str) -> None:
    """Have the user hear of this run's end; once, however often it is asked for. Raises AlreadyEnded."""
    with ledger_transaction():
        is_active = sql.row(
            """
            INSERT INTO nightshift_runwatch (run_id, user_id, email)
            SELECT id, %(user)s, %(email)s FROM nightshift_run WHERE id = %(run)s AND finished_at IS NULL
                ON CONFLICT (run_id, user_id) DO UPDATE SET email = excluded.email
            RETURNING true
            """,
            {"run": run.pk, "user": user_id, "email": email},
        )
    if not is_active:
        run.refresh_from_db()
        raise AlreadyEnded(run)


def unwatch(run_id: int, user_id: Any) -> None:
    """Send no letter, unless it is being sent now."""
    RunWatch.objects.filter(run=run_id, user=user_id, done_at=None).delete()


def are_watched_by(user_id: Any) -> Exists:
    """Of runs: whether the user will hear of their ends."""
    return Exists(RunWatch.objects.filter(run=OuterRef("pk"), user=user_id, done_at=None))
