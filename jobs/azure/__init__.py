"""The only place that knows Azure's packages."""
