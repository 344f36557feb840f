"""What this host reads of host.json."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueSettings:
    """How many messages are worked on at once, and how often one is tried. The defaults are the host's."""

    batch_size: int = 16
    max_dequeue_count: int = 5

    @classmethod
    def of(cls, folder: Path) -> "QueueSettings":
        """As the host.json of this folder says."""
        try:
            found = json.loads((folder / "host.json").read_text()).get("extensions", {}).get("queues", {})
        except FileNotFoundError:
            found = {}
        named = {"batch_size": found.get("batchSize"), "max_dequeue_count": found.get("maxDequeueCount")}
        return cls(**{name: value for name, value in named.items() if value is not None})
