"""`make compare`: commands of packages that Django projects have, as a crontab runs them and as a run does."""
