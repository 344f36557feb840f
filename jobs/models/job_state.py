"""What is known of each declared job."""

from django.db import models

from jobs.models.fields import KEPT_BY_THE_DATABASE, NAME_LENGTH, optional_text


class JobState(models.Model):
    """What is known of a declared job between two calls of `settle`. Its row is the job's lock."""

    job = models.CharField(max_length=NAME_LENGTH, primary_key=True)
    fingerprint = optional_text("The schedule and zone that the watermark belongs to.")
    ledger_from = models.DateTimeField(null=True, help_text="Where the ledger of this schedule begins.")
    ledger_through = models.DateTimeField(
        null=True, help_text="The watermark: every occurrence up to here is a run or in a gap."
    )
    rewound_from = models.DateTimeField(
        null=True, help_text="Where the watermark was before it was last set back: up to there runs may exist."
    )
    next_due_at = models.DateTimeField(null=True, db_index=True, help_text="When the tick looks at the job next.")
    declared = optional_text("The declared schedule and zone that the ledger follows.")
    zone_rules = optional_text("A checksum of the zone's rules by which it is next due.")
    last_gap = models.ForeignKey(
        "Gap",
        null=True,
        **KEPT_BY_THE_DATABASE,
        related_name="+",
        help_text="Set while the latest fate is a gap.",
    )

    class Meta:
        # As people call it, in the admin.
        verbose_name = "job"

    def __str__(self) -> str:
        return self.job
