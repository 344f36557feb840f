"""What a machine may lack, and CI may not."""

import os

import pytest


def skip_or_fail(reason, variable):
    """Skip the test; fail it where this variable is set, as CI does."""
    if os.environ.get(variable):
        pytest.fail(reason)
    pytest.skip(reason)
