"""The ledger in Django's admin, to read and to run a job now: that is asked of the verbs, never written into a row."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import telemetry
from jobs.access.actor import Actor, Refused, Unseen
from jobs.admin import access  # noqa: F401 — it registers its pages
from jobs.admin.acting import actor_of, may_anywhere
from jobs.admin.lists import AtFilter, CreatedFilter, JobFilter, LongAdmin, ReadOnly, TimeFilter
from jobs.choices import InterventionKind, Status, Trigger, Verb
from jobs.declarations.registry import UnknownJob
from jobs.formats import as_shown, command_line, counted, format_duration, shorten, size
from jobs.ledger import error_index
from jobs.models import Attempt, Event, Gap, Intervention, JobState, Run
from jobs.reading import keyset, searching
from jobs.reading.history import arguments_of
from jobs.reading.overview import visible_arguments
from jobs.reading.transcript import OutputDeleted, UnknownRun, ending
from jobs.verbs.pin import pin, unpin
from jobs.verbs.start import Unconfirmed, start

# How much of an attempt's output a page shows, in bytes.
SHOWN = 64 * 1024
NOTE_LENGTH = 100


class AttemptInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Attempt
    extra = 0
    can_delete = False
    show_change_link = False
    ordering = ["number"]
    fields = [
        ("number", "status", "exit_code", "signal"),
        ("started_at", "finished_at"),
        "error",
        ("wall", "cpu", "memory", "sql_statements"),
        ("instance", "invocation_id", "release", "trace"),
        "written",
    ]
    readonly_fields = ["memory", "trace", "written"]

    def has_add_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return actor_of(request).may_everywhere(Verb.VIEW)

    def get_fields(self, request: HttpRequest, obj: Run | None = None) -> Any:
        may_read = actor_of(request).may_everywhere(Verb.OUTPUT)
        return [name for name in self.fields if name != "written" or may_read]

    @admin.display(description="peak memory")
    def memory(self, attempt: Attempt) -> str | None:
        return None if attempt.peak_memory is None else size(attempt.peak_memory)

    @admin.display(description="trace")
    def trace(self, attempt: Attempt) -> SafeString | str | None:
        url = telemetry.url_of(attempt.trace_id)
        return format_html('<a href="{}">{}</a>', url, attempt.trace_id) if url else attempt.trace_id or None

    @admin.display(description="output")
    def written(self, attempt: Attempt) -> SafeString | str:
        if attempt.output_deleted_at is not None:
            return str(OutputDeleted(attempt))
        text = ending(attempt, SHOWN)
        if not text:
            return "It wrote nothing."
        cut = ""
        if attempt.output_bytes > SHOWN:
            cut = (
                f"The last {size(SHOWN)} of {size(attempt.output_bytes)}. "
                f"`manage.py output {attempt.run_id} --attempt {attempt.number}` shows all that was kept.\n\n"
            )
        return format_html('<pre class="written">{}{}</pre>', cut, as_shown(text))


@admin.register(Run)
class RunAdmin(LongAdmin):
    list_display = ["id", "job", "status", "trigger", "scheduled_for", "started_at", "took", "attempt", "note"]
    list_filter = ["status", "trigger", CreatedFilter, JobFilter]
    search_fields = ["job", "requested_by", "error"]
    search_help_text = "A run's number, or words of its job, error, or of who started it."
    inlines = [AttemptInline]
    actions = ["pin", "unpin"]

    class Media:
        css = {"all": ["nightshift/admin.css"]}

    fields = [
        ("job", "status", "trigger"),
        "command_line",
        ("scheduled_for", "requested_by"),
        ("created_at", "not_before", "start_by"),
        ("started_at", "finished_at", "took"),
        ("attempt", "failures", "lease_expires_at", "pinned"),
        ("reason", "error"),
        ("cancel_requested_at", "cancelled_by"),
        ("blocked_by", "chained_from"),
        ("result", "progress"),
    ]

    def has_pin_permission(self, request: HttpRequest) -> bool:
        return may_anywhere(request, Verb.OVERRIDE)

    @admin.action(description="Pin: keep for ever", permissions=["pin"])
    def pin(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        changed = self._each(request, queryset, pin)
        self.message_user(request, f"{counted(changed, 'run')} pinned. Retention deletes nothing of them.")

    @admin.action(description="Unpin: leave to retention", permissions=["pin"])
    def unpin(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        changed = self._each(request, queryset, unpin)
        self.message_user(request, f"{counted(changed, 'run')} unpinned. They go when their time has come.")

    def _each(self, request: HttpRequest, runs: QuerySet[Run], change: Callable[[Actor, int], object]) -> int:
        """How many of the runs it has changed; what may not be done with one is said."""
        changed, refusals = 0, []
        for run in runs:
            try:
                changed += bool(change(actor_of(request), run.pk))
            except (Refused, UnknownRun) as error:
                refusals.append(str(error))
        for sentence in dict.fromkeys(refusals):
            self.message_user(request, sentence, messages.ERROR)
        return changed

    def by_index(self, rows: QuerySet[Any], chosen: Mapping[str, str]) -> tuple[QuerySet[Any], set[str]]:
        job, status = chosen.get("job"), chosen.get("status")
        # Success is what most runs have: the newest runs are soon full of it, or not worth a walk through all.
        if status not in {*Status.values} - {Status.SUCCEEDED}:
            status = None
        if job or status:
            return keyset.runs(rows, job, status), {"job", *(["status"] if status else [])}
        if chosen.get("trigger") in {*Trigger.values} - {Trigger.SCHEDULE}:
            return keyset.by_index(rows, trigger=chosen["trigger"]), {"trigger"}
        return rows.order_by("-pk"), set()

    @property
    def searched_too(self) -> list[str]:
        return [*super().searched_too, *(["the errors of all"] if error_index.exists() else [])]

    def matching(self, request: HttpRequest, window: QuerySet[Any], query: str) -> list[int]:
        number = [int(query)] if query.isdecimal() and len(query) < 19 else []
        return [*number, *super().matching(request, window, query), *searching.of_errors(query.split())]

    @admin.display(description="took")
    def took(self, run: Run) -> str:
        return format_duration(run.duration)

    @admin.display(description="arguments")
    def command_line(self, run: Run) -> str:
        return command_line(visible_arguments(run))

    @admin.display(description="note")
    def note(self, run: Run) -> str:
        return shorten(run.error, NOTE_LENGTH)


@admin.register(JobState)
class JobStateAdmin(ReadOnly):
    list_display = ["job", "fingerprint", "ledger_through", "next_due_at", "paused", "paused_until", "paused_by"]
    search_fields = ["job"]
    ordering = ["job"]
    actions = ["run_now"]

    def has_run_permission(self, request: HttpRequest) -> bool:
        return may_anywhere(request, Verb.RUN)

    @admin.action(description="Run now", permissions=["run"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[JobState]) -> None:
        for state in queryset:
            try:
                run = start(actor_of(request), state.job)
            except (UnknownJob, Unseen, Refused, Unconfirmed) as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            self.message_user(
                request,
                format_html(
                    '<a href="{}">Run {} of {}</a> is {}. {}',
                    *(reverse("admin:nightshift_run_change", args=[run.pk]), run.pk, run.job, run.status, run.error),
                ),
                messages.WARNING if run.status == Status.SKIPPED else messages.SUCCESS,
            )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        pause = Intervention.objects.in_force().filter(job=OuterRef("pk"), kind=InterventionKind.PAUSE)
        rows: QuerySet[Any] = super().get_queryset(request)
        found: QuerySet[Any] = rows.annotate(
            paused=Exists(pause), paused_by=Subquery(pause.values("by")), paused_until=Subquery(pause.values("until"))
        )
        return found

    # Not as a boolean: of a job that isn't paused that would be a red cross, which looks like a failure.
    @admin.display(description="paused")
    def paused(self, state: Any) -> str | None:
        return "Paused" if state.paused else None

    @admin.display(description="paused until")
    def paused_until(self, state: Any) -> datetime | None:
        until: datetime | None = state.paused_until
        return until

    @admin.display(description="paused by")
    def paused_by(self, state: Any) -> str | None:
        by: str | None = state.paused_by
        return by


@admin.register(Gap)
class GapAdmin(LongAdmin):
    list_display = ["job", "fate", "reason", "count", "first", "last", "by", "note", "blocked_by"]
    list_select_related = ["blocked_by"]
    list_filter = ["fate", "reason", TimeFilter, JobFilter]
    search_fields = ["job", "by", "note"]
    indexed = ("job", "reason")


@admin.register(Intervention)
class InterventionAdmin(ReadOnly):
    list_display = ["job", "kind", "by", "began_at", "until", "ended_at", "ended_by", "reason"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter), JobFilter]
    search_fields = ["job", "by", "reason"]
    ordering = ["-id"]
    fields = [
        ("job", "kind"),
        ("by", "reason"),
        ("began_at", "until"),
        ("ended_at", "ended_by"),
        ("schedule", "time_zone", "words"),
    ]

    @admin.display(description="arguments")
    def words(self, found: Intervention) -> str | None:
        return arguments_of(found) or None


@admin.register(Event)
class EventAdmin(LongAdmin):
    list_display = ["at", "job", "kind", "by", "door", "count", "message", "run"]
    list_select_related = ["run"]
    list_filter = ["kind", AtFilter, JobFilter]
    search_fields = ["job", "by", "message"]
    indexed = ("job", "kind")
