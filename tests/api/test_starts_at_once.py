"""Many clients start a job at once, some of them repeat themselves, and a host that answers them is killed."""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from jobs.models import IdempotencyKey, Run
from tests.helpers.people import a_token, a_user
from tests.helpers.thorough import examples
from tests.localhost.hosts import ProjectHost

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, STARTS = 8, examples(200, 40)
REPEATED = STARTS // 10


class Clients:
    """Each request is repeated with its key until one of the hosts has answered it."""

    def __init__(self, hosts, secret):
        self.hosts, self.secret = hosts, secret
        self.lock, self.answered = threading.Lock(), []
        # They all wait for a later moment: nothing executes them.
        self.body = json.dumps({"not_before": (datetime.now(UTC) + timedelta(days=1)).isoformat()}).encode()

    def start(self, number):
        key = f"k-{number % (STARTS - REPEATED)}"
        for attempt in range(1000):
            host = self.hosts[(number + attempt) % len(self.hosts)]
            try:
                answer = self.ask(host, key)
            except (OSError, http.client.HTTPException):
                continue
            if answer.status not in {409, 503}:
                break
            time.sleep(0.2)  # the same key is still at work, or the job's lock was in the way
        assert answer.status in {200, 201}, answer.body
        with self.lock:
            self.answered.append((key, answer.json["id"]))
            if len(self.answered) == STARTS // 3:
                self.hosts[0].process.kill()

    def ask(self, host, key):
        named = {"Authorization": f"Bearer {self.secret}", "Idempotency_Key": key, "Content_Type": "application/json"}
        return host.request("POST", "/api/v1/jobs/clearsessions/runs/", self.body, **named)


def test_each_key_starts_one_run_though_a_host_is_killed(database_url, tmp_path):
    _, secret = a_token(a_user("olga", "operator", "*"))
    hosts = [ProjectHost(database_url, tmp_path / name) for name in ("one", "two")]
    clients = Clients(hosts, secret)
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(clients.start, range(STARTS)))
    finally:
        for host in hosts:
            host.kill()
    runs = dict(clients.answered)
    assert len(clients.answered) == STARTS
    assert all(runs[key] == run for key, run in clients.answered)
    assert Run.objects.filter(job="clearsessions", requested_by="olga").count() == len(runs) == STARTS - REPEATED
    assert dict(IdempotencyKey.objects.values_list("key", "run_id")) == runs
