"""Where the moments of a command line were read before: `jobs.commandline.moments`."""

from jobs.commandline.moments import UnreadableEnd, UnreadableMoment, end, moment

__all__ = ["UnreadableEnd", "UnreadableMoment", "end", "moment"]
