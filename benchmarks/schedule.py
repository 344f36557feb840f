"""The jobs that are measured."""

from jobs import declare

declare("noop", schedule="0 * * * * *")
declare("noop_beside", command="noop", overlap="allow")
declare("says_lines", output_limit=64 * 1024 * 1024)
