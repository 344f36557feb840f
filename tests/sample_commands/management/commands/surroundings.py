import json
import os
import sys
import threading

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Tells in which trace it runs, and what of OpenTelemetry its process has loaded."""

    def handle(self, **options):
        return json.dumps(
            {
                "traceparent": os.environ.get("TRACEPARENT"),
                "opentelemetry": [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"],
                "threads": threading.active_count(),
            }
        )
