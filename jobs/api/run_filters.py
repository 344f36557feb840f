"""Which runs a list shows, from the parameters of its URL."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from rest_framework import serializers

from jobs.access.actor import Actor
from jobs.api.cursors import Cursored
from jobs.api.fields import LabelField, Number, OneOf
from jobs.api.seen import seen
from jobs.choices import Status, Trigger
from jobs.declarations.registry import registry
from jobs.reading.run_lists import Between, Wanted

LONGEST = timedelta(days=3650).total_seconds()


def _after(what: str) -> serializers.DateTimeField:
    return serializers.DateTimeField(required=False, help_text=f"Only runs {what} then or later.")


def _before(what: str) -> serializers.DateTimeField:
    return serializers.DateTimeField(required=False, help_text=f"Only runs {what} before.")


class RunQuery(Cursored):
    job = serializers.ListField(
        child=serializers.CharField(max_length=127), required=False, help_text="Only this job's. Repeat it for several."
    )
    locals()["label"] = LabelField(help_text="Only of jobs that declare this label.")
    run_label = serializers.CharField(
        max_length=63, required=False, help_text="Only runs that were started with this label, such as ticket/4711."
    )
    status = serializers.ListField(
        child=OneOf(Status.choices), required=False, help_text="Only with this status. Repeat it for several."
    )
    trigger = OneOf(Trigger.choices, required=False, help_text="Only what this brought into being.")
    requested_by = serializers.CharField(max_length=200, required=False, help_text="Only what this one asked for.")
    scheduled_after = _after("whose occurrence is")
    scheduled_before = _before("whose occurrence is")
    started_after = _after("whose latest attempt started")
    started_before = _before("whose latest attempt started")
    finished_after = _after("that ended")
    finished_before = _before("that ended")
    min_duration = serializers.FloatField(
        min_value=0, max_value=LONGEST, required=False, help_text="Only runs that took so many seconds or longer."
    )
    max_duration = serializers.FloatField(
        min_value=0, max_value=LONGEST, required=False, help_text="Only runs that took so many seconds or less."
    )
    attempts = Number(
        min_value=0, max_value=1_000_000, required=False, help_text="Only runs with so many attempts or more."
    )
    pinned = serializers.BooleanField(required=False, help_text="Only runs that are kept for ever, or only others.")
    release = serializers.CharField(
        max_length=300, required=False, help_text="Only runs of which this release made an attempt."
    )
    instance = serializers.CharField(
        max_length=300, required=False, help_text="Only runs of which an attempt was on this instance."
    )
    error = serializers.CharField(
        max_length=300, required=False, help_text="Only runs whose error has all of these words, in any case."
    )


def wanted(actor: Actor, query: dict[str, Any]) -> Wanted:
    """The runs that the query asks for, of jobs that the actor may see."""
    return Wanted(
        jobs=_jobs(seen(actor), query.get("job"), query.get("label")),
        label=query.get("run_label", ""),
        statuses=query.get("status", ()),
        scheduled=_between(query, "scheduled"),
        started=_between(query, "started"),
        finished=_between(query, "finished"),
        min_duration=_duration(query.get("min_duration")),
        max_duration=_duration(query.get("max_duration")),
        attempts=query.get("attempts"),
        pinned=query.get("pinned"),
        **{name: query.get(name, "") for name in ("trigger", "requested_by", "release", "instance", "error")},
    )


def labelled(label: str) -> list[str]:
    """The jobs that declare the label."""
    return [job.name for job in registry.values() if label in job.labels]


def _jobs(known: Sequence[str] | None, named: Iterable[str] | None, label: str | None) -> list[str] | None:
    chosen = None if named is None else list(dict.fromkeys(named))
    if label is not None:
        chosen = [job for job in labelled(label) if chosen is None or job in chosen]
    if known is None:
        return chosen
    return list(known) if chosen is None else [job for job in chosen if job in set(known)]


def _between(query: dict[str, Any], name: str) -> Between:
    return Between(query.get(f"{name}_after"), query.get(f"{name}_before"))


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
