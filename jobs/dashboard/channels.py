"""Channels of alerts: where each leads, whether it is off, who hears of what; and the buttons to try one or switch it
on again.
"""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.alerts import acts, listing, routes
from jobs.alerts.entries import BadEntry
from jobs.alerts.route_words import sentence
from jobs.choices import Verb
from jobs.dashboard.pages import Context, act, page
from jobs.sentences import Sentence


class NotTaken(Sentence):
    """{says}"""

    def __init__(self, says: str) -> None:
        super().__init__(says=says)


@page("channels.html")
def channels(request: HttpRequest, actor: Actor) -> Context:
    actor.require_everywhere(Verb.VIEW)
    return {
        "title": "Channels",
        "at": "incidents",
        "channels": listing.channels(),
        "unheard": routes.nobody_hears(),
        "may_act": actor.may_everywhere(Verb.ALERTS),
        **_who_hears(),
    }


@act
def try_channel(request: HttpRequest, actor: Actor) -> str:
    tried = acts.try_out(actor, request.POST.get("channel", ""))
    if not tried.done:
        raise NotTaken(tried.says)
    return tried.says


@act
def switch_channel_on(request: HttpRequest, actor: Actor) -> str:
    name = request.POST.get("channel", "")
    acts.switch_on(actor, name)
    return f"Messages go out by the channel {name} again."


def _who_hears() -> Context:
    """The routes in sentences, or what is wrong with them."""
    try:
        return {"routes": [sentence(route) for route in routes.routes()]}
    except BadEntry as bad:
        return {"error": f"Nobody hears of incidents until this is put right: {bad}"}
