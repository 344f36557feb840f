"""The dashboard's URLs."""

from django.urls import path

from jobs.dashboard.overview import overview
from jobs.dashboard.sign_in import SignIn, SignOut, choose

app_name = "nightshift"
urlpatterns = [
    path("", overview, name="overview"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
    path("preferences/", choose, name="preferences"),
]
