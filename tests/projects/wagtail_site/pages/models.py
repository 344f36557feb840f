from django.db import models
from wagtail.models import Page


class NewsPage(Page):
    text = models.TextField(blank=True)
