"""Where the storage account is, and what its queues are called.

The settings are those that the Functions host reads too (`AzureWebJobsStorage`).
"""

import os
from dataclasses import dataclass

from jobs.sentences import Sentence

CONNECTION = "AzureWebJobsStorage"
QUEUE = "jobs-runs"
# Where the host puts a message whose function failed too often (docs/reference/azure.md, "Queues").
POISON_QUEUE = f"{QUEUE}-poison"


class NoStorage(Sentence):
    """There is no storage account. Set {connection}__accountName to its name (the app's identity needs the role
    Storage Queue Data Contributor), or {connection} to a connection string.
    """

    def __init__(self) -> None:
        super().__init__(connection=CONNECTION)


class UnreadableConnectionString(NoStorage):
    """{connection} is not a connection string. Copy it again from the storage account, or remove it and set
    {connection}__accountName.

    The text itself is left out: it may hold a key.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """A connection string, with the key in it; or an address, and the identity that may use it."""

    connection_string: str = ""
    queue_url: str = ""
    client_id: str = ""


def settings() -> Storage:
    """What the environment says. A connection string comes first, as it does for the host. Raises NoStorage."""
    if text := os.environ.get(CONNECTION):
        return Storage(connection_string=text)
    url = _of("queueServiceUri")
    if not url and (account := _of("accountName")):
        url = f"https://{account}.queue.core.windows.net"
    if not url:
        raise NoStorage
    return Storage(queue_url=url, client_id=_of("clientId"))


def _of(name: str) -> str:
    return os.environ.get(f"{CONNECTION}__{name}", "")
