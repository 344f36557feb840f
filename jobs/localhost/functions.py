"""What the worker library found in the app, as the host reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.declarations import disabled
from jobs.declarations.app_settings import UnsetSetting, resolve
from jobs.schedule.ncrontab import Expression, InvalidExpression
from jobs.sentences import Sentence


class Refused(Exception):
    """The app can't run here; the message says why."""


class UnresolvedSetting(Sentence, Refused):
    """Function {function!r} has {text!r}, but {name} is not set. Set the environment variable {name}."""

    def __init__(self, function: str, text: str, name: str) -> None:
        super().__init__(function=function, text=text, name=name)


class InvalidSchedule(Sentence, Refused):
    """The schedule of function {function!r} can't be read: {error}"""

    def __init__(self, function: str, error: InvalidExpression) -> None:
        super().__init__(function=function, error=error)


class Unservable(Sentence, Refused):
    """Function {function!r} has {what}. The local host knows timers, queues, and one anonymous HTTP function with the
    route {{*route}}; for anything else use Azure's own tool, `func start`.
    """

    def __init__(self, function: str, what: str) -> None:
        super().__init__(function=function, what=what)


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A function of the app: its trigger and its bindings, as they would stand in a function.json."""

    name: str
    id: str
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def trigger(self) -> Mapping[str, Any]:
        return next(binding for binding in self.bindings if binding["type"].endswith("Trigger"))

    @property
    def kind(self) -> str:
        """timerTrigger, queueTrigger or httpTrigger."""
        return str(self.trigger["type"])

    @property
    def is_disabled(self) -> bool:
        """Whether a setting stops its listener. A manual call still runs it (docs/reference/azure.md, "Timers")."""
        return bool(disabled.setting_that_disables(self.name))

    def setting(self, name: str) -> str:
        """A text of the trigger, with each %NAME% replaced by that app setting (docs/reference/azure.md, "Timers").

        Raises UnresolvedSetting.
        """
        text = str(self.trigger[name])
        try:
            return resolve(text)
        except UnsetSetting as unset:
            raise UnresolvedSetting(self.name, text, unset.name) from None

    def schedule(self) -> Expression:
        """When the timer is due, in UTC. The library accepts any text here: only the host reads it.

        Raises UnresolvedSetting or InvalidSchedule.
        """
        try:
            return Expression(self.setting("schedule"))
        except InvalidExpression as error:
            raise InvalidSchedule(self.name, error) from None


def read(metadata: Any) -> Function:
    """A function from the library's metadata. Raises Refused if this host doesn't support it."""
    function = Function(
        name=metadata.name,
        id=metadata.function_id,
        bindings=tuple(json.loads(binding) for binding in metadata.raw_bindings),
    )
    match function.kind:
        case "timerTrigger":
            function.schedule()
        case "queueTrigger":
            function.setting("queueName")
        case "httpTrigger":
            route, level = function.trigger.get("route"), str(function.trigger.get("authLevel"))
            if route != "{*route}" or level.lower() != "anonymous":
                raise Unservable(function.name, f"the route {route!r} and the authorization level {level}")
        case other:
            raise Unservable(function.name, f"a {other}")
    return function
