"""The rules of alerts that hold for a job, and a rule tried on its latest 30 days."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, page
from jobs.declarations import alert, alert_text
from jobs.declarations.alert_text import UnreadableRule
from jobs.declarations.registry import registry
from jobs.ledger import states, watched
from jobs.reading import trials
from jobs.reading.explain import zone_of

MOST = 200
EXAMPLES = (
    "failed(in_a_row=2)",
    "rate(share=0.2, of=20)",
    "not_succeeded_for(timedelta(hours=26))",
    "must_succeed_by('06:30')",
    "slower_than(1.5)",
    "late_start(timedelta(minutes=20))",
)


@page("rules.html")
def rules(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.VIEW, name)
    job, typed = registry[name], asked.text(request, "rule", length=2 * alert_text.LONGEST)
    context: Context = {
        "title": f"Alerts of {name}",
        "at": "jobs",
        "job": job,
        "zone": zone_of(job),
        "rules": [
            (alert.as_text(rule), (type(rule).__doc__ or "").partition("\n")[0])
            for rule in watched.of(name).rules.values()
        ],
        "typed": typed,
        "examples": EXAMPLES,
    }
    if not typed:
        return context
    try:
        found = trials.try_rule(job, alert_text.read(typed), states.clock())
    except UnreadableRule as error:
        return context | {"error": str(error)}
    # The newest first, as elsewhere on pages.
    shown = found.incidents[::-1]
    return context | {"found": found, "incidents": shown[:MOST], "left_out": len(shown[MOST:]), "says": found.summary}
