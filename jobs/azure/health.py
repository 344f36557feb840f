"""What `manage.py doctor` asks about Azure."""

import os

from django.db import connection

from jobs.azure import identity, image, storage
from jobs.health.answers import Check, Problem


def token() -> str:
    """A token for whatever is reached without a password."""
    needed = {}
    if getattr(connection, "uses_entra", False):
        needed["PostgreSQL"] = (identity.POSTGRESQL, os.environ.get("AZURE_CLIENT_ID", ""))
    try:
        where = storage.settings()
    except storage.NoStorage:
        where = storage.Storage()
    if where.queue_url:
        needed["the queue"] = (identity.STORAGE, where.client_id)
    for scope, client_id in needed.values():
        if why := identity.problem(scope, client_id):
            raise Problem(why)
    if needed:
        return f"a token for {' and '.join(needed)}"
    return "none is used: neither the database nor the queue needs one"


CHECKS: dict[str, Check] = {
    "packages": image.packages,
    "byte code": image.byte_code,
    "identity": token,
}
