"""The doorbell in Azure, against Azurite: what it sends and where, and what the doctor tries."""

import json
import time
from datetime import UTC, datetime, timedelta

from azure.core.credentials import AccessToken
from azure.storage.queue import AccountSasPermissions, ResourceTypes, generate_account_sas
from django.conf import settings

from jobs.azure import identity, queue, storage
from jobs.ledger import doorbell
from jobs.ledger.doorbell import Ring
from jobs.models import Event, Run
from tests.azure.azurite import ACCOUNT, KEY, texts
from tests.azure.conftest import fresh_client
from tests.helpers.processes import until

HOST_JSON = json.loads((settings.BASE_DIR / "host.json").read_text())["extensions"]["queues"]


# What is sent


def test_a_ring_is_a_message_of_plain_text_with_the_runs_id_and_nothing_else(azurite):
    doorbell.ring(17)
    assert texts(azurite.queue()) == ["17"]
    assert HOST_JSON["messageEncoding"] == "none"


def test_many_rings_are_many_messages_and_the_queue_is_made_once_for_all(azurite):
    doorbell.ring_all(Ring(run_id=number) for number in range(20))
    assert sorted(map(int, texts(azurite.queue()))) == list(range(20))


def test_the_queue_is_made_when_it_is_missing(azurite):
    doorbell.ring(1)
    azurite.queue().delete_queue()
    doorbell.ring(2)
    assert texts(azurite.queue()) == ["2"]


def test_a_delayed_ring_is_invisible_until_it_is_due(azurite):
    doorbell.ring(1, timedelta(seconds=1.2))
    began = time.monotonic()
    assert texts(azurite.queue()) == []
    until(lambda: texts(azurite.queue()) == ["1"])
    assert time.monotonic() - began > 1.2, "a message that comes too early is lost"


def test_a_ring_in_seven_days_is_sent_and_a_later_one_is_left_to_the_tick(azurite):
    doorbell.ring(1, timedelta(days=7))
    assert azurite.queue().get_queue_properties().approximate_message_count == 1
    doorbell.ring(2, timedelta(days=7, seconds=1))
    assert azurite.queue().get_queue_properties().approximate_message_count == 1


# Where the queue is


def test_the_storage_account_is_found_by_the_hosts_own_settings(monkeypatch):
    prefix = storage.CONNECTION
    monkeypatch.delenv(prefix, raising=False)
    monkeypatch.setenv(f"{prefix}__accountName", "nightshift")
    monkeypatch.setenv(f"{prefix}__credential", "managedidentity")
    monkeypatch.setenv(f"{prefix}__clientId", "1234")
    assert storage.settings() == storage.Storage(
        queue_url="https://nightshift.queue.core.windows.net", client_id="1234"
    )
    monkeypatch.setenv(f"{prefix}__queueServiceUri", "https://queues.example.com")
    assert storage.settings().queue_url == "https://queues.example.com"
    monkeypatch.setenv(prefix, "AccountName=a;AccountKey=b")
    assert storage.settings() == storage.Storage(connection_string="AccountName=a;AccountKey=b")


def test_without_a_storage_account_the_sentence_says_what_to_set(monkeypatch):
    for name in ("", "__accountName", "__queueServiceUri"):
        monkeypatch.delenv(f"AzureWebJobsStorage{name}", raising=False)
    fresh_client(monkeypatch)
    assert queue.QueueDoorbell().problem() == (
        "The queue jobs-runs can't be reached: There is no storage account. Set AzureWebJobsStorage__accountName to "
        "its name (the app's identity needs the role Storage Queue Data Contributor), or AzureWebJobsStorage to a "
        "connection string."
    )


def test_an_identity_is_asked_for_a_token_of_the_storage_service(monkeypatch):
    """Azurite takes tokens over TLS only, so what is sent is looked at in place of an answer."""
    sent = []

    class StandIn:
        def get_token(self, *scopes, **_):
            sent.append(scopes)
            return AccessToken("a token", int(time.time()) + 3600)

    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    monkeypatch.setenv("AzureWebJobsStorage__queueServiceUri", "https://127.0.0.1:1")
    monkeypatch.setattr(identity, "credential", lambda client_id: StandIn())
    fresh_client(monkeypatch)
    assert queue.QueueDoorbell().problem().startswith("The queue jobs-runs can't be reached: ")
    assert sent[0] == ("https://storage.azure.com/.default",)
    queue.client.cache_clear()


def test_in_azure_the_managed_identity_is_asked_and_nobody_else(monkeypatch):
    identity.credential.cache_clear()
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token")
    monkeypatch.setenv("IDENTITY_HEADER", "a header")
    assert type(identity.credential("1234")).__name__ == "ManagedIdentityCredential"
    identity.credential.cache_clear()
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    assert type(identity.credential()).__name__ == "DefaultAzureCredential"
    identity.credential.cache_clear()


# What the doctor tries


def test_a_rehearsal_leaves_nothing_behind_and_disturbs_no_message(azurite):
    doorbell.ring(1)
    assert queue.QueueDoorbell().rehearse() == ""
    assert azurite.queue().get_queue_properties().approximate_message_count == 1
    assert texts(azurite.queue()) == ["1"]


def test_who_may_only_read_is_reported_in_the_rehearsal_and_not_before(azurite, monkeypatch):
    queue.QueueDoorbell().problem()  # makes it
    signature = generate_account_sas(
        ACCOUNT,
        KEY,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    where = f"http://127.0.0.1:{azurite.port}/{ACCOUNT}"
    monkeypatch.setenv("AzureWebJobsStorage", f"QueueEndpoint={where};SharedAccessSignature={signature}")
    fresh_client(monkeypatch)
    assert queue.QueueDoorbell().problem() == ""
    why = queue.QueueDoorbell().rehearse()
    assert why.startswith("The queue jobs-runs can be listed but not used: ")
    assert why.endswith(" Give the app's identity the role Storage Queue Data Contributor.")


def test_the_message_of_a_rehearsal_that_stayed_wakes_an_executor_for_nothing(azurite, host):
    """A crash between sending it and taking it back."""
    azurite.queue().create_queue()
    azurite.queue().send_message(queue.NO_RUN)
    host()
    until(lambda: azurite.queue().get_queue_properties().approximate_message_count == 0, 60)
    assert not Run.objects.exists()
    assert not Event.objects.exists()
