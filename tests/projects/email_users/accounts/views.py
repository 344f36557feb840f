from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Reminder


class Reminders(APIView):
    def get(self, request):
        return Response({"sent": Reminder.objects.count()})
