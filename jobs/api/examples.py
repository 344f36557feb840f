"""Examples of requests and answers, for the API's description: one story, of a job that goes wrong in the night."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

type Values = dict[str, Any]


def body(name: str, value: Values) -> OpenApiExample:
    """The body of a request."""
    return OpenApiExample(name, value=value, request_only=True)


def answer(name: str, value: Values, status: int = 200) -> OpenApiExample:
    """The body of an answer."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


RUN: Values = {
    "id": 4712,
    "job": "invoices",
    "trigger": "api",
    "status": "queued",
    "scheduled_for": None,
    "arguments": ["--days", "7"],
    "requested_by": "ada",
    "created_at": "2026-03-14T06:30:00Z",
    "not_before": "2026-03-14T06:30:00Z",
    "started_at": None,
    "finished_at": None,
    "duration": None,
    "lateness": None,
    "attempt": 0,
    "reason": "",
    "error": "",
    "result": None,
    "progress": None,
    "labels": ["ticket/4711"],
    "retry_of": None,
    "pinned": False,
    "blocked_by": None,
    "chained_from": None,
    "cancelled_by": "",
    "obstacle": None,
    "attempts": [],
}
CANCELLED = RUN | {
    "status": "cancelled",
    "finished_at": "2026-03-14T06:31:00Z",
    "error": "Cancelled by ada before it started.",
    "cancelled_by": "ada",
}
FAILED = RUN | {
    "id": 4711,
    "trigger": "schedule",
    "status": "failed",
    "scheduled_for": "2026-03-14T03:00:00Z",
    "requested_by": "schedule",
    "created_at": "2026-03-14T03:00:00Z",
    "not_before": "2026-03-14T03:00:00Z",
    "started_at": "2026-03-14T03:00:01Z",
    "finished_at": "2026-03-14T03:00:43Z",
    "duration": 42.0,
    "lateness": 1.0,
    "attempt": 1,
    "error": "It exited with code 1.",
    "labels": [],
    "attempts": [
        {
            "number": 1,
            "status": "failed",
            "started_at": "2026-03-14T03:00:01Z",
            "finished_at": "2026-03-14T03:00:43Z",
            "exit_code": 1,
            "signal": "",
            "error": "It exited with code 1.",
            "wall": 42.0,
            "cpu": 3.5,
            "peak_memory": 94371840,
            "sql_statements": 212,
            "output_bytes": 1845,
            "output_dropped": 0,
            "warnings": 0,
            "output_deleted_at": None,
            "instance": "one",
            "invocation_id": "",
            "release": "1.4.0",
            "trace_id": "",
            "trace_url": "",
        }
    ],
}
PINNED = FAILED | {"pinned": True}
JOB: Values = {
    "name": "invoices",
    "command": "send_invoices",
    "description": "Send the invoices of the day.",
    "labels": ["billing"],
    "owner": "billing@example.com",
    "runbook": "https://wiki.example.com/invoices",
    "confirm_needed": False,
    "arguments": ["--days", "1"],
    "schedule": "0 0 3 * * *",
    "time_zone": "UTC",
    "in_words": "At 03:00 every day",
    "after": [],
    "next_run_at": "2026-03-15T03:00:00Z",
    "last_run": {name: value for name, value in FAILED.items() if name not in {"obstacle", "attempts"}},
    "is_paused": False,
    "paused_until": None,
    "paused_by": "",
    "paused_reason": "",
    "held_by": "",
    "held_until": None,
    "held_reason": "",
    "disabled_by": "",
    "overridden_by": "",
    "overridden_until": None,
    "overridden_reason": "",
    "override_flaw": "",
    "parameters": {"type": "object", "properties": {"days": {"type": "integer", "title": "--days", "default": 1}}},
    "openapi": "/api/v1/jobs/invoices/openapi/",
    "next_runs": [
        {
            "job": "invoices",
            "scheduled_for": "2026-03-15T03:00:00Z",
            "local": "2026-03-15 03:00:00 UTC",
            "time_zone": "UTC",
            "note": "",
        }
    ],
    "statistics": {
        "runs": 30,
        "outcomes": {"succeeded": 29, "failed": 1},
        "gaps": {},
        "retries": 0,
        "success_share": 0.967,
        "duration_p50": 38.0,
        "duration_p95": 52.0,
        "duration_mean": 39.5,
        "duration_max": 61.0,
        "lateness_p50": 0.4,
        "lateness_p95": 1.2,
        "lateness_max": 4.0,
        "cpu": 105.0,
        "peak_memory": 94371840,
        "warnings": 0,
    },
}
UNTIL = "2026-03-16T08:00:00Z"
PAUSED = JOB | {
    "next_run_at": "2026-03-17T03:00:00Z",
    "is_paused": True,
    "paused_until": UNTIL,
    "paused_by": "ada",
    "paused_reason": "the supplier is down",
}
OVERRIDDEN = JOB | {
    "schedule": "0 0 5 * * *",
    "in_words": "At 05:00 every day",
    "next_run_at": "2026-03-15T05:00:00Z",
    "next_runs": [JOB["next_runs"][0] | {"scheduled_for": "2026-03-15T05:00:00Z", "local": "2026-03-15 05:00:00 UTC"}],
    "overridden_by": "ada",
    "overridden_until": UNTIL,
    "overridden_reason": "the backup takes longer",
}
HELD: Values = {
    "is_held": True,
    "by": "ada",
    "reason": "migration of the database",
    "all_starts": False,
    "began_at": "2026-03-14T06:30:00Z",
    "until": None,
    "ended_at": None,
    "ended_by": "",
    "swallowed": [],
}
RELEASED = HELD | {"is_held": False, "ended_at": "2026-03-14T07:00:00Z", "ended_by": "ada"}
GIVE_A_ROLE: Values = {
    "group": "billing",
    "role": "operator",
    "jobs": "label:billing",
    "until": UNTIL,
    "reason": "on call this weekend",
}
GIVE_VERBS: Values = {"service": "deploy", "verbs": ["view", "run"], "jobs": "label:billing"}
GRANT: Values = {
    "id": 12,
    "holder": "the group billing",
    "role": "operator",
    "verbs": ["view", "output", "run", "cancel", "pause"],
    "jobs": "label:billing",
    "until": UNTIL,
    "created_at": "2026-03-14T06:30:00Z",
    "created_by": "ada",
    "reason": "on call this weekend",
}
EXPIRES = "2026-06-12T06:30:00Z"
MAKE_FOR_A_SERVICE: Values = {
    "name": "deploy-pipeline",
    "service": "deploy",
    "scopes": [{"verbs": ["view", "run"], "jobs": "label:billing"}],
    "expires_at": EXPIRES,
}
MAKE_FOR_YOURSELF: Values = {
    "name": "my laptop",
    "scopes": [{"role": "operator", "jobs": "*"}],
    "expires_at": EXPIRES,
}
TOKEN: Values = {
    "id": 7,
    "name": "deploy-pipeline",
    "owner": "service:deploy",
    "hint": "nsk_Xq3v",
    "scopes": [{"verbs": ["view", "run"], "selector": "label:billing"}],
    "created_at": "2026-03-14T06:30:00Z",
    "created_by": "ada",
    "expires_at": EXPIRES,
    "last_used_at": None,
    "last_used_from": "",
}
NOTE: Values = {
    "id": 3,
    "at": "2026-03-14T06:32:00Z",
    "by": "ada",
    "job": "invoices",
    "run": None,
    "day": None,
    "text": "The supplier answers late on Saturdays.",
}
PRESET: Values = {
    "id": 5,
    "name": "month end",
    "words": ["--month", "2026-02", "--all"],
    "by": "ada",
    "at": "2026-03-01T06:32:00Z",
}
SELECTED: Values = {
    "token": "the token of the selection",
    "count": 2,
    "highest_id": 4711,
    "expires_at": "2026-03-14T06:40:00Z",
}
APPLIED: Values = {
    "results": [
        {"run": 4699, "job": "reminders", "done": False, "says": "You may not retry reminders."},
        {"run": 4711, "job": "invoices", "done": True, "says": "Run 4712 retries it."},
    ],
    "left": 0,
}
REPAIRED: Values = {
    "runs": [{"occurrence": "2026-03-14T03:00:00Z", "run": 4713}],
    "with_run": [
        {"occurrence": "2026-03-14T04:00:00Z", "run": 4698, "status": "succeeded", "trigger": "schedule"},
    ],
    "left": 0,
}
INCIDENT: Values = {
    "id": 31,
    "severity": "error",
    "job": "invoices",
    "cause": "failed",
    "opened_at": "2026-03-14T03:00:43Z",
    "last_at": "2026-03-14T03:00:43Z",
    "count": 1,
    "detail": "A run failed.",
    "error": "It exited with code 1.",
    "fingerprint": "It exited with code #.",
    "release": "1.4.0",
    "instance": "one",
    "acknowledged_at": None,
    "acknowledged_by": "",
    "acknowledged_note": "",
    "snoozed_until": None,
    "snoozed_by": "",
    "resolved_at": None,
    "resolved_by": "",
    "resolution": "",
    "first_run": 4711,
    "last_run": 4711,
    "owner": "billing@example.com",
    "runbook": "https://wiki.example.com/invoices",
    "moments": [
        {
            "at": "2026-03-14T03:00:43Z",
            "what": "opened",
            "text": "It began.",
            "by": "",
            "run": 4711,
            "status": "",
        },
    ],
    "deliveries": [
        {
            "channel": "ops",
            "kind": "opened",
            "at": "2026-03-14T03:00:44Z",
            "due_at": "2026-03-14T03:00:44Z",
            "attempts": 1,
            "delivered_at": "2026-03-14T03:00:45Z",
            "given_up_at": None,
            "silenced": "",
            "answer": "250 OK",
            "why": "",
        },
    ],
}
ACKNOWLEDGED = INCIDENT | {
    "acknowledged_at": "2026-03-14T06:31:00Z",
    "acknowledged_by": "ada",
    "acknowledged_note": "I am on it.",
}
SNOOZED = INCIDENT | {"snoozed_until": "2026-03-14T08:00:00Z", "snoozed_by": "ada"}
RESOLVED = INCIDENT | {"resolved_at": "2026-03-14T06:45:00Z", "resolved_by": "ada", "resolution": "by_hand"}
TRIED: Values = {
    "job": "invoices",
    "rule": "failed(in_a_row=2)",
    "since": "2026-02-12T06:30:00Z",
    "until": "2026-03-14T06:30:00Z",
    "runs": 30,
    "summary": "It would have opened 1 incident; none would be open now.",
    "incidents": [
        {
            "cause": "failed",
            "opened_at": "2026-03-02T03:00:51Z",
            "detail": "2 runs in a row failed.",
            "first_run": 4102,
            "count": 1,
            "resolved_at": "2026-03-03T03:00:38Z",
            "resolved_by_run": 4155,
        }
    ],
    "notes": [],
}
CHANNEL: Values = {
    "name": "ops",
    "kind": "webhook",
    "leads_to": "https://hooks.example.com/…",
    "flaw": "",
    "off": None,
    "latest": {"at": "2026-03-14T03:00:45Z", "done": True, "answer": "200 OK", "incident": 31},
}
TESTED: Values = {
    "channel": "ops",
    "done": True,
    "text": "200 OK",
    "is_off": False,
    "says": "ops took the test: 200 OK.",
}
