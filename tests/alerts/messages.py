"""A message as the delivering process makes one."""

from jobs.alerts.message import Message
from jobs.choices import NoticeKind


def message(kind=NoticeKind.OPENED, **values):
    return Message(
        **{
            "key": "incident-12",
            "kind": kind,
            "severity": "error",
            "title": "import_rates failed",
            "text": "import_rates failed at 04:15.\nOperationalError: the database is away",
            "html": "<p>import_rates failed at 04:15.</p>",
            "url": "https://jobs.example.com/incidents/12/",
            "facts": {
                "incidents": "12",
                "cause": "failed",
                "jobs": "import_rates",
                "runs": "4711",
                "resolved_at": None,
            },
            **values,
        }
    )
