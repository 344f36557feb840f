from tests.helpers.terminal import says, terminal  # noqa: F401 — fixtures
