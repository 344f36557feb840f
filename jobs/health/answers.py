"""What a check answers, for whoever asks: `manage.py doctor` shows all of it, `/api/ready` what anybody may read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.db import Error

from jobs import masking
from jobs.ledger import sql

# A check says what it found where all is well, and raises Problem where something is wrong.
type Check = Callable[[], str]
type Checks = Mapping[str, Check]
NO_DATABASE = "Not checked: no database."


class Problem(Exception):
    """What is wrong, and what to do about it.

    `public` is what anybody may read of it, where an error's own text may name hosts or hold secrets. `log` is the text
    for the app's log, where it has more than the sentence.
    """

    def __init__(self, sentence: str, *, public: str = "", log: str = "") -> None:
        super().__init__(sentence)
        self.public, self.log = public or sentence, log or sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check's answer. `public` and `log` are empty where all is well."""

    check: str
    ok: bool
    says: str
    public: str = ""
    log: str = ""


def findings(*, database: Checks, others: Checks) -> Iterator[Finding]:
    """All of them, one after the other. Those of `database` need it, and the first of them asks whether it is there."""
    is_away = False
    for number, name in enumerate(database):
        if is_away:
            yield Finding(check=name, ok=False, says=NO_DATABASE, public=NO_DATABASE, log=NO_DATABASE)
        else:
            found = finding(name, database[name])
            is_away = number == 0 and not found.ok
            yield found
    for name, check in others.items():
        yield finding(name, check)


def finding(name: str, check: Check) -> Finding:
    """One check's answer, without secrets. Whatever it raises is its finding: the others are asked too."""
    try:
        return Finding(check=name, ok=True, says=check())
    except Problem as problem:
        says, public, log = str(problem), problem.public, problem.log
    except sql.AWAY as error:
        says, public, log = NO_DATABASE, NO_DATABASE, str(error)
    except Error as error:  # a role without rights, above all
        says, log = f"{type(error).__name__}: {error}", str(error)
        public = "The database refused to answer. The app's log has its error."
    except Exception as error:  # noqa: BLE001 — a check that fails is a finding like any other
        says = log = f"{type(error).__name__}: {error}"
        public = "The check itself failed. The app's log has the error."
    says, public = (masking.mask(" ".join(text.split())) for text in (says, public))
    return Finding(check=name, ok=False, says=says, public=public, log=masking.mask(log.strip()))
