"""Settings by which nobody could sign in: jobs.E029."""

from typing import Any

from django.core.checks import CheckMessage, Error

from jobs.conf import conf

NEEDED = ("JOBS_OIDC_CLIENT_ID", "JOBS_OIDC_CLIENT_SECRET")


def openid(**_: Any) -> list[CheckMessage]:
    """An issuer knows this site by an id and a secret."""
    missing = [name for name in NEEDED if not getattr(conf, name)]
    if not conf.JOBS_OIDC_ISSUER or not missing:
        return []
    return [
        Error(
            f"JOBS_OIDC_ISSUER is set, and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not: nobody "
            "could sign in there.",
            hint="Set what the issuer gave this site: docs/how-to/permissions.md.",
            id="jobs.E029",
        )
    ]
