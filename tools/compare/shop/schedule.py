"""All cases as jobs, so that the fork server has loaded their commands as it loads a project's."""

from jobs import declare
from tools.compare.cases import OTHERS, THIRD_PARTY

for number, case in enumerate([*THIRD_PARTY, *OTHERS]):
    command, *arguments = case.words
    declare(f"case_{number}", *arguments, command=command)
