"""What a job's command takes, as the doors show it."""

from dataclasses import replace

from jobs import masking
from jobs.declarations.job import Job
from jobs.declarations.parameters import Parameter, Parameters, describe


def parameters_of(job: Job) -> Parameters:
    """What the job's command takes, with what its defaults and help texts have of this process's secrets masked.

    Loads the command. Raises UnknownCommand or BrokenCommand.
    """
    return _masked(describe(job.command, job.secrets))


def _masked(parameters: Parameters) -> Parameters:
    return replace(parameters, help=_shown(parameters.help), all=tuple(_masked_one(one) for one in parameters.all))


def _masked_one(parameter: Parameter) -> Parameter:
    return replace(
        parameter,
        default=_shown(parameter.default),
        help=_shown(parameter.help),
        subcommands={name: _masked(within) for name, within in parameter.subcommands.items()},
    )


def _shown(text: str) -> str:
    return masking.mask(masking.hide(None, [text])[0])
