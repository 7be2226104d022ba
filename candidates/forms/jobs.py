"""The forms of jobs: the advert, its end, its criteria, its team."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from babel import Locale
from django import forms
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from candidates import jobs
from candidates.adverts.posting import countries
from candidates.forms.apply import UNSTORABLE, Line
from candidates.forms.hr import DayInput, lines
from candidates.forms.rejecting import RejectForm
from candidates.models import Criterion, Job, User

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Job]
else:
    ModelForm = forms.ModelForm

CURRENCIES = ("EUR", "CHF", "CZK", "DKK", "GBP", "HUF", "NOK", "PLN", "RON", "SEK", "USD")
#: From how many on a number has to be entered before all are answered.
MANY = 20
LONGEST_TEXT = 20_000


class Text(forms.CharField):
    """Several lines as people type or paste them, Markdown among them."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n").strip()
        if UNSTORABLE.search(text):
            raise forms.ValidationError(
                _("This contains characters that cannot be stored. Type them in by hand.")
            )
        return text


def country_choices() -> list[tuple[str, str]]:
    """Return the countries in the order of their names in the language in force."""
    names = Locale.parse((get_language() or "de")[:2]).territories
    return sorted(((code, names[code]) for code in countries()), key=lambda pair: pair[1])


class JobForm(ModelForm):
    """What a job says of itself. A draft may lack its text; a published job may not."""

    #: The digest of the job as it was when the form was opened.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    title = Line(
        label=_("Title"),
        help_text=_("As people search for it; the advert adds that it is meant for every gender."),
        error_messages={"required": _("Give the job a title.")},
        max_length=Job._meta.get_field("title").max_length,
    )
    description = Text(
        label=_("Description"),
        help_text=_("Markdown: ## for a heading, - for a list, **for what matters**."),
        required=False,
        widget=lines(rows="16"),
        max_length=LONGEST_TEXT,
    )
    team = Line(
        label=_("Team"),
        help_text=_("The careers page groups jobs by it."),
        error_messages={"required": _("Name the team or department.")},
        max_length=80,
        widget=forms.TextInput(attrs={"list": "teams"}),
    )
    place = Line(
        label=_("Place"),
        help_text=_("As people say it: Leipzig or from home."),
        error_messages={"required": _("Say where the work is.")},
        max_length=80,
        widget=forms.TextInput(attrs={"list": "places"}),
    )
    street = Line(label=_("Street and number"), required=False, max_length=120)
    postal_code = Line(label=_("Postal code"), required=False, max_length=20)
    locality = Line(label=_("Town"), required=False, max_length=80)
    country = forms.ChoiceField(
        label=_("Country"),
        choices=country_choices,
        initial=Job._meta.get_field("country").default,
    )
    pay_currency = forms.ChoiceField(label=_("Currency"))
    pay_from = forms.IntegerField(
        label=pgettext_lazy("pay", "From"), required=False, min_value=1, max_value=100_000_000
    )
    pay_to = forms.IntegerField(
        label=pgettext_lazy("pay", "To"), required=False, min_value=1, max_value=100_000_000
    )
    answer_days = forms.IntegerField(
        label=_("Answer within days"),
        help_text=_("The advert and the receipt promise it, and Today counts by it."),
        min_value=1,
        max_value=180,
        initial=14,
    )
    apply_until = forms.DateField(
        label=_("Last day for applications"),
        help_text=_("The job takes none after it. Empty: until you close it."),
        required=False,
        widget=DayInput(),
    )

    class Meta:
        model = Job
        fields = jobs.FIELDS
        labels = {
            "language": _("Language of the advert"),
            "kind": _("Type"),
            "is_remote": _("All of the work can be done from anywhere in the country"),
            "pay_period": pgettext_lazy("pay", "For"),
            "is_confidential": _("Confidential: only the hiring team sees its applications"),
        }
        help_texts = {"is_confidential": ""}

    def __init__(
        self, data: Any = None, *, instance: Job | None, initial: Any = None, today: date
    ) -> None:
        super().__init__(data, instance=instance, initial=initial, label_suffix="")
        self.today = today
        self.was = None if instance is None else instance.apply_until
        codes = dict.fromkeys((*CURRENCIES, self.instance.pay_currency))
        names = Locale.parse((get_language() or "de")[:2]).currencies
        choices = [(code, f"{code} – {names.get(code, code)}") for code in codes]
        self.fields["pay_currency"].choices = choices  # type: ignore[attr-defined]

    def clean_pay_to(self) -> int | None:
        low, high = self.cleaned_data.get("pay_from"), self.cleaned_data["pay_to"]
        if low is not None and high is not None and high < low:
            raise forms.ValidationError(_("This is less than “From”. Swap the two."))
        return high  # type: ignore[no-any-return]

    def clean_description(self) -> str:
        text: str = self.cleaned_data["description"]
        if self.instance.is_published and not text:
            raise forms.ValidationError(
                _("Write the description first: it is what applicants read.")
            )
        return text

    def clean_apply_until(self) -> date | None:
        day: date | None = self.cleaned_data["apply_until"]
        if day and day < self.today and day != self.was:
            raise forms.ValidationError(_("This day is past. Choose a later one."))
        return day

    def values(self) -> dict[str, Any]:
        """Return what was entered, by the names of the model's fields."""
        return {name: self.cleaned_data[name] for name in jobs.FIELDS}


