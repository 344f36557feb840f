"""What a command logs, in a project that says nothing of where it goes.

Python shows warnings on stderr then, by its handler of last resort, as long as no other handler is there. So it is in a
run, and a little more is shown: from INFO on, with level and name. The root logger is left alone, so that
`logging.basicConfig()` in a command does what it does under cron.
"""

import logging
import sys
from typing import TextIO

FORMAT = "%(levelname)s %(name)s: %(message)s"


class LastResort(logging.StreamHandler[TextIO]):
    """Writes to stderr as it is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self, logging.INFO)
        self.setFormatter(logging.Formatter(FORMAT))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def show_what_nobody_handles() -> None:
    """Show from INFO on what loggers say that have neither a handler nor a level. For the child only."""
    logging.lastResort = LastResort()
    of_python = logging.Logger.getEffectiveLevel

    def effective_level(logger: logging.Logger) -> int:
        level = of_python(logger)
        return logging.INFO if level == logging.WARNING and _says_nothing(logger) else level

    logging.Logger.getEffectiveLevel = effective_level  # type: ignore[assignment,method-assign]
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]


def _says_nothing(logger: logging.Logger) -> bool:
    """Whether its level is the root's, and nothing handles what it says."""
    above: logging.Logger | None = logger
    while above is not None and not above.level:
        above = above.parent
    return above is logging.root and not logger.hasHandlers()
