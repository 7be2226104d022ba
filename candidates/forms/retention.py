"""Forms of the retention pages."""

from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

#: How far a dry run looks ahead: nothing that is decided today goes later.
MONTHS_AHEAD = 6


class DryRunForm(forms.Form):
    """For which day the purge is tried."""

    today = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Choose a day."),
            "invalid": _("This is not a day. Write it as in 2026-09-17."),
        },
    )

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, label_suffix="", initial={"today": today})
        self.first, self.last = today, today + relativedelta(months=MONTHS_AHEAD)
        limits = {"min": self.first.isoformat(), "max": self.last.isoformat()}
        self.fields["today"].widget.attrs.update(limits)

    def clean_today(self) -> date:
        day: date = self.cleaned_data["today"]
        if not self.first <= day <= self.last:
            raise ValidationError(
                _gettext("Choose a day from %(first)s to %(last)s.")
                % {"first": date_format(self.first), "last": date_format(self.last)}
            )
        return day
