"""Forms of the retention pages."""

from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

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


class ConfirmForm(forms.Form):
    """The number of records that may go, typed by the person who has looked at them.

    `seen` is what stood on the page; if it is no longer so, the person must look again.
    """

    count = forms.IntegerField(
        label=_("Number of records"),
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter the number that stands above."),
            "invalid": _("Enter the number that stands above, in figures."),
        },
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, seen: str, count: int) -> None:
        super().__init__(data, label_suffix="")
        self.now_seen, self.now_count = seen, count
        self.fields["count"].help_text = ngettext(
            "Enter %(n)s to have it erased. Nothing brings it back.",
            "Enter %(n)s to have them erased. Nothing brings them back.",
            count,
        ) % {"n": count}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("seen") != self.now_seen:
            raise ValidationError(
                _gettext("This has changed since you looked. Look again, then enter the number.")
            )
        if values.get("count") not in {None, self.now_count}:
            self.add_error("count", _gettext("This is not the number that stands above."))
        return values
