"""What `nightshift init` writes into a project, and the schedules that it reads there."""
