import json
import locale
import os
import resource
import sys
import time

from django.core.management.base import BaseCommand
from django.utils import timezone, translation


def look():
    mask = os.umask(0)
    os.umask(mask)
    return {
        "environ": os.environ.get("ALTERED"),
        "cwd": os.getcwd(),
        "umask": mask,
        "TZ": time.tzname,
        "locale": locale.setlocale(locale.LC_ALL),
        "open files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "recursion limit": sys.getrecursionlimit(),
        "language": translation.get_language(),
        "time zone": timezone.get_current_timezone_name(),
    }


class Command(BaseCommand):
    """Changes all that it finds around itself; gives how it was before and after."""

    def handle(self, **options):
        found = look()
        os.environ |= {"ALTERED": "yes", "TZ": "Asia/Kathmandu"}
        time.tzset()
        os.chdir("/")
        os.umask(0o077)
        locale.setlocale(locale.LC_ALL, "C.UTF-8" if found["locale"] == "C" else "C")
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        sys.setrecursionlimit(500)
        translation.activate("de")
        timezone.activate("Asia/Tokyo")
        return json.dumps([found, look()])
