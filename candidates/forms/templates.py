"""The forms of what is set up for mails and rejections: templates, and the list of reasons."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.forms.hr import lines
from candidates.forms.letters import LONGEST
from candidates.mail import placeholders
from candidates.models import MailTemplate, Reason

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[MailTemplate]
else:
    ModelForm = forms.ModelForm

#: More is no list to choose from.
MOST_REASONS = 50


class TemplateForm(ModelForm):
    """A template: what is wrong with its placeholders for everybody is said here."""

    class Meta:
        model = MailTemplate
        fields = ("name", "purpose", "language", "subject", "body")
        widgets = {"body": lines(rows="14")}
        error_messages = {
            "name": {"required": gettext_lazy("Give the template a name to choose it by.")},
            "subject": {"required": gettext_lazy("Write a subject.")},
            "body": {"required": gettext_lazy("Write the text of the mail.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        for name in ("purpose", "language"):  # no empty choice: one of them is always meant
            field: Any = self.fields[name]
            field.choices = [choice for choice in field.choices if choice[0]]
        self.fields["body"].max_length = LONGEST  # type: ignore[attr-defined]

    def clean_subject(self) -> str:
        return self._whole("subject")

    def clean_body(self) -> str:
        return self._whole("body").replace("\r\n", "\n")

    def _whole(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        if wrong := placeholders.faults(text):
            raise forms.ValidationError(wrong)
        return text

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        which = {name: values.get(name) for name in ("name", "purpose", "language")}
        if MailTemplate.objects.filter(**which).exclude(pk=self.instance.pk).exists():
            said = _("There is such a template of this name already. Choose another name.")
            self.add_error("name", said)
        return values

    @property
    def places(self) -> list[tuple[str, Any]]:
        """Each placeholder, with what stands for it."""
        return [(f"{{{name}}}", meaning) for name, meaning in placeholders.MEANINGS.items()]


class ReasonsForm(forms.Form):
    """The reasons, one a line; after validation a list without blanks or repetitions."""

    reasons = forms.CharField(
        label=gettext_lazy("Reasons, one a line"),
        help_text=gettext_lazy(
            "They are offered in this order. The applicant may ask to see what was chosen: "
            "keep to what a job asks for, and to nothing that a person is."
        ),
        required=False,
        widget=lines(rows="12"),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)

    def clean_reasons(self) -> list[str]:
        rows = (" ".join(row.split()) for row in self.cleaned_data["reasons"].splitlines())
        texts = list(dict.fromkeys(row for row in rows if row))
        if len(texts) > MOST_REASONS:
            said = _("These are %(n)d reasons. Nobody can choose from more than %(most)d.")
            raise forms.ValidationError(said % {"n": len(texts), "most": MOST_REASONS})
        longest = Reason._meta.get_field("text").max_length or 0
        for text in texts:
            if len(text) > longest:
                said = _("Shorten “%(start)s …”: a reason has %(most)d characters at most.")
                raise forms.ValidationError(said % {"start": text[:30], "most": longest})
        return texts
