"""The admin's lists of what grows without end. Django's own count and sort a whole table for each page.

They read by key, newest first: at most WINDOW rows, as many of them as the filters with an index leave. The other
filters and a search look at these, and a link goes on with older ones.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from jobs.admin.acting import actor_of
from jobs.choices import Verb
from jobs.models import JobState
from jobs.reading import keyset, searching

# Where a page of a list continues.
BEFORE = "id__lt"


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """History: nobody adds to it, changes it or takes from it."""

    # A count of all rows beside that of the found ones would read the whole table.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """By grants, as everywhere: Django's own permissions give nothing."""
        return actor_of(request).may_everywhere(Verb.VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class JobFilter(admin.SimpleListFilter):
    """By job: of all that were ever seen, which the state rows know without reading the ledger."""

    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(job, job) for job in JobState.objects.order_by("job").values_list("job", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(job=self.value()) if self.value() else queryset


class TimeFilter(admin.SimpleListFilter):
    """By the day or month in which a row was written. `column` has that time."""

    title = "recorded"
    parameter_name = "recorded"
    column = "recorded_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.localdate()
        days = [today - timedelta(days=ago) for ago in range(7)]
        months = [today.replace(day=1)]
        while len(months) < 12:
            months.append((months[-1] - timedelta(days=1)).replace(day=1))
        return [(f"{day}", f"{day:%A, %-d %B}") for day in days] + [(f"{day:%Y-%m}", f"{day:%B %Y}") for day in months]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        try:
            first = date.fromisoformat(value if len(value) > len("2026-11") else f"{value}-01")
        except ValueError:
            return queryset.none()
        after = (
            first + timedelta(days=1) if len(value) > len("2026-11") else (first + timedelta(days=31)).replace(day=1)
        )
        begin, end = (timezone.make_aware(datetime.combine(day, datetime.min.time())) for day in (first, after))
        return queryset.filter(
            pk__gte=keyset.first_id_since(queryset.model, self.column, begin - keyset.DISORDER),
            pk__lt=keyset.first_id_since(queryset.model, self.column, end + keyset.DISORDER),
            **{f"{self.column}__gte": begin, f"{self.column}__lt": end},
        )


class CreatedFilter(TimeFilter):
    title = parameter_name = "created"
    column = "created_at"


class AtFilter(TimeFilter):
    title = parameter_name = "at"
    column = "at"


class LongList(ChangeList):
    """`end` is the id of the oldest row that was looked at, if there are older ones; None otherwise."""

    end: int | None = None
    ids: Sequence[int] = ()
    is_whole = True
    queryset: Any
    model_admin: "LongAdmin"

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return ["-pk"]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The newest rows that an index has for the filters, and of them those that the others and a search leave."""
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        chosen = self._chosen()
        rows, answered = self.model_admin.by_index(self._placed(request), chosen)
        ids, self.end = keyset.window(rows)
        places = {BEFORE, *(spec.parameter_name for spec in self.filter_specs if isinstance(spec, TimeFilter))}
        self.is_whole = not self.query and chosen.keys() <= places | answered
        if self.query:
            ids = self.model_admin.matching(request, keyset.with_ids(self.root_queryset, ids), self.query)
        if not self.is_whole:
            ids = sorted(keyset.with_ids(found, ids).order_by().values_list("pk", flat=True), reverse=True)
        self.ids = ids
        return keyset.with_ids(self.apply_select_related(self.root_queryset), ids).order_by("-pk")

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page. The others aren't even counted."""
        chosen, self.queryset = self.queryset, Rows(self.queryset, self.ids)
        super().get_results(request)
        self.queryset = chosen

    def _placed(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the time that is asked for, from where the list continues."""
        rows: QuerySet[Any] = self.root_queryset
        if BEFORE in self.params:
            rows = rows.filter(**{BEFORE: self.params[BEFORE]})
        for spec in self.filter_specs:
            if isinstance(spec, TimeFilter):
                rows = spec.queryset(request, rows)
        return rows

    def _chosen(self) -> dict[str, str]:
        """By column, or by a filter's name, the value that is asked for; of several, all."""
        return {name.removesuffix("__exact"): ",".join(values) for name, values in self.get_filters_params().items()}

    @property
    def counted(self) -> str:
        """How many rows there are, as far as they are counted: 10,000+ is all that is said of more."""
        more = "+" if self.end is not None and self.is_whole else ""
        name = self.opts.verbose_name if self.result_count == 1 else self.opts.verbose_name_plural
        return f"{self.result_count:,}{more} {name}"

    @property
    def looked_at(self) -> str:
        """What was looked at, unless that was everything."""
        if self.end is None or self.is_whole:
            return ""
        *first, last = [f"{keyset.WINDOW:,} newest", *(self.model_admin.searched_too if self.query else [])]
        return f"among the {', '.join(first)}, and {last}" if first else f"among the {last}"

    @property
    def older(self) -> str:
        """The link to what comes after this window; empty if nothing does."""
        return "" if self.end is None else self.get_query_string({BEFORE: self.end})


class Rows:
    """The rows with these ids, for a paginator: those of a page are looked up, and no others."""

    ordered = True

    def __init__(self, rows: QuerySet[Any], ids: Sequence[int]) -> None:
        self.rows = rows
        self.ids = ids

    def count(self) -> int:
        return len(self.ids)

    def __getitem__(self, page: slice) -> QuerySet[Any]:
        return keyset.with_ids(self.rows, self.ids[page]).order_by("-pk")

    def _clone(self) -> QuerySet[Any]:
        """What a list without pages asks for."""
        return self[:]


class LongAdmin(ReadOnly):
    """What grows without end."""

    sortable_by = ()

    @property
    def searched_too(self) -> list[str]:
        """What a search looks at beside the newest rows."""
        return ["the newest of each job that is named so"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongList

    # Filters by one column, each with an index.
    indexed: Sequence[str] = ("job",)

    def by_index(self, rows: QuerySet[Any], chosen: Mapping[str, str]) -> tuple[QuerySet[Any], set[str]]:
        """The rows that an index has for the filters, newest first; and for which of the filters."""
        for column in self.indexed:
            if column in chosen:
                return keyset.by_index(rows, **{column: chosen[column]}), {column}
        return rows.order_by("-pk"), set()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """All of them: the list itself asks `matching`."""
        return queryset, False

    def matching(self, request: HttpRequest, window: QuerySet[Any], query: str) -> list[int]:
        """The ids of the rows in which a search finds its words: of those in a window, and by an index of more."""
        near, _ = super().get_search_results(request, window, query)
        return [*near.values_list("pk", flat=True), *searching.of_jobs(window, query.split())]
