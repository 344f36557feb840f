"""The button that switches a channel of alerts on again."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.dashboard.pages import act
from jobs.verbs import channel


@act
def switch_channel_on(request: HttpRequest, actor: Actor) -> str:
    name = request.POST.get("channel", "")
    channel.switch_on(actor, name)
    return f"Messages go out by the channel {name} again."
