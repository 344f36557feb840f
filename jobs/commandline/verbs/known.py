"""The operator's commands, by their name: those that work the same afar."""

from jobs.commandline.verb import Verb
from jobs.commandline.verbs.audit import Audit
from jobs.commandline.verbs.cancel import Cancel
from jobs.commandline.verbs.channels import Channel, Channels
from jobs.commandline.verbs.completion import Completion
from jobs.commandline.verbs.explain import Explain
from jobs.commandline.verbs.hold import Hold
from jobs.commandline.verbs.incident import Incident
from jobs.commandline.verbs.incidents import Incidents
from jobs.commandline.verbs.jobs import Jobs
from jobs.commandline.verbs.missed import Missed
from jobs.commandline.verbs.next import Next
from jobs.commandline.verbs.note import Note
from jobs.commandline.verbs.output import Output
from jobs.commandline.verbs.override import Override
from jobs.commandline.verbs.pause import Pause, Resume
from jobs.commandline.verbs.presets import Presets
from jobs.commandline.verbs.retry import Retry
from jobs.commandline.verbs.run import Follow, Run
from jobs.commandline.verbs.runs import Runs
from jobs.commandline.verbs.try_rule import TryRule
from jobs.commandline.verbs.upcoming import Upcoming

VERBS: dict[str, Verb] = {
    "jobs": Jobs(),
    "runs": Runs(),
    "run": Run(),
    "follow": Follow(),
    "output": Output(),
    "cancel": Cancel(),
    "retry": Retry(),
    "presets": Presets(),
    "missed": Missed(),
    "incidents": Incidents(),
    "incident": Incident(),
    "channels": Channels(),
    "channel": Channel(),
    "try-rule": TryRule(),
    "hold": Hold(),
    "note": Note(),
    "pause": Pause(),
    "resume": Resume(),
    "override": Override(),
    "upcoming": Upcoming(),
    "next": Next(),
    "explain": Explain(),
    "audit": Audit(),
    "completion": Completion(),
}
