"""A quiet app holds few connections, however many threads have served."""

from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import pytest
from django.conf import settings
from django.db import connection, connections

from jobs.azure import calls, functions, idle
from jobs.models import Run
from tests.helpers.processes import until

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 20


def sessions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.fixture
def pool():
    """As the worker's: its threads stay."""
    idle._waiting.clear()
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads
        for _ in range(THREADS):
            threads.submit(connections.close_all)
    idle._waiting.clear()


def test_after_a_thousand_requests_on_twenty_threads_few_connections_are_idle(pool, admin_client):
    [http] = [found for found in functions.build().get_functions() if found.get_function_name() == "http"]
    headers = {
        "host": "localhost",
        "cookie": f"{settings.SESSION_COOKIE_NAME}={admin_client.cookies['sessionid'].value}",
    }

    def ask(number):
        request = func.HttpRequest(method="GET", url="http://localhost/api/v1/runs/", headers=headers, body=b"")
        return http.get_user_function()(request, None).status_code

    before = sessions()
    assert set(pool.map(ask, range(1000))) == {200}
    # A session that was closed is the server's a moment longer.
    until(lambda: sessions() - before <= idle.MOST)


def test_calls_of_functions_keep_to_the_same_bound(pool):
    def call(number):
        with calls.usable_connections():
            return Run.objects.count()

    before = sessions()
    assert set(pool.map(call, range(200))) == {0}
    # A session that was closed is the server's a moment longer.
    until(lambda: sessions() - before <= idle.MOST)
