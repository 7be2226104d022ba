"""Saving the filters of the list under a name."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from candidates.forms.apply import Line
from candidates.forms.filters import FilterForm
from candidates.models import SavedView, User

#: How many views a person may have: they stand in a row above the list.
MOST = 20
LONGEST = SavedView._meta.get_field("query").max_length or 0


class SaveForm(forms.Form):
    """A name, and the filters as they stand in the list's address."""

    name = Line(
        label=_("Name of the view"),
        max_length=60,
        error_messages={"required": _("Give the view a name.")},
    )
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, user: User | None = None) -> None:
        super().__init__(data, label_suffix="")
        self.user = user

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        mine = SavedView.objects.filter(user=self.user)
        if mine.filter(name=name).exists():
            raise ValidationError(_("You have a view of this name. Choose another name."))
        if mine.count() >= MOST:
            raise ValidationError(
                _("You have %(most)s views, which is all there is room for. Delete one first.")
                % {"most": MOST}
            )
        return name

    def clean_query(self) -> str:
        """Keep what are filters, and nothing of what was searched for."""
        assert self.user  # noqa: S101
        filters = FilterForm.of(QueryDict(self.cleaned_data["query"]), self.user).filters
        if not filters:
            raise ValidationError(_("No filter is set, so there is nothing to save."))
        if len(filters) > LONGEST:
            raise ValidationError(_("These are more filters than a view can hold. Take one away."))
        return filters
