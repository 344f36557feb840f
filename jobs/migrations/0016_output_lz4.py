"""Output is compressed by lz4, where the server has it: at a fraction of pglz's CPU. What is there stays as it is."""

from django.db import migrations

from jobs.ledger.migration import Migration as OurMigration

COMPRESS = """
DO $$
BEGIN
    ALTER TABLE nightshift_output ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR syntax_error OR invalid_parameter_value THEN
    NULL; -- a server that was built without it compresses as before
END
$$
"""
AS_BEFORE = "ALTER TABLE nightshift_output ALTER COLUMN body SET COMPRESSION default"


class Migration(OurMigration):
    dependencies = [("nightshift", "0015_warnings")]
    operations = [migrations.RunSQL([COMPRESS], [AS_BEFORE])]
