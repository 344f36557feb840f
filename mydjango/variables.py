"""The variables that this project reads beside Nightshift's own settings (jobs/conf.py), for the documentation.

`make docs` writes `.env.example` and `docs/reference/settings.md` from this table; a test compares it with
`settings.py` and `container/start.sh`.
"""

from typing import NamedTuple


class Variable(NamedTuple):
    """`shown` is the default, or an example where there is none. `is_set_by_azure`: nobody need set it."""

    name: str
    meaning: str
    shown: str = ""
    is_set_by_azure: bool = False


PROJECT = [
    Variable(
        "SECRET_KEY",
        "Signs sessions and links. At least 50 characters, as this prints:\n"
        'python -c "import secrets; print(secrets.token_urlsafe(50))"',
    ),
    Variable(
        "DATABASE_URL",
        "Where PostgreSQL is. With LOCAL=1 and without this an embedded server starts at the first connection. A "
        "server that stops answering is given up after 20 s; libpq's parameters in the URL (tcp_user_timeout=…) "
        "change that.",
        "postgresql://user:password@host:5432/nightshift?sslmode=require",
    ),
    Variable(
        "DATABASE_ENTRA",
        "1 in Azure: the app connects to PostgreSQL with an Entra token of its identity (or of whoever ran `az "
        "login`), and DATABASE_URL holds the role's name and no password. AZURE_CLIENT_ID names a "
        "user-assigned identity.",
        "0",
    ),
    Variable("ALLOWED_HOSTS", "The host names at which the site is reached, separated by commas.", "jobs.example.com"),
    Variable("WEBSITE_HOSTNAME", "One more host name.", is_set_by_azure=True),
    Variable("CSRF_TRUSTED_ORIGINS", "Origins whose forms are trusted, each with its scheme, separated by commas."),
    Variable("DEBUG", "1 shows tracebacks to everyone.", "0"),
    Variable("TIME_ZONE", "The time zone of schedules that name none, and of the pages: an IANA name.", "UTC"),
    Variable("SAMPLE", "1 with LOCAL=1 declares a sample shop's jobs: `make run ARGS=--sample` sets it.", "0"),
    Variable("LOG_LEVEL", "The lowest level of our own log lines that is kept: DEBUG, INFO, WARNING, ERROR.", "INFO"),
]
CONTAINER = [
    Variable("JOBS_MIGRATE_AT_START", "1 migrates the database when the container starts, before the host.", "0"),
    Variable(
        "JOBS_MIGRATE_URL",
        "The DATABASE_URL by which the container migrates. Terraform sets it: the role owns the tables, and the app's "
        "own may not change them.",
    ),
    Variable("JOBS_MIGRATE_CLIENT_ID", "The identity by which the container migrates. Terraform sets it."),
    Variable("JOBS_GRANT_TO", "The role that gets the app's rights after the migration. Terraform sets it."),
    Variable("JOBS_GRANT_TO_OBJECT_ID", "The Entra object of that role. Terraform sets it."),
]
