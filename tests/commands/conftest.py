from tests.helpers.moments import evening  # noqa: F401 — a fixture
from tests.helpers.terminal import says, terminal  # noqa: F401 — fixtures
