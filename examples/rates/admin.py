from django.contrib import admin
from django.http import HttpRequest

from examples.rates.models import Currency, CurrencyGrant, Rate

# ModelAdmin takes a type argument in the stubs only, not when it runs: hence the lines that mypy ignores.


@admin.register(Currency)
class CurrencyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["code", "name", "latest__rate", "latest__date"]
    list_select_related = ["latest"]
    search_fields = ["code", "name"]


@admin.register(Rate)
class RateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["date", "currency", "rate"]
    list_filter = ["currency"]
    date_hierarchy = "date"
    ordering = ["-date", "currency"]
    show_full_result_count = False

    # The next import would undo what a person writes here.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Rate | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Rate | None = None) -> bool:
        return False


@admin.register(CurrencyGrant)
class CurrencyGrantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "currency", "granted_at"]
    list_select_related = ["user", "currency"]
    autocomplete_fields = ["user", "currency"]