class CloseForm(RejectForm):
    """Why those who wait are rejected and by which mails, and that their number is known."""

    #: The digest of those whom the dialog counted.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    confirm = forms.IntegerField(label=_("How many are rejected"), required=False, min_value=0)

    def __init__(
        self, data: Any = None, *, seen: str, is_current: bool = True, **about: Any
    ) -> None:
        super().__init__(data, **about)
        self.initial["seen"] = seen
        self.number, self.is_current = len(about["applications"]), is_current
        self.is_many = self.number > MANY
        if not self.is_many:
            del self.fields["confirm"]

    def clean(self) -> dict[str, Any]:
        if not self.is_current:
            self.add_error(
                None,
                _("Meanwhile somebody has applied or been answered. Look at the numbers again."),
            )
        return super().clean()

    def clean_confirm(self) -> int:
        if self.cleaned_data["confirm"] != self.number:
            raise forms.ValidationError(
                ngettext(
                    "It is %(n)s application. Enter this number to reject it.",
                    "It is %(n)s applications. Enter this number to reject them all.",
                    self.number,
                )
                % {"n": self.number}
            )
        return self.number


class CriterionForm(forms.Form):
    name = Line(
        label=_("Criterion"),
        error_messages={"required": _("Name the criterion.")},
        max_length=Criterion._meta.get_field("name").max_length,
    )

    def __init__(self, data: Any = None, **how: Any) -> None:
        super().__init__(data, label_suffix="", **how)


class MemberForm(forms.Form):
    member = forms.ChoiceField(
        label=_("Add to the team"),
        error_messages={
            "required": _("Choose somebody."),
            "invalid_choice": _("This person cannot be added any more. Choose somebody else."),
        },
    )

    def __init__(self, data: Any = None, *, people: Iterable[User]) -> None:
        super().__init__(data, label_suffix="")
        self.people = {str(user.pk): user for user in people}
        choices = [(pk, str(user)) for pk, user in self.people.items()]
        self.fields["member"].choices = [("", _("Choose …")), *choices]  # type: ignore[attr-defined]

    def clean_member(self) -> User:
        return self.people[self.cleaned_data["member"]]


class SourceForm(forms.Form):
    """From which job a new one starts."""

    source = forms.ChoiceField(label=_("Start from another job"), required=False)

    def __init__(self, data: Any = None, *, jobs: Iterable[Job]) -> None:
        super().__init__(data, label_suffix="")
        self.jobs = {job.slug: job for job in jobs}
        choices = [(slug, job.title) for slug, job in self.jobs.items()]
        self.fields["source"].choices = [("", pgettext_lazy("job", "None")), *choices]  # type: ignore[attr-defined]
