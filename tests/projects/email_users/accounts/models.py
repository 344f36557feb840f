from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class People(BaseUserManager):
    def create_superuser(self, email, password=None, **fields):
        person = self.model(email=self.normalize_email(email), is_staff=True, is_superuser=True, **fields)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    USERNAME_FIELD = EMAIL_FIELD = "email"
    objects = People()


class Reminder(models.Model):
    to = models.EmailField()
    at = models.DateTimeField(auto_now_add=True)
