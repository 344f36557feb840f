from django.contrib import admin

from accounts.models import Person, Reminder

admin.site.register([Person, Reminder])
