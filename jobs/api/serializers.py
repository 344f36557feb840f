"""Jobs, runs and attempts as JSON. Moments are ISO 8601; durations are numbers of seconds."""

from datetime import timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs import telemetry
from jobs.api.rows import RowSerializer
from jobs.choices import AttemptStatus, Reason, Status
from jobs.ledger import obstacles
from jobs.ledger.obstacles import Obstacle, Rule
from jobs.models import Attempt, Run
from jobs.reading.overview import Overview, visible_arguments


@extend_schema_field(OpenApiTypes.DOUBLE)
class SecondsField(serializers.ReadOnlyField):
    """A timedelta as a number of seconds."""

    def to_representation(self, value: timedelta) -> float:
        return value.total_seconds()


class WordsField(serializers.ListField):
    child = serializers.CharField()


class RunSerializer(RowSerializer[Run]):
    arguments = serializers.SerializerMethodField(
        help_text="As on the command line; values of secret options are masked."
    )
    duration = SecondsField(allow_null=True, help_text="Duration of its latest attempt, in seconds.")
    lateness = SecondsField(
        read_only=True, allow_null=True, help_text="From the occurrence to the latest start, in seconds."
    )

    # No choice field: it is empty most often, and the enumeration of OpenAPI would know no such word.
    reason = serializers.CharField(
        read_only=True, help_text=f"Why it never started: {', '.join(Reason.values)}; empty if it did, or may yet."
    )

    class Meta:
        model = Run
        fields = [
            "id",
            "job",
            "trigger",
            "status",
            "scheduled_for",
            "arguments",
            "requested_by",
            "created_at",
            "not_before",
            "started_at",
            "finished_at",
            "duration",
            "lateness",
            "attempt",
            "reason",
            "error",
            "result",
            "progress",
            "labels",
            "retry_of",
            "pinned",
            "blocked_by",
            "chained_from",
            "cancelled_by",
        ]
        read_only_fields = fields

    def get_arguments(self, run: Run) -> list[str]:
        return visible_arguments(run)


class AttemptSerializer(RowSerializer[Attempt]):
    # No choice field: OpenAPI has one enumeration called status, and that is the run's.
    status = serializers.CharField(read_only=True, help_text=f"One of: {', '.join(AttemptStatus.values)}.")
    wall = SecondsField(allow_null=True, help_text="In seconds.")
    cpu = SecondsField(allow_null=True, help_text="In seconds, including the command's own child processes.")
    trace_url = serializers.SerializerMethodField(help_text="A link to its trace; empty without TRACE_URL.")

    class Meta:
        model = Attempt
        fields = [
            "number",
            "status",
            "started_at",
            "finished_at",
            "exit_code",
            "signal",
            "error",
            "wall",
            "cpu",
            "peak_memory",
            "sql_statements",
            "output_bytes",
            "output_dropped",
            "warnings",
            "output_deleted_at",
            "instance",
            "invocation_id",
            "release",
            "trace_id",
            "trace_url",
        ]
        read_only_fields = fields

    def get_trace_url(self, attempt: Attempt) -> str:
        return telemetry.url_of(attempt.trace_id)


class ObstacleSerializer(serializers.Serializer[Obstacle]):
    rule = serializers.CharField(read_only=True, help_text=f"One of: {', '.join(Rule)}.")
    sentence = serializers.CharField(read_only=True, help_text="Why it waits.")


class RunWithAttemptsSerializer(RunSerializer):
    obstacle = serializers.SerializerMethodField(help_text="What a queued run waits for; null if nothing blocks it.")
    attempts = AttemptSerializer(many=True, read_only=True, help_text="Oldest first.")

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "obstacle", "attempts"]
        read_only_fields = fields

    @extend_schema_field(ObstacleSerializer(allow_null=True))
    def get_obstacle(self, run: Run) -> dict[str, Any] | None:
        found = obstacles.obstacle(run.pk) if run.status == Status.QUEUED else None
        # Between the two questions the run may have started.
        return None if found is None or found.rule is Rule.STATUS else ObstacleSerializer(found).data


class OccurrenceSerializer(serializers.Serializer[Any]):
    job = serializers.CharField()
    scheduled_for = serializers.DateTimeField()
    local = serializers.CharField(help_text="The same, by the clock of `time_zone`.")
    time_zone = serializers.CharField()
    note = serializers.CharField(help_text="Why it would be skipped, or what a change of the clock does to it.")


class JobSerializer(serializers.Serializer[Overview]):
    name = serializers.CharField(read_only=True)
    command = serializers.CharField(read_only=True, help_text="The management command.")
    description = serializers.CharField(read_only=True)
    labels = WordsField(read_only=True)
    owner = serializers.CharField(read_only=True, help_text="Who answers for it; empty if nobody is declared.")
    runbook = serializers.CharField(read_only=True, help_text="Where it is written what to do when it fails.")
    confirm_needed = serializers.BooleanField(
        read_only=True, help_text="Whether a start needs the declared word of confirmation, as `confirm`."
    )
    arguments = WordsField(read_only=True, help_text="As declared; values of secret options are masked.")
    schedule = serializers.CharField(read_only=True, allow_null=True, help_text="An NCRONTAB expression.")
    time_zone = serializers.CharField(read_only=True, allow_null=True, help_text="The schedule's time zone.")
    in_words = serializers.CharField(read_only=True, allow_null=True, help_text="The schedule in plain English.")
    after = WordsField(read_only=True, help_text="The jobs that must succeed before this one runs.")
    next_run_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Null if the job has no schedule, is disabled, or is paused or held without an end.",
    )
    last_run = RunSerializer(read_only=True, allow_null=True)
    is_paused = serializers.BooleanField(read_only=True)
    paused_until = serializers.DateTimeField(read_only=True, allow_null=True)
    paused_by = serializers.CharField(read_only=True)
    paused_reason = serializers.CharField(read_only=True)
    held_by = serializers.CharField(read_only=True, help_text="Who holds everything; empty if nobody does.")
    held_until = serializers.DateTimeField(read_only=True, allow_null=True)
    held_reason = serializers.CharField(read_only=True)
    disabled_by = serializers.CharField(
        read_only=True, help_text="The app setting that disables the function; empty if none does."
    )
    overridden_by = serializers.CharField(
        read_only=True, help_text="Who overrides the declaration; empty if nobody does."
    )
    overridden_until = serializers.DateTimeField(read_only=True, allow_null=True)
    overridden_reason = serializers.CharField(read_only=True)
    override_flaw = serializers.CharField(
        read_only=True, help_text="Why the override can't be read, so that the declaration applies; empty if it can."
    )


class HealthSerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.CharField(read_only=True, help_text="Always: alive.")


class ReadySerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.CharField(read_only=True, help_text="`ready` or `not ready`.")
    release = serializers.CharField(
        read_only=True,
        help_text="JOBS_RELEASE of the process that answers; during an update it may be the old one. Empty if not set.",
    )
    problems = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What isn't ready, and what to do about each. Empty when ready.",
    )
    warnings = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Problems that don't stop runs, such as clocks that differ.",
    )
