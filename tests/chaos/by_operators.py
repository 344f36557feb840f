"""What operators do, at random moments, by the project's own commands and without a proxy."""

import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from random import Random

from tests.chaos.database import ROOT, Database
from tests.chaos.zoo import OVERRIDDEN, PAUSED

RUN = re.compile(r"Run (\d+) of")


class Operators:
    """Types commands into a shell; answers are read beside it, since a command may wait for a lock."""

    def __init__(self, database: Database) -> None:
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.known_runs: list[int] = []
        self.waiting = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.operator"],
            cwd=ROOT,
            env=os.environ | database.environment() | {"JOBS_RELEASE": "2"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def act(self, random: Random) -> str | None:
        """Type one command; None where the last ones are still unanswered."""
        if self.waiting > 2:
            return None
        words = self._choose(random)
        self.type(words)
        return " ".join(words)

    def type(self, words: list[str]) -> None:
        assert self.process.stdin
        self.waiting += 1
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def _choose(self, random: Random) -> list[str]:
        paused, overridden = random.choice(PAUSED), random.choice(OVERRIDDEN)
        any_job = random.choice(
            ["asked", "steady", "left", "many", "slow", "fails", "newest", "waits", "second_of_two"]
        )
        later = f"{random.randrange(2, 40)}s"
        return random.choice(
            [
                ["pause", paused, "--until", f"{random.randrange(5, 40)}s", "--reason", "chaos"],
                ["pause", paused],
                ["resume", paused],
                ["resume", "--all"],
                ["run", "--detach", any_job],
                ["run", "--detach", "asked"],
                ["run", "--at", later, any_job],
                ["run", "--at", later, "asked"],
                ["cancel", str(random.choice(self.known_runs[-6:] or [1]))],
                ["cancel", str(random.choice(self.known_runs[-6:] or [1]) + random.randrange(9))],
                ["override", overridden, "--schedule", "*/6 * * * * *", "--until", f"{random.randrange(5, 60)}s"],
                ["override", overridden, "--schedule", "3,33 * * * * *"],
                ["override", overridden, "--end"],
            ]
        )

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            words, answer, told = json.loads(line)
            self.waiting -= 1
            self.answers[f"{words[0]}: {answer.partition(':')[0]}"] += 1
            self.known_runs += [int(run) for run in RUN.findall(told)]
            if answer.startswith("failed"):
                self.failures.append(f"{' '.join(words)} → {answer[:300]}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
