"""The API: jobs and runs, for programs."""
