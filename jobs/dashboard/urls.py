"""The dashboard's URLs."""

from django.urls import path

from jobs.dashboard import openid
from jobs.dashboard.access import access, change_access, make_token
from jobs.dashboard.audit import who_did_what
from jobs.dashboard.calendar import calendar
from jobs.dashboard.channels import channels, switch_channel_on, try_channel
from jobs.dashboard.compare import compare
from jobs.dashboard.handover import handover
from jobs.dashboard.hold import hold
from jobs.dashboard.holes import ledger_holes
from jobs.dashboard.incident import do_with_an_incident, incident
from jobs.dashboard.incidents import incidents
from jobs.dashboard.job import job, note_on_this_job
from jobs.dashboard.jobs import do_with_a_job, jobs
from jobs.dashboard.ledger import ledger
from jobs.dashboard.missed import missed
from jobs.dashboard.output import output, raw
from jobs.dashboard.override import override
from jobs.dashboard.overview import overview
from jobs.dashboard.pause import pause
from jobs.dashboard.presets import delete as delete_preset
from jobs.dashboard.retry import retry
from jobs.dashboard.rules import rules
from jobs.dashboard.run import do_with_a_run, run
from jobs.dashboard.run_now import run_now
from jobs.dashboard.runs import runs
from jobs.dashboard.selected import select, selected
from jobs.dashboard.selected_jobs import act_on_jobs, select_jobs
from jobs.dashboard.sign_in import SignIn, SignOut, choose
from jobs.dashboard.why import why

app_name = "nightshift"
urlpatterns = [
    path("", overview, name="overview"),
    path("jobs/", jobs, name="jobs"),
    path("jobs/<str:name>/", job, name="job"),
    path("jobs/<str:name>/ledger/", ledger, name="ledger"),
    path("jobs/<str:name>/missed/", missed, name="missed"),
    path("jobs/<str:name>/note/", note_on_this_job, name="note_on_job"),
    path("jobs/<str:name>/override/", override, name="override"),
    path("jobs/<str:name>/pause/", pause, name="pause"),
    path("jobs/<str:name>/rules/", rules, name="rules"),
    path("jobs/<str:name>/run/", run_now, name="run_now"),
    path("jobs/<str:name>/run/delete-preset/", delete_preset, name="delete_preset"),
    path("jobs/<str:name>/why/", why, name="why"),
    path("hold/", hold, name="hold"),
    path("channels/", channels, name="channels"),
    path("channels/test/", try_channel, name="try_channel"),
    path("channels/on/", switch_channel_on, name="switch_channel_on"),
    path("runs/", runs, name="runs"),
    path("runs/select/", select, name="select"),
    path("runs/selected/<str:what>/<str:token>/", selected, name="selected"),
    path("runs/<int:pk>/", run, name="run"),
    path("runs/<int:pk>/do/", do_with_a_run, name="do_with_a_run"),
    path("runs/<int:pk>/compare/", compare, name="compare"),
    path("runs/<int:pk>/output/", output, name="output"),
    path("runs/<int:pk>/output/raw/", raw, name="raw"),
    path("jobs-selected/", select_jobs, name="select_jobs"),
    path("jobs-selected/do/", act_on_jobs, name="act_on_jobs"),
    path("runs/<int:pk>/retry/", retry, name="retry"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/<int:pk>/", incident, name="incident"),
    path("incidents/<int:pk>/do/", do_with_an_incident, name="do_with_an_incident"),
    path("calendar/", calendar, name="calendar"),
    path("holes/", ledger_holes, name="holes"),
    path("handover/", handover, name="handover"),
    path("audit/", who_did_what, name="audit"),
    path("access/", access, name="access"),
    path("access/change/", change_access, name="change_access"),
    path("access/token/", make_token, name="make_token"),
    path("do/", do_with_a_job, name="do_with_a_job"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("openid/", openid.begin, name="openid"),
    path("openid/back/", openid.back, name="openid_back"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
    path("preferences/", choose, name="preferences"),
]
