"""The filters of the register of requests."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from candidates.models import Request
from candidates.models.requests import Requests


class FilterForm(forms.Form):
    """What was asked for and how it stands; what is unknown counts as none."""

    PENDING = "pending"

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), *Request.Kind.choices]
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), (PENDING, _("Pending")), *Request.State.choices],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")

    def ignored(self) -> list[str]:
        return [str(self.fields[name].label) for name in self.errors]

    @property
    def is_set(self) -> bool:
        self.is_valid()
        return any(self.cleaned_data.values())

    def narrow(self, requests: Requests) -> Requests:
        self.is_valid()
        if kind := self.cleaned_data.get("kind"):
            requests = requests.filter(kind=kind)
        state = self.cleaned_data.get("state")
        if state == self.PENDING:
            return requests.pending()
        return requests.filter(state=state) if state else requests
