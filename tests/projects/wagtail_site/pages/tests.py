from django.test import TestCase
from wagtail.models import Page


class SiteTests(TestCase):
    def test_the_site_answers(self):
        self.assertEqual(self.client.get("/").status_code, 200)

    def test_editors_sign_in_where_they_did(self):
        self.assertRedirects(self.client.get("/admin/"), "/admin/login/?next=/admin/")

    def test_there_is_a_root(self):
        self.assertEqual(Page.objects.filter(depth=1).count(), 1)
