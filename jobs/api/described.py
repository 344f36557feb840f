"""What a method of ours answers, for the API's schema, whatever schema class the project's settings name."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema


def described[F: Callable[..., Any]](**description: Any) -> Callable[[F], F]:
    """As `extend_schema`, which would derive from the project's DEFAULT_SCHEMA_CLASS: without one that is DRF's own,
    and `/api/v1/schema/` would fail."""

    def describe(method: F) -> F:
        vars(method)["kwargs"] = {"schema": AutoSchema}  # where extend_schema looks first
        return extend_schema(**description)(method)

    return describe
