"""The form of a rejection, of one application or of several: why, by which mail, and when."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.db import models
from django.forms.utils import ErrorDict, from_current_timezone
from django.utils.translation import gettext_lazy as _

from candidates import pipeline, retention
from candidates.forms.hr import ClockTimeInput, DayInput, lines
from candidates.forms.letters import LetterForm
from candidates.mail import Text
from candidates.models import Application, Mail, Reason, User

HINT = _("For your team and the applicant’s download. Keep to the job’s criteria.")


class RejectForm(forms.Form):
    """Why, by which mail in each language, and when it goes.

    `applications` are as they will be when they are rejected, with their day of deletion. After
    validation there are `reason`, `mail_at` (None: no mail), and `letters` by language.
    """

    class When(models.TextChoices):
        SOON = "soon", _("In ten minutes; until then it can be undone")
        NOW = "now", _("At once")
        LATER = "later", _("At")
        NEVER = "never", _("No mail, I have told them in person")

    reason = forms.CharField(label=_("Reason"), required=False, max_length=2000)
    own = forms.CharField(
        label=_("In your own words"), required=False, max_length=2000, widget=lines(rows="2")
    )
    when = forms.ChoiceField(
        label=_("When the mail goes"),
        choices=When.choices,
        initial=When.SOON,
        widget=forms.RadioSelect,
    )
    day = forms.DateField(label=_("Day"), required=False, widget=DayInput())
    time = forms.TimeField(label=_("Time"), required=False, widget=ClockTimeInput())

    def __init__(
        self,
        data: Any = None,
        *,
        applications: Sequence[Application],
        by: User,
        now: datetime,
        is_preview: bool = False,
    ) -> None:
        tomorrow = retention.local_date(now) + timedelta(days=1)
        super().__init__(data, label_suffix="", initial={"day": tomorrow, "time": "09:00"})
        self.now, self.is_preview = now, is_preview
        self._offer(list(Reason.objects.values_list("text", flat=True)))
        self.letters = [
            LetterForm(
                data,
                applications=each,
                purpose=Mail.Purpose.REJECTION,
                by=by,
                prefix=each[0].language,
                # Nothing is wrong with a mail that does not go.
                is_preview=is_preview or self.data.get("when") == self.When.NEVER,
            )
            for each in _by_language(applications)
        ]

    def _offer(self, reasons: list[str]) -> None:
        """Offer the reasons of the list; without any, one is written. What was sent stays."""
        field = self.fields["reason"]
        field.help_text = str(HINT)
        if not reasons:
            field.widget = lines()
            del self.fields["own"]
            return
        sent = self.data.get("reason", "")
        also = [sent] if sent and sent not in reasons else []  # taken off the list meanwhile
        choices = [("", _("Choose …")), *((text, text) for text in [*reasons, *also])]
        field.widget = forms.Select(choices=choices)

    def full_clean(self) -> None:
        if self.is_bound and self.is_preview:
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def is_valid(self) -> bool:
        is_mailed = self.data.get("when") != self.When.NEVER
        letters = [letter.is_valid() for letter in self.letters if is_mailed]
        return super().is_valid() and all(letters)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        given = [values.get("reason", ""), values.get("own", "")]
        values["reason"] = "\n".join(text for text in given if text)
        if not values["reason"]:
            self.add_error("reason", self._missing())
        at = {self.When.SOON: self.now + pipeline.MAIL_DELAY, self.When.NOW: self.now}
        values["mail_at"] = at.get(values.get("when", self.When.NEVER))
        if values.get("when") == self.When.LATER:
            values["mail_at"] = self._later(values.get("day"), values.get("time"))
        else:  # what stands in fields that were not chosen is not read
            self.errors.pop("day", None)
            self.errors.pop("time", None)
        return values

    def _missing(self) -> str:
        if "own" in self.fields:
            return str(_("Choose a reason, or write one in your own words."))
        return str(_("Write down why, in one sentence."))

    def _later(self, day: date | None, time: Any) -> datetime | None:
        """Return the chosen moment, between now and the deletion, or tell what to choose."""
        if day is None or time is None:
            self.add_error("when", _("Choose a day and a time for the mail."))
            return None
        today = retention.local_date(self.now)
        month_on = retention.delete_on(today, months=1)
        gone = retention.delete_on(today, months=settings.ATS_RETENTION_MONTHS)
        if not today <= day <= min(month_on, gone - timedelta(days=1)):
            self.add_error("when", _("Choose a day within the next month, before the deletion."))
            return None
        try:
            moment: datetime = from_current_timezone(datetime.combine(day, time))
        except forms.ValidationError:
            self.add_error("when", _("This hour is skipped or doubled that night. Choose another."))
            return None
        if moment <= self.now:
            self.add_error("when", _("This moment is past. Choose a later one."))
            return None
        return moment

    @property
    def texts(self) -> Mapping[str, Text]:
        """The texts by language, once they are valid; none where no mail goes."""
        return {
            letter.language: letter.cleaned_data["letter"]
            for letter in self.letters
            if "letter" in getattr(letter, "cleaned_data", {})
        }


def _by_language(applications: Sequence[Application]) -> list[list[Application]]:
    def language(application: Application) -> str:
        return application.language

    return [list(each) for _l, each in groupby(sorted(applications, key=language), key=language)]
