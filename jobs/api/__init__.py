"""The API: what programs ask of jobs and runs."""
