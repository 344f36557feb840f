from django.urls import path

from jobs.localhost.signin import sign_in
from mydjango.urls import urlpatterns as project

urlpatterns = [*project, path("sign-in/<str:token>/", sign_in)]
