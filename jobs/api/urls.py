"""The API's URLs. `health` and `ready` are for platforms and deployments: they keep their place in every version."""

from django.urls import include, path

from jobs.api.health import Health, Ready
from jobs.api.jobs import JobDetail, JobList
from jobs.api.nothing import Nothing
from jobs.api.runs import RunDetail, RunList, RunOutput, RunPin
from jobs.api.schema import Schema
from jobs.api.statistics import JobStatistics

app_name = "nightshift_api"
V1 = [
    path("jobs/", JobList.as_view(), name="jobs"),
    path("jobs/<str:name>/", JobDetail.as_view(), name="job"),
    path("jobs/<str:name>/statistics/", JobStatistics.as_view(), name="statistics"),
    path("runs/", RunList.as_view(), name="runs"),
    path("runs/<int:pk>/", RunDetail.as_view(), name="run"),
    path("runs/<int:pk>/pin/", RunPin.as_view(), name="pin"),
    path("runs/<int:pk>/output/", RunOutput.as_view(), name="output"),
    path("schema/", Schema.as_view(), name="schema"),
    path("<path:rest>", Nothing.as_view(), name="nothing"),
]
urlpatterns = [
    path("health", Health.as_view(), name="health"),
    path("ready", Ready.as_view(), name="ready"),
    path("v1/", include(V1)),
]
