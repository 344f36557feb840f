from django.core.management import call_command
from django.test import TestCase

from accounts.models import Person, Reminder


class ShopTests(TestCase):
    def test_the_site_answers(self):
        answer = self.client.get("/", headers={"host": "shop.example.com"})
        self.assertEqual(answer.content, b"The shop")

    def test_its_admin_is_where_it_was(self):
        self.client.force_login(Person.objects.create_superuser("ada@example.com", "x"))
        self.assertEqual(self.client.get("/admin/", headers={"host": "shop.example.com"}).status_code, 200)

    def test_its_api_is_public(self):
        answer = self.client.get("/api/reminders/", headers={"host": "shop.example.com"})
        self.assertEqual(answer.json(), {"sent": 0})

    def test_a_reminder_is_kept(self):
        call_command("remind", "--to", "ada@example.com")
        self.assertEqual(Reminder.objects.get().to, "ada@example.com")
