"""`manage.py generateschema`: DRF's well-known name for what drf-spectacular does.

DRF's own generator is deprecated, and fails beside drf-spectacular's schema class.
"""

from drf_spectacular.management.commands import spectacular


class Command(spectacular.Command):
    help = "Write the OpenAPI schema, as /api/schema/ returns it."
