"""How long a job's runs are kept."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Keep:
    """`declare(..., keep=Keep(days=365, output_days=90))`. `declare` checks the values.

    A run goes `days` after its end, a failed, timed-out or lost one after `failed_days`, but never one of the job's
    newest `runs`. Output goes after `output_days`, that of a failed run after `failed_days`. None: as the settings say.
    """

    days: int | None = None
    runs: int | None = None
    output_days: int | None = None
    failed_days: int | None = None

    def over(self, defaults: "Keep") -> "Keep":
        """These values, and those of `defaults` where this one has none.

        Failures are kept at least as long as the job's other runs, unless it says otherwise.
        """
        failed_days = defaults.failed_days
        if self.days is not None and failed_days is not None:
            failed_days = max(failed_days, self.days)
        return Keep(
            days=defaults.days if self.days is None else self.days,
            runs=defaults.runs if self.runs is None else self.runs,
            output_days=defaults.output_days if self.output_days is None else self.output_days,
            failed_days=failed_days if self.failed_days is None else self.failed_days,
        )
