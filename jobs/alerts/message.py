"""What a channel is given to send."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.choices import NoticeKind


@dataclass(frozen=True, slots=True)
class Message:
    """What one incident, or several that are grouped, has to say; the same words in every channel."""

    key: str  # stable for the incident or the group: PagerDuty's dedup_key, an e-mail's thread
    kind: NoticeKind | None  # None: it is a digest, and not about one incident
    severity: str  # "critical", "error", "warning" or "info"
    title: str  # one line, 120 characters at most
    text: str  # plain text, for a phone at night
    html: str  # the same as HTML; "" where the channel doesn't need it
    url: str  # the incident's page; "" without JOBS_URL
    # JSON-ready: ids of incidents, cause, jobs, opened_at, resolved_at, runs, commands.
    facts: Mapping[str, str | int | None]
