from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "examples.rates"
    verbose_name = "Euro reference rates"
