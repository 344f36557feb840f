"""The keys by which a client may repeat a request."""

from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """A request that started a run, under the key that its client gave it. It is written with the run."""

    owner = models.TextField(help_text="Whose key it is: two clients may use the same.")
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64, help_text="SHA-256 of what was asked for, in hexadecimal.")
    run_id = models.BigIntegerField(help_text="The run that it started; retention may have deleted it since.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_request_per_idempotency_key")]

    def __str__(self) -> str:
        return f"{self.key} of {self.owner}"
