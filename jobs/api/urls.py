"""The API's URLs. `health`, `ready` and `metrics` are for platforms: they keep their place in every version."""

from django.urls import include, path

from jobs.api.alert_trial import AlertTrial
from jobs.api.channels import ChannelList, ChannelOn, ChannelTest
from jobs.api.events import Audit, Feed
from jobs.api.granting import GrantEnd, GrantList, TokenList, TokenRevoke, WhoMay
from jobs.api.health import Health, Ready
from jobs.api.hold import Hold
from jobs.api.incidents import IncidentAcknowledge, IncidentDetail, IncidentList, IncidentResolve, IncidentSnooze
from jobs.api.job_acts import JobOverride, JobPause, JobResume
from jobs.api.jobs import JobDetail, JobList
from jobs.api.metrics import MetricsOfJobs
from jobs.api.missed import JobMissed
from jobs.api.notes import JobNotes, RunNotes
from jobs.api.nothing import Nothing
from jobs.api.occurrences import Drift, JobExplain, JobLedger, JobNext, Upcoming
from jobs.api.output import RunOutput, RunOutputPieces
from jobs.api.pages import Page
from jobs.api.presets import JobPreset, JobPresets
from jobs.api.run_acts import RunCancel, RunPin
from jobs.api.runs import RunDetail, RunList
from jobs.api.schema import Schema
from jobs.api.selections import Apply, Select
from jobs.api.start_schema import JobOpenApi
from jobs.api.starts import JobStart, RunRetry
from jobs.api.statistics import JobStatistics
from jobs.api.watch import RunWatched

app_name = "nightshift_api"
V1 = [
    path("jobs/", JobList.as_view(), name="jobs"),
    path("jobs/<str:name>/", JobDetail.as_view(), name="job"),
    path("jobs/<str:name>/alerts/trial/", AlertTrial.as_view(), name="alert_trial"),
    path("jobs/<str:name>/explain/", JobExplain.as_view(), name="explain"),
    path("jobs/<str:name>/ledger/", JobLedger.as_view(), name="ledger"),
    path("jobs/<str:name>/missed/", JobMissed.as_view(), name="missed"),
    path("jobs/<str:name>/next/", JobNext.as_view(), name="next"),
    path("jobs/<str:name>/notes/", JobNotes.as_view(), name="job_notes"),
    path("jobs/<str:name>/openapi/", JobOpenApi.as_view(), name="openapi"),
    path("jobs/<str:name>/override/", JobOverride.as_view(), name="override"),
    path("jobs/<str:name>/pause/", JobPause.as_view(), name="pause"),
    path("jobs/<str:name>/presets/", JobPresets.as_view(), name="presets"),
    path("jobs/<str:name>/presets/<int:pk>/", JobPreset.as_view(), name="preset"),
    path("jobs/<str:name>/resume/", JobResume.as_view(), name="resume"),
    path("jobs/<str:name>/runs/", JobStart.as_view(), name="start"),
    path("jobs/<str:name>/statistics/", JobStatistics.as_view(), name="statistics"),
    path("jobs/<str:name>/who-may/", WhoMay.as_view(), name="who_may"),
    path("runs/", RunList.as_view(), name="runs"),
    path("runs/<int:pk>/", RunDetail.as_view(), name="run"),
    path("runs/<int:pk>/cancel/", RunCancel.as_view(), name="cancel"),
    path("runs/<int:pk>/notes/", RunNotes.as_view(), name="run_notes"),
    path("runs/<int:pk>/output/", RunOutput.as_view(), name="output"),
    path("runs/<int:pk>/output/pieces/", RunOutputPieces.as_view(), name="pieces"),
    path("runs/<int:pk>/pin/", RunPin.as_view(), name="pin"),
    path("runs/<int:pk>/retry/", RunRetry.as_view(), name="retry"),
    path("runs/<int:pk>/watch/", RunWatched.as_view(), name="watch"),
    path("audit/", Audit.as_view(), name="audit"),
    path("channels/", ChannelList.as_view(), name="channels"),
    path("channels/<str:name>/on/", ChannelOn.as_view(), name="channel_on"),
    path("channels/<str:name>/test/", ChannelTest.as_view(), name="channel_test"),
    path("drift/", Drift.as_view(), name="drift"),
    path("events/", Feed.as_view(), name="events"),
    path("grants/", GrantList.as_view(), name="grants"),
    path("grants/<int:pk>/", GrantEnd.as_view(), name="grant"),
    path("hold/", Hold.as_view(), name="hold"),
    path("incidents/", IncidentList.as_view(), name="incidents"),
    path("incidents/<int:pk>/", IncidentDetail.as_view(), name="incident"),
    path("incidents/<int:pk>/acknowledge/", IncidentAcknowledge.as_view(), name="acknowledge"),
    path("incidents/<int:pk>/resolve/", IncidentResolve.as_view(), name="resolve"),
    path("incidents/<int:pk>/snooze/", IncidentSnooze.as_view(), name="snooze"),
    path("selections/", Select.as_view(), name="selections"),
    path("selections/apply/", Apply.as_view(), name="apply"),
    path("tokens/", TokenList.as_view(), name="tokens"),
    path("tokens/<int:pk>/", TokenRevoke.as_view(), name="token"),
    path("upcoming/", Upcoming.as_view(), name="upcoming"),
    path("docs/", Page.as_view(), name="docs"),
    path("schema/", Schema.as_view(), name="schema"),
    path("<path:rest>", Nothing.as_view(), name="nothing"),
]
urlpatterns = [
    path("health", Health.as_view(), name="health"),
    path("ready", Ready.as_view(), name="ready"),
    path("metrics", MetricsOfJobs.as_view(), name="metrics"),
    path("v1/", include(V1)),
]
