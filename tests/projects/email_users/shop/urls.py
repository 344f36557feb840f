from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

from accounts.views import Reminders

urlpatterns = [
    path("", lambda request: HttpResponse("The shop"), name="home"),
    path("admin/", admin.site.urls),
    path("api/reminders/", Reminders.as_view()),
]
