"""What host.json says to the host, with the host's defaults for what it leaves out."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

# A setting of the app overrules the file: AzureFunctionsJobHost__extensions__queues__batchSize.
OVERRULES = "AzureFunctionsJobHost__"
UNBOUNDED = "-1"
# [days.]hours:minutes:seconds. .NET takes other texts too, and few people know for what: 24:00:00 is 24 days.
TIME_SPAN = re.compile(r"(?:(?P<days>\d{1,4})\.)?(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")


class UnreadableHostJson(ValueError):
    """host.json can't be read; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostJson:
    """What of it matters to us. `function_timeout` is None where it is unbounded."""

    # On Premium and Dedicated plans; the local host bounds nothing.
    function_timeout: timedelta | None = timedelta(minutes=30)
    route_prefix: str = "api"
    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5

    @classmethod
    def of(cls, folder: Path) -> "HostJson":
        """As the host.json of this folder says. Raises UnreadableHostJson."""
        found, default = _read(folder / "host.json"), cls()
        batch_size = _number(found, default.batch_size, "extensions", "queues", "batchSize")
        return cls(
            function_timeout=_timeout(_at(found, "functionTimeout")),
            route_prefix=str(_first(_at(found, "extensions", "http", "routePrefix"), default.route_prefix)),
            batch_size=batch_size,
            new_batch_threshold=_number(found, batch_size // 2, "extensions", "queues", "newBatchThreshold"),
            max_dequeue_count=_number(found, default.max_dequeue_count, "extensions", "queues", "maxDequeueCount"),
        )


def _read(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UnreadableHostJson(f"host.json is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise UnreadableHostJson("host.json is not a JSON object.")
    return found


def _at(found: Mapping[str, Any], *path: str) -> Any:
    """What stands there; None where nothing does."""
    overruled = os.environ.get(OVERRULES + "__".join(path))
    if overruled is not None:
        return overruled
    value: Any = found
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _first(value: Any, default: Any) -> Any:
    return default if value is None else value


def _number(found: Mapping[str, Any], default: int, *path: str) -> int:
    value = _first(_at(found, *path), default)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise UnreadableHostJson(
            f"host.json has {'.'.join(path)} {value!r}, which is not a whole number. Write one."
        ) from None


def _timeout(value: Any) -> timedelta | None:
    if value is None:
        return HostJson().function_timeout
    if str(value) == UNBOUNDED:
        return None
    span = TIME_SPAN.fullmatch(str(value))
    if not span:
        raise UnreadableHostJson(f"host.json has functionTimeout {value!r}, which is neither -1 nor like 01:30:00.")
    return timedelta(**{unit: int(amount or 0) for unit, amount in span.groupdict().items()})
