"""This process's identity: a managed identity in Azure, the person who ran `az login` on a laptop."""

import os
from functools import cache
from typing import TYPE_CHECKING

# azure.identity takes as long to import as all of Django: functions import it when they first need a token.
if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

# What a token is for.
POSTGRESQL = "https://ossrdbms-aad.database.windows.net/.default"
STORAGE = "https://storage.azure.com/.default"


class NoToken(Exception):
    """Why the identity gets no token, in Azure's own words: the first line of them."""


@cache
def credential(client_id: str = "") -> "TokenCredential":
    """The identity with this client id; without one the app's own.

    It caches its tokens and requests new ones itself. Nothing is requested before the first token is needed.
    """
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    # Azure sets this variable where it gives an identity. Trying all other ways first would take seconds.
    if "IDENTITY_ENDPOINT" in os.environ:
        managed: TokenCredential = ManagedIdentityCredential(client_id=client_id or None)
        return managed
    default: TokenCredential = DefaultAzureCredential(managed_identity_client_id=client_id or None)
    return default


def token(scope: str, client_id: str = "") -> "AccessToken":
    """A token for this scope. Raises NoToken."""
    from azure.core.exceptions import AzureError

    try:
        return credential(client_id).get_token(scope)
    except AzureError as error:
        raise NoToken(str(error).strip().splitlines()[0]) from None


def problem(scope: str, client_id: str = "") -> str:
    """Why there is no token for this scope, in a sentence; empty if there is one."""
    try:
        token(scope, client_id)
    except NoToken as error:
        return (
            f"No token for {scope}: {error} "
            "In Azure, give the app an identity (and AZURE_CLIENT_ID for a user-assigned one). On a laptop: az login."
        )
    return ""
