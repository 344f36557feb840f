"""Who this process is for Azure: a managed identity there, whoever did `az login` on a laptop."""

import os
from functools import cache

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

# What a token is for.
POSTGRESQL = "https://ossrdbms-aad.database.windows.net/.default"
STORAGE = "https://storage.azure.com/.default"


@cache
def credential(client_id: str = "") -> TokenCredential:
    """The identity with this client id; without one the app's own.

    It keeps its tokens and asks for new ones by itself. Nothing is asked for before the first token is wanted.
    """
    # Azure sets this variable where it gives an identity. Trying all other ways first would take seconds.
    if "IDENTITY_ENDPOINT" in os.environ:
        managed: TokenCredential = ManagedIdentityCredential(client_id=client_id or None)
        return managed
    default: TokenCredential = DefaultAzureCredential(managed_identity_client_id=client_id or None)
    return default


def problem(scope: str, client_id: str = "") -> str:
    """In a sentence, why there is no token for this scope; empty where there is one."""
    try:
        credential(client_id).get_token(scope)
    except AzureError as error:
        return (
            f"No token for {scope}: {str(error).strip().splitlines()[0]} "
            "In Azure, give the app an identity (and AZURE_CLIENT_ID for a user-assigned one). On a laptop: az login."
        )
    return ""
