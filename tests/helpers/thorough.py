"""How much a test tries: a part in `make test`, all in `make thorough` and `make soak`."""

import os

THOROUGH = os.environ.get("JOBS_THOROUGH") == "1"


def examples(thorough, quick):
    """With how many examples Hypothesis tries a property."""
    return thorough if THOROUGH else quick
