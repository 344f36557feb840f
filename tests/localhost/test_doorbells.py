"""The local doorbell: PostgreSQL's NOTIFY, through outages."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import pytest
from django.db import connection

from jobs.ledger import doorbell
from jobs.ledger.doorbell import CHANNEL
from jobs.localhost import doorbells
from jobs.localhost.doorbells import PostgresDoorbell, Ring

pytestmark = pytest.mark.django_db(transaction=True)
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE query = %s AND datname = current_database()"


async def hear(told, *acts):
    """Listen; do each act in turn, once the doorbell listens (again); give what was heard after all of them."""
    async with aclosing(PostgresDoorbell(told.append).rings()) as rings:
        heard = asyncio.ensure_future(anext(rings))
        for act in acts:
            await until_listening()
            await asyncio.to_thread(act)
        return await asyncio.wait_for(heard, 10)


async def until_listening():
    while not await asyncio.to_thread(query, LISTENERS, [f"LISTEN {CHANNEL}"]):
        await asyncio.sleep(0.02)


def query(statement, parameters=()):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
    finally:
        connection.close()


def ring(payload):
    return lambda: query("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def drop_the_listener():
    query(f"SELECT pg_terminate_backend(pid, 5000) FROM ({LISTENERS}) AS listening", [f"LISTEN {CHANNEL}"])


def test_a_ring_is_heard_with_its_delay():
    def act():
        doorbell.ring(42, timedelta(seconds=1.5))
        connection.close()

    assert asyncio.run(hear([], act)) == Ring("42", timedelta(seconds=1.5))


def test_a_connection_that_the_server_drops_is_made_again():
    told = []
    assert asyncio.run(hear(told, drop_the_listener, drop_the_listener, ring("7 0"))) == Ring("7", timedelta(0))
    lost, back, *again = told
    assert lost.startswith("The doorbell's database can't be reached; retrying. ")
    assert back == "The doorbell's database is back."
    assert len(again) == 2


def test_a_server_that_is_away_is_tried_until_it_is_back(monkeypatch):
    real, tries, told = doorbells._parameters, [], []

    def parameters():
        tries.append(1)
        return real() if len(tries) > 3 else {"host": "127.0.0.1", "port": 1, "connect_timeout": 2}

    monkeypatch.setattr(doorbells, "_parameters", parameters)
    monkeypatch.setattr(doorbells, "FIRST_PAUSE", 0.01)
    assert asyncio.run(hear(told, ring("7 0"))) == Ring("7", timedelta(0))
    # Told once, and not with each try.
    assert [line.partition(";")[0] for line in told] == [
        "The doorbell's database can't be reached",
        "The doorbell's database is back.",
    ]


@pytest.mark.parametrize("payload", ["", "7", "seven 0", "7 soon", "7 1e999"])
def test_what_is_no_ring_is_reported_and_passed_over(payload):
    told = []
    assert asyncio.run(hear(told, ring(payload), ring("8 0"))) == Ring("8", timedelta(0))
    assert told == [f"A doorbell rang with {payload!r}, which isn't a run's id with a delay in seconds."]
