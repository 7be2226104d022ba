"""The filters of the read log."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from candidates import retention
from candidates.forms.hr import DayInput
from candidates.models import Application, Read, User

#: Days before are a slip of the finger; so are those of years far ahead.
FIRST, LAST = date(2020, 1, 1), date(2200, 1, 1)


class ReadsForm(forms.Form):
    """Who read, on which day, and of which application; what is unknown counts as none."""

    person = forms.ModelChoiceField(
        User.objects.order_by("last_name", "first_name", "pk"),
        label=_("Person"),
        required=False,
        empty_label=_("All"),
    )
    day = forms.DateField(
        label=_("Day"),
        required=False,
        widget=DayInput(),
        validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
    )
    application = forms.ModelChoiceField(
        Application.objects.none(), required=False, widget=forms.HiddenInput()
    )

    def __init__(self, data: Any, *, applications: QuerySet[Application]) -> None:
        super().__init__(data, label_suffix="")
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]

    def ignored(self) -> list[str]:
        return [str(self.fields[name].label or _("Application")) for name in self.errors]

    def narrow(self, reads: QuerySet[Read]) -> QuerySet[Read]:
        self.is_valid()
        given = self.cleaned_data
        if given.get("person"):
            reads = reads.filter(by=given["person"])
        if given.get("application"):
            reads = reads.filter(application=given["application"])
        if day := given.get("day"):
            reads = reads.filter(at__gte=retention.start_of(day), at__lt=retention.end_of(day))
        return reads
