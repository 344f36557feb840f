from django.urls import path

from examples.rates.api import RateList

app_name = "rates"
urlpatterns = [path("", RateList.as_view(), name="list")]
