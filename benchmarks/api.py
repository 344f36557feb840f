"""What it takes to ask for a run, beside a bare INSERT with its commit."""

import uuid
from datetime import UTC, datetime, timedelta
from statistics import median

from django.db import connection
from django.test import Client

from benchmarks.database import statements
from benchmarks.harness import Figure, Result, Row, Side, duration, rounds
from jobs.access.actor import Actor
from jobs.choices import Trigger, Verb
from jobs.formats import counted
from jobs.ledger import triggers
from jobs.models import Grant, Run, ServiceAccount
from jobs.verbs.tokens import create_token

TIMES = 40


def measure() -> list[Result]:
    program = Program()
    works = (ask, program.post, bare_insert)
    ours, posted, theirs = rounds(*(Side(work=work, times=TIMES, prepare=empty_queue) for work in works))
    row = Row(what="a run is asked for", yardstick="a bare INSERT with its commit", ours=ours, theirs=theirs)
    by_api = Row(what="the same by POST, with a key", yardstick=row.yardstick, ours=posted, theirs=theirs)
    asked = statements(ask)
    empty_queue()
    wall = row.by_wall()
    return [
        Result(
            row=11,
            figures=[Figure(f"wall: {wall}", "at most 2.5", wall.median <= 2.5)],
            compared=[row, by_api],
            notes=[
                "`triggers.request`, which the doors call to start a job, with its ring. It takes "
                f"{counted(asked, 'statement')}, which waits for no other session and so commits itself: the job's "
                "lock with the run, its event and the ring. The floor is one too.",
                "Where something may be in its way (another run of the job, an override, the job's lock), the rules "
                "decide under the lock, by 8 statements more; then the ring is a statement and commit of its own.",
                "By POST: Django's middleware, a token, the grants, an `Idempotency-Key` and the run as JSON, through "
                "Django's test client. The way to a host's socket is not in it. What holds it back is none of the "
                "start: of its 7 statements two find the token and its grants, two read the attempts and what the run "
                "waits for, and most of the CPU is REST framework's, which builds the fields of its serializers for "
                "each answer.",
                f"The medians: {duration(median(cost.wall for cost in ours))} and "
                f"{duration(median(cost.wall for cost in theirs))}.",
            ],
        )
    ]


def empty_queue() -> None:
    Run.objects.filter(status="queued").delete()


def ask() -> None:
    # With overlap="allow" none is skipped for the one before.
    triggers.request("noop_beside", trigger=Trigger.API, requested_by="a benchmark")


class Program:
    """A program that starts jobs by its token."""

    def __init__(self) -> None:
        account, rights = ServiceAccount.objects.create(name="bench"), [Verb.VIEW, Verb.RUN]
        Grant.objects.create(service=account, verbs=rights, selector="*")
        actor, tomorrow = Actor.of_shell("a benchmark"), datetime.now(UTC) + timedelta(days=1)
        _, secret = create_token(actor, account, "bench", [(rights, "*")], tomorrow)
        self._client = Client(headers={"Authorization": f"Bearer {secret}"}, SERVER_NAME="localhost")

    def post(self) -> None:
        answer = self._client.post(
            "/api/v1/jobs/noop_beside/runs/",
            {},
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        if answer.status_code != 201:
            raise RuntimeError(f"The start was answered by {answer.status_code}: {answer.content.decode()}")


def bare_insert() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO nightshift_run (job, trigger, arguments, requested_by) VALUES (%s, 'api', '[]', %s)"
            " RETURNING id",
            ["noop_beside", "a benchmark"],
        )
        cursor.fetchone()
