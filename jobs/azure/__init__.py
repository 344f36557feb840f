"""The only package that imports Azure's packages."""
