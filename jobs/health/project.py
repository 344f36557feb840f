"""Checks of the project: its settings and its declarations."""

from django.conf import settings as django_settings
from django.core.checks import ERROR, run_checks

from jobs import checks
from jobs.checks import host
from jobs.conf import conf
from jobs.declarations import disabled
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.health.answers import Problem


def settings() -> str:
    """Django's own checks, with those for a deployment."""
    with checks.with_commands():
        found = run_checks(include_deployment_checks=not conf.LOCAL)
    if serious := checks.stopping(found):
        first = " ".join(str(serious[0]).split())
        more = f" And {counted(len(serious) - 1, 'more finding')}: `manage.py check --build`." if serious[1:] else ""
        raise Problem(f"{first}{more}")
    return "LOCAL=1, as on a laptop: the checks for a deployment are left out" if conf.LOCAL else "no finding"


def declarations() -> str:
    """Whether an app setting makes a job's declaration wrong: nobody sees a check's errors in a running app."""
    errors = [message for message in checks.at_start() if message.level >= ERROR]
    if errors:
        more = f" And {counted(len(errors) - 1, 'more error')}: `manage.py check`." if errors[1:] else ""
        raise Problem(f"{errors[0].id}: {errors[0].msg} {errors[0].hint}{more}")
    return "no app setting makes one wrong"


def schedules() -> str:
    """Whether any job has one, and whether all of them can be read."""
    scheduled = registry.scheduled()
    if registry.problems:
        raise Problem(f"{registry.problems[0].message} `manage.py check` lists all of it.")
    if not scheduled:
        raise Problem("No job has a schedule. Is the app with your schedule.py in INSTALLED_APPS?")
    off = [job.name for job in scheduled if disabled.setting_that_disables(job.name)]
    found = f"{counted(len(scheduled), 'job')} with a schedule"
    return f"{found}; disabled in Azure: {', '.join(off)}" if off else found


def time_zone() -> str:
    """The host's zone, which its timers are read in."""
    if found := host.time_zone():
        raise Problem(f"{found[0].msg} {found[0].hint}")
    return f"the host's is UTC, the jobs' default {django_settings.TIME_ZONE}"
