"""What a job's secret arguments are called: jobs.E026, jobs.I002."""

from django.core.checks import CheckMessage, Error, Info

from jobs.declarations.job import Job
from jobs.declarations.parameters import Kind, Parameters


def of(job: Job, parameters: Parameters) -> list[CheckMessage]:
    """Each secret option is one of the command's, and what is called like a secret is an option.

    `parameters` are what the command takes, with the job's own secrets.
    """
    if parameters.is_opaque:
        return []
    options, places = _options(parameters), dict.fromkeys(_places(parameters))
    return [
        *(
            Error(
                f"secrets of job {job.name!r} has {secret!r}, which is no option of {job.command}.",
                hint=f"`manage.py help {job.command}` lists its options: write one as '--token'. ({job.place})",
                id="jobs.E026",
            )
            for secret in job.secrets
            if secret not in options
        ),
        *(
            Info(
                f"The command {job.command!r} of job {job.name!r} takes {called} without an option: it isn't masked.",
                hint=f"Only values of options are masked where arguments are shown. Make it an option. ({job.place})",
                id="jobs.I002",
            )
            for called in places
        ),
    ]


def _options(parameters: Parameters) -> set[str]:
    found = set(parameters.by_option)
    return found.union(*map(_options, _subcommands(parameters)))


def _places(parameters: Parameters) -> list[str]:
    found = [one.called for one in parameters.positionals if one.secret]
    return found + [called for within in _subcommands(parameters) for called in _places(within)]


def _subcommands(parameters: Parameters) -> list[Parameters]:
    return [within for one in parameters.all if one.kind is Kind.SUBCOMMAND for within in one.subcommands.values()]
