import json
import os
import sys
import threading

from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    """Tells in which trace it runs, and what of OpenTelemetry its process has loaded; or a setting of its session."""

    def add_arguments(self, parser):
        parser.add_argument("--session")

    def handle(self, *, session, **options):
        if session:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting(%s)", [session])
                return cursor.fetchone()[0]
        return json.dumps(
            {
                "traceparent": os.environ.get("TRACEPARENT"),
                "opentelemetry": [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"],
                "threads": threading.active_count(),
            }
        )
