"""What should be in a job's ledger: by which schedule it was due when, kept apart from the product's own record."""

from datetime import timedelta
from itertools import pairwise

from jobs.schedule.occurrences import Schedule

INSTANT = timedelta(microseconds=1)


class History:
    """The declarations and overrides of one job, each with the moment from which it was in force."""

    def __init__(self):
        self.declared = []  # (after, schedule), None where it was taken away
        self.overrides = []  # [after, until, expression, zone]

    @property
    def latest(self):
        return self.declared[-1][1]

    def declare(self, after, schedule):
        """A declaration is first seen: it is in force for the occurrences after this moment."""
        self.declared.append((after, schedule))

    def override(self, after, until, expression, zone):
        self.overrides.append([after, until and until - INSTANT, expression, zone])

    def end_override(self, at):
        self.overrides[-1][1] = at - INSTANT

    def in_force(self, after):
        """The schedule of the occurrences right after this moment."""
        schedule = [schedule for begin, schedule in self.declared if begin <= after][-1]
        if schedule is None:
            return None
        for begin, end, expression, zone in self.overrides:
            if begin <= after and (end is None or after < end):
                return Schedule(expression or schedule.expression, zone or schedule.zone)
        return schedule

    def eras(self, through):
        """(after, until, schedule) from the ledger's begin to its watermark; neighbours differ in their schedules."""
        begin = self.declared[0][0]
        cuts = {after for after, _ in self.declared}
        cuts |= {cut for after, end, *_ in self.overrides for cut in (after, end) if cut}
        cuts = sorted(cut for cut in cuts if begin <= cut < through)
        eras = []
        for after, until in pairwise([*cuts, max(through, begin)]):
            schedule = self.in_force(after)
            if eras and eras[-1][2] == schedule:
                after = eras.pop()[0]
            eras.append((after, until, schedule))
        return eras

    def rewind(self, now, holds):
        """The watermark is set back: what came into force later does so now. `holds`: the last override still does."""
        self.declared = [(min(after, now), schedule) for after, schedule in self.declared]
        for override in self.overrides:
            override[0] = min(override[0], now)
        for override in self.overrides[:-1]:  # another one has followed, from its end on
            override[1] = min(override[1], now)
        if self.overrides and not holds and (self.overrides[-1][1] is None or self.overrides[-1][1] > now):
            self.overrides[-1][1] = now
