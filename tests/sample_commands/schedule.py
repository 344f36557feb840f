"""Jobs that processes of a test's own execute: each loads its declarations itself."""

from jobs import declare

declare("exits", "3")
declare("marks", "a_file", "0")
declare("sleeps", "1")
declare("succeeds")
declare("surroundings")
