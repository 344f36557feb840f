from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "examples.sample"
    verbose_name = "Sample"
