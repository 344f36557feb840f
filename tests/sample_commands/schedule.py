"""Jobs that processes of a test's own execute: each loads its declarations itself."""

from jobs.declarations import declare

declare("succeeds")
declare("sleeps", "1")
