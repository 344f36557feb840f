"""Every list of the API and the admin, with each of its filters: found in the code, so that a new one is among them."""

import re
from urllib.parse import urlencode

from django.contrib import admin
from django.test import RequestFactory
from rest_framework import serializers

from jobs.admin.lists import JobFilter
from jobs.api.urls import V1

# Rare and frequent words, in different columns; none.
SEARCHES = ["quota exceeded", "grace", "_30", "4711", "e", "nothing has this"]
MODELS = ["run", "gap", "event", "intervention", "jobstate"]


def sample(jobs):
    """Two jobs that are due all the time, of which one only fails; a rare one; and two without runs."""
    return [job for job in jobs if job.endswith(("_50", "_100", "_30", "_1"))] + ["unheard_of"]


def api_lists(jobs):
    """Each list with each value of each filter, and with some pairs."""
    for pattern in V1:
        query = getattr(pattern.callback.view_class, "query", None)
        if query is None or "page_size" not in query().fields:
            continue
        path = f"/api/v1/{pattern.pattern}"
        choices = [(name, value) for name, field in query().fields.items() for value in values(name, field, jobs)]
        yield path
        for choice in choices:
            yield f"{path}?{urlencode([choice])}"
        if any(name == "job" for name, _ in choices):
            for choice in choices:
                yield f"{path}?{urlencode({'job': jobs[2]} | dict([choice]))}"
        if any(name == "status" for name, _ in choices):
            statuses = [("status", "lost"), ("status", "failed"), ("status", "running")]
            yield f"{path}?{urlencode(statuses)}"
            yield f"{path}?{urlencode([('job', jobs[0]), ('job', jobs[1]), *statuses])}"
            yield f"{path}?{urlencode([('scheduled_after', MOMENT), ('trigger', 'schedule'), *statuses])}"


# What the history of the benchmarks has.
KNOWN = {"release": ["1.0"], "instance": ["instance-1"], "requested_by": ["ada"], "label": []}
MOMENT = "2026-03-14T12:00:00Z"


def values(name, field, jobs):
    """Values of a filter of the API, by its field."""
    one = getattr(field, "child", field)
    if name in {"page", "page_size", "cursor"}:
        return []
    if name in KNOWN:
        return [*KNOWN[name], "nobody"]
    if name == "job":
        return jobs
    if isinstance(one, serializers.BooleanField):
        return ["true", "false"]
    if isinstance(one, serializers.ChoiceField):
        return list(one.choices)
    if isinstance(one, serializers.CharField):
        return SEARCHES
    return [MOMENT] if isinstance(one, serializers.DateTimeField) else [1, 2]


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
