"""The settings of Nightshift: the name, type, default and meaning of each. Defaults stand here and nowhere else.

A project sets them like Django's own settings, or leaves them out; `mydjango/settings.py` takes them from the
environment. `make docs` writes `.env.example` and `docs/reference/settings.md` from this table.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from jobs.setting import Setting, Variable, at_least, between

# Of what is kept: a hundred years, and as many runs as an index counts through in milliseconds.
MOST_DAYS, MOST_KEPT = 36_500, 100_000


def _with_a_trace_id(url: str) -> str:
    if "{trace_id}" in url and urlsplit(url).scheme in {"http", "https"}:
        return ""
    return "Write an http or https URL with {trace_id} in it: https://traces.example.com/{trace_id}"


def _as_a_schema(name: str) -> str:
    # Lower case, as PostgreSQL folds names that aren't quoted.
    if re.fullmatch(r"(?!pg_)[a-z][a-z0-9_]{0,62}", name) and name not in {"public", "information_schema"}:
        return ""
    return (
        "Write the name of a schema for Nightshift alone, such as 'nightshift': up to 63 lower-case letters, digits "
        "and _, beginning with a letter but not with pg_."
    )


# The kinds of rules that need no value. `jobs.declarations.alert` has them.
ALERTS = ("failed", "rate", "missed", "lost", "slower_than", "forgotten_pause", "drift")


def _as_alerts(text: str) -> str:
    words = [word.strip() for word in text.split(",")]
    if words == ["none"] or (set(words) <= {*ALERTS} and len(words) == len(set(words))):
        return ""
    return f"Write some of {', '.join(ALERTS)}, with commas between them, or none."


def _as_hosts(text: str) -> str:
    good = all(re.fullmatch(r"[a-z0-9._:-]+", name.strip()) for name in text.split(","))
    return "" if good else "Write names of hosts in lower case, without https:// and port: hooks.corp.example."


def _as_a_guid(text: str) -> str:
    found = re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    return "" if found else "Write the tenant's id in lower case: 8d2f5b1c-0000-4000-8000-3f2a11c0ffee."


def _as_an_issuer(text: str) -> str:
    parts = urlsplit(text)
    near = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.hostname and parts.scheme in ({"http", "https"} if near else {"https"}) and not parts.query:
        return ""
    return "Write the issuer's https address, as its /.well-known/openid-configuration has it."


def _as_an_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment:
        return ""
    return "Write an http or https address, such as https://jobs.example.com."


def _address() -> str:
    host = os.environ.get("WEBSITE_HOSTNAME")  # Azure says under which name it serves the app
    return f"https://{host}" if host and not conf.LOCAL else ""


def _doorbell() -> str:
    return "jobs.ledger.doorbell.LocalDoorbell" if conf.LOCAL else "jobs.azure.queue.QueueDoorbell"


def _journal() -> str:
    if conf.LOCAL:
        return str(project_folder() / ".local" / "journal")
    return str(Path(tempfile.gettempdir()) / "nightshift-journal")


class Conf:
    """All of them, as attributes of `conf`."""

    LOCAL = Setting(
        False,
        "Whether this is a developer's machine or a test, and not a deployment.",
        more="`make run` and `make test` set it: keys, hosts and database then need no setting.",
    )
    JOBS_MAX_RUNNING = Setting(
        4,
        "How many runs one instance executes at once.",
        more="`queues.batchSize` in host.json must be the same number, or the app setting that overrides it: "
        "AzureFunctionsJobHost__extensions__queues__batchSize. `manage.py check` compares them.",
        flaw=at_least(1),
    )
    JOBS_MAX_INSTANCES = Setting(
        1,
        "How many instances there may be at most, as the plan's scale limit says.",
        more="The peak of database connections is computed with it: a warning says where the server allows fewer.",
        flaw=at_least(1),
    )
    JOBS_FORK_SERVER_MAX_AGE = Setting(
        3600,
        "How old, in seconds, the process may become that runs are forked from.",
        more="It is also replaced at each midnight, in UTC and in the jobs' time zones. "
        "docs/what-differs-from-cron.md says why.",
        flaw=at_least(60),
    )
    JOBS_DOORBELL = Setting[str](
        _doorbell,
        "The class that wakes an executor for a queued run, as a dotted path.",
        more="The queue is in the storage account that AzureWebJobsStorage__accountName names, as for the Functions "
        "host.",
        shown="jobs.azure.queue.QueueDoorbell; with LOCAL=1 jobs.ledger.doorbell.LocalDoorbell",
    )
    JOBS_JOURNAL = Setting[str](
        _journal,
        "The directory where a worker keeps the ends of runs that it can't record while the database is away.",
        more="The next worker on this machine records them. Use a directory of the app's own, on a disk that outlives "
        "the process.",
        shown="nightshift-journal in the system's temporary directory; with LOCAL=1 .local/journal",
    )
    JOBS_KEEP_DAYS = Setting(
        90,
        "For how many days after its end a run is kept.",
        more="A job that declares `keep` has days of its own: docs/how-to/keep-history.md explains all four settings.",
        flaw=between(1, MOST_DAYS),
    )
    JOBS_KEEP_RUNS = Setting(
        100,
        "How many of a job's newest runs are kept whatever their age.",
        more="At most 100,000. The latest run of each job stays with its output.",
        flaw=between(1, MOST_KEPT),
    )
    JOBS_KEEP_OUTPUT_DAYS = Setting(
        30,
        "For how many days after a run's end its output is kept.",
        more="The output of a run that failed, timed out or was lost is kept as long as the run.",
        flaw=between(1, MOST_DAYS),
    )
    JOBS_KEEP_FAILED_DAYS = Setting(
        180,
        "For how many days failed, timed-out and lost runs are kept, with their output.",
        more="Gaps, ended pauses and overrides, and events are kept as long.",
        flaw=between(1, MOST_DAYS),
    )
    JOBS_ALERTS = Setting(
        "failed, missed, lost",
        "What opens an incident of every job, unless the job declares `alerts` of its own.",
        more="The names of rules that need no value, with commas between them, or none. docs/reference/alerts.md "
        "explains them.",
        flaw=_as_alerts,
    )
    JOBS_CHANNELS = Setting[Mapping[str, Mapping[str, str]]](
        {},
        "The channels that messages about incidents go out by, each with a name (docs/how-to/alerts.md).",
        more="`manage.py check` reports an entry that can't be used (`jobs.E030`).",
    )
    JOBS_CHANNEL_HOSTS = Setting(
        "",
        "The hosts inside your own network that channels may lead to, with commas between them.",
        more="They may have a private address, and be reached by http. All others must be public, and take https.",
        flaw=_as_hosts,
    )
    JOBS_HEARTBEAT_URL = Setting(
        "",
        "The https URL that each tick asks for, so that a watch from outside hears when ticks stay away.",
        more="One of Healthchecks, Cronitor, Better Stack and the like (docs/how-to/alerts.md).",
    )
    JOBS_SENTRY_CRONS = Setting(
        True,
        "Whether runs of jobs with a schedule check in with Sentry Crons, where the project has set up Sentry's SDK.",
        more="Each such job has a monitor in Sentry then, which Sentry may charge for.",
    )
    JOBS_ROUTES = Setting[Sequence[Mapping[str, Any]]](
        [],
        "Who hears of which incidents, and when: a list of routes (docs/how-to/alerts.md).",
        more="Without routes every channel hears of everything; without channels, the job's owner by e-mail, else "
        "ADMINS or MANAGERS. `manage.py check` reports a route that can't be used (`jobs.E031`).",
    )
    JOBS_MAINTENANCE = Setting[Sequence[Mapping[str, Any]]](
        [],
        "When nothing is sent about incidents: a list of maintenance windows (docs/how-to/alerts.md).",
        more="The ledger goes on as ever, and what is still open at a window's end is sent then. `manage.py check` "
        "reports a window that can't be used (`jobs.E032`).",
    )
    JOBS_URL = Setting[str](
        _address,
        "The address of the dashboard, as people reach it: https://jobs.example.com.",
        more="Messages about incidents link there.",
        shown="in Azure the app's own host name, else empty",
        flaw=_as_an_address,
    )
    APPLICATIONINSIGHTS_CONNECTION_STRING = Setting(
        "",
        "The Application Insights resource that spans, metrics and log lines go to (docs/how-to/telemetry.md).",
        more="It takes precedence over an OTLP endpoint. Without either nothing is sent, and nothing of OpenTelemetry "
        "is imported.",
    )
    OTEL_EXPORTER_OTLP_ENDPOINT = Setting(
        "", "The OTLP endpoint that spans, metrics and log lines go to (docs/how-to/telemetry.md)."
    )
    TRACE_URL = Setting(
        "",
        "Where a person finds a trace: a URL with {trace_id} in it.",
        more="A run's attempts link there.",
        flaw=_with_a_trace_id,
    )
    JOBS_SCHEMA = Setting(
        "",
        "The PostgreSQL schema of Nightshift's tables, where they have one of their own.",
        more="Empty: they are created where the project's are. Each process that uses the ledger needs the same value "
        "(docs/how-to/your-own-database.md).",
        flaw=_as_a_schema,
    )
    JOBS_URLCONF = Setting(
        "",
        "The module of the URLs that the function app serves, where ROOT_URLCONF is that of another site.",
        more="`nightshift init` sets it: a project's commands keep its own URLs.",
    )
    JOBS_SERVE_PROJECT = Setting(
        False,
        "Whether the function app also serves the project's own URLs, where JOBS_URLCONF says what it serves.",
    )
    JOBS_TRUST_APP_SERVICE_AUTH = Setting(
        False,
        "Whether App Service's authentication stands in front and says who signed in (docs/how-to/permissions.md).",
        more="Its headers are believed then: never set it where clients reach the app without it.",
    )
    JOBS_ENTRA_TENANT = Setting(
        "",
        "The id of the Entra ID tenant whose people and managed identities are known here.",
        more="With JOBS_ENTRA_AUDIENCE, managed identities call the API with a token of Entra ID.",
        flaw=_as_a_guid,
    )
    JOBS_ENTRA_AUDIENCE = Setting(
        "",
        "The audience that a managed identity's token must name: the application id, or its URI (api://…).",
    )
    AZURE_AUTHORITY_HOST = Setting(
        "https://login.microsoftonline.com",
        "Where Entra ID's keys are: another host in a cloud of its own (login.microsoftonline.us).",
    )
    JOBS_OIDC_ISSUER = Setting(
        "",
        "The issuer of OpenID Connect at which people sign in, as it calls itself: https://sso.example.com/realms/ops.",
        more="For hosts other than Azure; it needs the extra `openid` (docs/how-to/permissions.md).",
        flaw=_as_an_issuer,
    )
    JOBS_OIDC_CLIENT_ID = Setting("", "The id under which the issuer knows this site.")
    JOBS_OIDC_CLIENT_SECRET = Setting("", "The secret that it gave this site.")
    JOBS_OIDC_GROUPS = Setting("groups", "The claim that lists a person's groups.")
    JOBS_API_RATE = Setting(
        1200,
        "How many requests of the API a user or token may make in a minute, in each process; 0 for any number.",
        flaw=at_least(0),
    )
    JOBS_RELEASE = Variable(
        "The name of the release that this process runs.",
        more="The deployment sets it, to the image's digest for example. A run's receipt shows it.",
    )
    JOBS_ADMIN_USERNAME = Variable("The name of the first account, which `manage.py first_operator` makes.")
    JOBS_ADMIN_PASSWORD = Variable(
        "The password of the first account.",
        more='A run could read it in the container\'s first process (SECURITY.md, "What is yours"): change it after '
        "the first sign-in.",
    )


conf = Conf()


def declared() -> Iterator[Setting[Any]]:
    """All settings, in the order of the table."""
    return (setting for setting in vars(Conf).values() if isinstance(setting, Setting))


def check() -> None:
    """Raises ImproperlyConfigured where a setting has a value that can't be used."""
    for setting in declared():
        if problem := setting.problem():
            raise ImproperlyConfigured(problem)


def project_folder() -> Path:
    """Where the project is: BASE_DIR, which may be a string; without it the current directory."""
    return Path(getattr(settings, "BASE_DIR", None) or Path.cwd())
