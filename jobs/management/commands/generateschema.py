"""`manage.py generateschema`: DRF's well-known name for what drf-spectacular does.

DRF's own generator is deprecated, and fails beside drf-spectacular's schema class.
"""

from drf_spectacular.management.commands import spectacular

from jobs.management.colours import HeedsNoColor


class Command(HeedsNoColor, spectacular.Command):
    help = "Write the OpenAPI schema, as /api/v1/schema/ returns it."
