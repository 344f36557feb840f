"""Functions that an operator disabled in Azure: `AzureWebJobs.<function>.Disabled` among the app's settings."""

import os

# The host reads the setting with dots or, because Linux shells refuse dots, with underscores.
# docs/reference/azure.md, "Timers"
FORMS = ("AzureWebJobs.{}.Disabled", "AzureWebJobs_{}_Disabled")


def setting_that_disables(job: str) -> str:
    """The name of the setting by which this job's function is disabled; empty where it isn't."""
    for form in FORMS:
        setting = form.format(job)
        if os.environ.get(setting, "").lower() in {"1", "true"}:
            return setting
    return ""
