"""PostgreSQL by Entra token: no password is kept anywhere. The user's name is the identity's role in the database."""

import os
import threading
import time
from typing import TYPE_CHECKING, Any

from django.db import OperationalError
from django.db.backends.postgresql import base

from jobs.azure import identity

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

# A new token is requested this many seconds before the old one expires. Open connections stay open.
EARLY = 300


class Tokens:
    """The token that is used as the password. `az` doesn't cache it, and needs a second for each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def current(self) -> str:
        """A token that is valid for a while. Raises OperationalError where the identity gets none."""
        with self._lock:
            if self._token is None or self._token.expires_on - EARLY < time.time():
                try:
                    self._token = identity.token(identity.POSTGRESQL, os.environ.get("AZURE_CLIENT_ID", ""))
                except identity.NoToken as error:
                    # Whoever waits for the database waits for this too.
                    raise OperationalError(f"There is no Entra token for PostgreSQL: {error}") from None
            return self._token.token


tokens = Tokens()


class DatabaseWrapper(base.DatabaseWrapper):
    uses_entra = True  # `manage.py doctor` asks for a token too

    @staticmethod
    def import_for_connecting() -> None:
        """Import what the first connection needs: the fork server does it once for all runs."""
        import azure.identity  # noqa: F401

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        return {**params, "password": tokens.current()}
