"""Every list of the API and the admin, with each of its filters: found in the code, so that a new one is among them."""

import re
from urllib.parse import urlencode

from django.contrib import admin
from django.test import RequestFactory
from rest_framework.generics import GenericAPIView

from jobs.admin.lists import JobFilter
from jobs.api.urls import urlpatterns

# Rare and frequent words, in different columns; none.
SEARCHES = ["quota exceeded", "grace", "_30", "4711", "e", "nothing has this"]
MODELS = ["run", "gap", "event", "intervention", "jobstate"]


def sample(jobs):
    """Two jobs that are due all the time, of which one only fails; a rare one; and two without runs."""
    return [job for job in jobs if job.endswith(("_50", "_100", "_30", "_1"))] + ["unheard_of"]


def api_lists(jobs):
    """Each list with each value of each filter, and with some pairs."""
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "view_class", None)
        if (
            view is None
            or not issubclass(view, GenericAPIView)
            or not view.pagination_class
            or "<" in str(pattern.pattern)
        ):
            continue
        path = f"/api/{pattern.pattern}"
        choices = [
            (parameter["name"], value)
            for backend in view.filter_backends
            for parameter in backend().get_schema_operation_parameters(view())
            for value in values(parameter, jobs)
        ]
        yield path
        for choice in choices:
            yield f"{path}?{urlencode([choice])}"
        for job in jobs[2:3]:
            yield from (f"{path}?{urlencode([('job', job), choice])}" for choice in choices if choice[0] != "job")
        statuses = [choice for choice in choices if choice[0] == "status"]
        if statuses:
            yield f"{path}?{urlencode(statuses)}"
            yield f"{path}?{urlencode([('status', 'lost'), ('status', 'failed')])}"
            yield f"{path}?{urlencode([('job', jobs[0]), ('status', 'lost'), ('status', 'failed')])}"


def values(parameter, jobs):
    """Values of a filter of the API, by its schema."""
    schema = parameter["schema"]
    one = schema.get("items", schema)
    if "enum" in one:
        return one["enum"]
    if parameter["name"] == "job":
        return jobs
    kind = one.get("format", one["type"])
    return {"integer": [1], "date-time": ["2026-03-14T12:00:00Z"], "boolean": ["true", "false"], "string": SEARCHES}[
        kind
    ]


def admin_lists(user, jobs):
    """Each list with each choice of each filter, with each search, and with some of them together."""
    for model in MODELS:
        listed = changelist(f"/manage/nightshift/{model}/", user)
        choices = [
            choice["query_string"].removeprefix("?")
            for spec in listed.filter_specs
            for choice in spec.choices(listed)
            if getattr(spec, "parameter_name", "") != "job"
        ]
        choices = [choice for choice in choices if choice]
        of_jobs = [f"job={job}" for job in jobs] if JobFilter in listed.list_filter else []
        searches = [urlencode({"q": words}) for words in SEARCHES]
        together = [
            *(f"{job}&{other}" for job in of_jobs[2:3] for other in [*choices, searches[0]]),
            *(f"{choice}&{searches[0]}" for choice in choices[::3]),
        ]
        deep = ["p=3", "id__lt=2000"] if model in {"run", "gap", "event"} else []
        for query in ["", *deep, *choices, *of_jobs, *searches, *together]:
            yield f"/manage/nightshift/{model}/?{query}"


def changelist(page, user):
    """The list behind a page of the admin, which then isn't written as HTML."""
    request = RequestFactory().get(page)
    request.user = user
    [model] = re.findall("nightshift/(.*)/", page)
    return admin_of(model).get_changelist_instance(request)


def admin_of(model):
    return next(
        found for known, found in admin.site._registry.items() if known._meta.label_lower == f"nightshift.{model}"
    )
