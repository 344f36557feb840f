"""What this host reads of host.json."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueSettings:
    """How many messages are taken at once, and while how many are at work, and how often one is tried.

    The defaults are the host's on one core.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5

    @classmethod
    def of(cls, folder: Path) -> "QueueSettings":
        """As the host.json of this folder says."""
        try:
            found = json.loads((folder / "host.json").read_text()).get("extensions", {}).get("queues", {})
        except FileNotFoundError:
            found = {}
        named = {
            "batch_size": found.get("batchSize"),
            "new_batch_threshold": found.get("newBatchThreshold"),
            "max_dequeue_count": found.get("maxDequeueCount"),
        }
        return cls(**{name: value for name, value in named.items() if value is not None})
