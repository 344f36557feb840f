"""Run each case both ways, and say what differs: `python -m tools.compare [WORD …]`, those cases with one of the words.

Ends with 1 where anything differs that isn't meant to.
"""

import os
import sys

# Before Django is asked for anything.
os.environ["LOCAL"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.compare.settings"

from tools.compare import differences, sides
from tools.compare.cases import OTHERS, THIRD_PARTY


def main(wanted: list[str]) -> int:
    chosen = [case for case in (*THIRD_PARTY, *OTHERS) if not wanted or any(word in case.line for word in wanted)]
    counts = {"same": 0, "meant": 0, "wrong": 0}
    events = 0
    with sides.both() as (cron, run):
        for case in chosen:
            by_cron, by_run = cron.execute(case), run.execute(case)
            events += len(by_run.events)
            found = differences.between(by_cron, by_run)
            wrong = [difference.what for difference in found if not (difference.meant or case.meant)]
            meant = sorted({difference.meant or case.meant for difference in found} - {""})
            verdict = "wrong" if wrong else "meant" if meant else "same"
            counts[verdict] += 1
            print(f"{verdict:<6}{case.line:<60}{by_run.code:>4}  {by_run.error[:80]}", flush=True)
            for line in (*(f"meant: {why}" for why in meant), *wrong):
                print(f"          {line}", flush=True)
    third_party = [case for case in chosen if case in THIRD_PARTY]
    print(
        f"\n{len(chosen)} command lines, {len(third_party)} of them other packages': {counts['same']} end exactly as "
        f"under cron, {counts['meant']} differ as they are meant to, {counts['wrong']} otherwise. "
        f"Runs sent {events} events to the error reporter."
    )
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
