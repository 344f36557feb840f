"""Schedules that other packages keep in a Django project, read in a process that has loaded the project."""
