"""The privacy officer's forms: holds, and what applicants ask for under the GDPR."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates import holds, retention
from candidates.forms.apply import ApplyForm, Line
from candidates.forms.hr import DayInput, lines
from candidates.models import Application, Hold, Request
from candidates.pipeline import Person

#: How long a hold is proposed for, in calendar months.
USUAL_MONTHS = 3


class _HoldForm(forms.Form):
    """Why an application is kept, and its last day: from `first` to the latest that is allowed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stands in the history. Name the matter in one sentence."),
        error_messages={"required": gettext_lazy("Say why, so that others can follow it later.")},
        widget=lines(),
        max_length=2000,
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        error_messages={
            "required": gettext_lazy("Choose the last day of the hold."),
            "invalid": gettext_lazy("Write the day as 2026-10-01."),
        },
        widget=DayInput(),
    )

    def __init__(
        self, data: Any = None, *, first: date, now: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        self.first, self.latest = first, holds.latest_end(now)
        usual = retention.delete_on(first - timedelta(days=1), months=USUAL_MONTHS)
        proposal = {"until": min(usual, self.latest)}
        super().__init__(data, label_suffix="", initial=proposal | (initial or {}))
        until = self.fields["until"]
        until.widget.attrs |= {"min": first.isoformat(), "max": self.latest.isoformat()}
        until.help_text = _(
            "At most six months from today: until %(day)s. You are reminded a week before its end "
            "and can renew it."
        ) % {"day": date_format(self.latest)}

    @property
    def is_possible(self) -> bool:
        """Whether there is a day to choose."""
        return self.first <= self.latest

    def clean_until(self) -> date:
        day: date = self.cleaned_data["until"]
        if not self.first <= day <= self.latest:
            raise forms.ValidationError(
                _("Choose a day from %(first)s to %(last)s.")
                % {"first": date_format(self.first), "last": date_format(self.latest)}
            )
        return day


class HoldForm(_HoldForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(kind, kind.label) for kind in Hold.Kind if kind not in Hold.OF_REQUESTS],
        initial=Hold.Kind.LEGAL_CLAIM,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what kind of hold it is."),
            "invalid_choice": gettext_lazy("Choose one of these."),
        },
    )
    field_order = ("kind", "reason", "until")

    def __init__(self, data: Any = None, *, now: datetime) -> None:
        super().__init__(data, first=retention.local_date(now) + timedelta(days=1), now=now)

    def clean_kind(self) -> Hold.Kind:
        return Hold.Kind(self.cleaned_data["kind"])


class RenewForm(_HoldForm):
    def __init__(self, data: Any = None, *, hold: Hold, now: datetime) -> None:
        last = max(hold.last_day, retention.local_date(now))
        first = last + timedelta(days=1)
        super().__init__(data, first=first, now=now, initial={"reason": hold.reason})


class LiftForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stands in the history."),
        error_messages={"required": gettext_lazy("Say why, so that others can follow it later.")},
        widget=lines(),
        max_length=2000,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")


class RegisterForm(forms.Form):
    """A request that came by letter, by mail or by word of mouth."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What the applicant asks for"),
        choices=Request.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what the applicant asks for."),
            "invalid_choice": gettext_lazy("Choose one of these."),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("In the applicant’s words"),
        required=False,
        widget=lines(),
        max_length=5000,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_kind(self) -> Request.Kind:
        return Request.Kind(self.cleaned_data["kind"])


class _AnswerFields(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer"),
        help_text=gettext_lazy("It goes to the applicant by mail, as you write it."),
        error_messages={"required": gettext_lazy("Write what the applicant is told.")},
        widget=lines(rows="6"),
        max_length=5000,
    )


class AnswerForm(_AnswerFields):
    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")


class CorrectForm(ApplyForm, _AnswerFields):
    """The answer to a request for correction, with the details as they shall be."""

    first_name = Line(
        label=gettext_lazy("First name"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter the first name.")},
    )
    last_name = Line(
        label=gettext_lazy("Last name"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter the last name.")},
    )
    email = Line(
        label=gettext_lazy("E-mail"),
        max_length=254,
        error_messages={"required": gettext_lazy("Enter the e-mail address.")},
    )
    phone = Line(label=gettext_lazy("Phone"), max_length=40, required=False)
    field_order = ("first_name", "last_name", "email", "phone", "answer")

    PERSON = ("first_name", "last_name", "email", "phone")

    def __init__(self, data: Any = None, *, application: Application) -> None:
        initial = {name: getattr(application, name) for name in self.PERSON}
        super().__init__(data, label_suffix="", initial=initial)

    @property
    def person(self) -> Person:
        return Person(**{name: self.cleaned_data[name] for name in self.PERSON})


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "It goes to the applicant by mail, as you write it; the mail adds the right to"
            " complain."
        ),
        error_messages={"required": gettext_lazy("Write the reason that the applicant is told.")},
        widget=lines(rows="6"),
        max_length=5000,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
