"""Where the storage account is, by the settings that the Functions host reads too (`AzureWebJobsStorage`)."""

import os
from dataclasses import dataclass

CONNECTION = "AzureWebJobsStorage"


class NoStorage(Exception):
    """There is no storage account. Set AzureWebJobsStorage__accountName, as Azure does for an identity."""

    def __init__(self) -> None:
        super().__init__(
            f"There is no storage account. Set {CONNECTION}__accountName to its name (the app's identity needs the "
            f"role Storage Queue Data Contributor), or {CONNECTION} to a connection string."
        )


class UnreadableConnectionString(NoStorage):
    """AzureWebJobsStorage is not a connection string."""

    def __init__(self) -> None:
        # Not the text itself: it may hold a key.
        Exception.__init__(
            self,
            f"{CONNECTION} is not a connection string. Copy it again from the storage account, or remove it and set "
            f"{CONNECTION}__accountName.",
        )


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
