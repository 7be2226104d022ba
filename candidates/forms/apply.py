"""The application form: three required fields, one optional, and files."""

import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from candidates.pipeline import Person

#: What no database and no page takes: NUL and other controls, and halves of surrogate pairs; and
#: �, which stands for something that was lost before it came here.
UNSTORABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd]")

#: The fields that make a `Person`.
PERSONAL = ("first_name", "last_name", "email", "phone")

#: Invisible characters that some scripts and names are spelt with.
JOINERS = "\u200c\u200d"

PHONE = re.compile(r"[\d +()/.–-]*\d[\d +()/.–-]*((ext|durchwahl|dw)[.:]? ?\d+)?", re.IGNORECASE)


def tidy(text: str) -> str:
    """Return a text without invisible format characters (bidi marks among them), on one line."""
    seen = (c for c in text if c in JOINERS or unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).split())


class Line(forms.CharField):
    """One line of text as people type or paste it."""

    default_error_messages = {
        "unstorable": gettext_lazy(
            "This contains characters that cannot be stored. Type it in by hand."
        ),
        "max_length": gettext_lazy(
            "Shorten this to %(limit_value)d characters at most; it has %(show_value)d."
        ),
    }

    def to_python(self, value: Any) -> str:
        text = str(value or "")
        if UNSTORABLE.search(text):
            raise ValidationError(self.error_messages["unstorable"], code="unstorable")
        text = tidy(text)
        return text if text.strip(JOINERS + " ") else ""

    def bound_data(self, data: Any, initial: Any) -> str:
        """Return what was typed, as far as a page can show it."""
        return UNSTORABLE.sub("", str(data or ""))


def check_email(address: str) -> None:
    """Raise a `ValidationError` that says how to mend the address."""
    name, at, host = address.rpartition("@")
    if not at:
        raise ValidationError(_("The address lacks an “@”. Write it like name@example.org."))
    if " " in address:
        raise ValidationError(_("The address contains a space. Take it out."))
    if not host:
        raise ValidationError(_("The address ends after “@”. Add what follows."))
    if not name:
        raise ValidationError(_("The address starts with “@”. Add what stands before it."))
    if "." not in host.strip("."):
        host = host.strip(".")
        raise ValidationError(
            _("The address ends after “%(host)s”. Add its ending, as in %(example)s.")
            % {"host": host, "example": f"{name}@{host}.de"}
        )
    try:
        validate_email(address)
        host.encode("idna")  # as it travels: a label of 63 letters may have more there
    except (ValidationError, UnicodeError) as error:
        raise ValidationError(
            _("No mail can be sent to this address. Look for a slip; write it like %(example)s.")
            % {"example": "name@example.org"}
        ) from error


class ApplyForm(forms.Form):
    """What a person types. `submission` makes a form that is sent twice one application."""

    first_name = Line(
        max_length=100, error_messages={"required": gettext_lazy("Enter your first name.")}
    )
    last_name = Line(
        max_length=100, error_messages={"required": gettext_lazy("Enter your last name.")}
    )
    email = Line(
        max_length=254, error_messages={"required": gettext_lazy("Enter your e-mail address.")}
    )
    phone = Line(max_length=40, required=False)

    @classmethod
    def unchecked(cls, data: Mapping[str, Any], *, submission: uuid.UUID) -> "ApplyForm":
        """Return a form that keeps what was typed and finds no fault with it yet."""
        typed = {
            name: field.bound_data(data.get(name), "") for name, field in cls.base_fields.items()
        }
        return cls(initial={**typed, "submission": submission})

    @property
    def submission(self) -> uuid.UUID:
        """The form's own id; garbage gives a fresh one."""
        if not hasattr(self, "_submission"):
            given = self.data.get("submission") or self.initial.get("submission")
            self._submission = to_uuid(given) or uuid.uuid4()
        return self._submission

    def renew(self) -> None:
        """Give the form another id: what it brings is an application of its own."""
        self._submission = uuid.uuid4()

    @property
    def person(self) -> Person:
        return Person(**{name: self.cleaned_data[name] for name in PERSONAL})

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"].removeprefix("mailto:").strip("<> ")
        check_email(address)
        return address

    def clean_phone(self) -> str:
        number: str = self.cleaned_data["phone"]
        if number and not PHONE.fullmatch(number):
            raise ValidationError(
                _("A phone number has digits, spaces and + ( ) / - only. Mend it or leave it out.")
            )
        return number


def to_uuid(text: Any) -> uuid.UUID | None:
    """Return the UUID that a text from outside spells, or None."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
