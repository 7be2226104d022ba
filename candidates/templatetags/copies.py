"""What templates ask of a person's copies."""

from typing import Any

from django import template

from candidates import copies
from candidates.models import Application

register = template.Library()


@register.filter
def has_words(entry: dict[str, Any]) -> bool:
    """Whether an entry of a full copy has texts that can be left out, or had."""
    return any(fact["is_free"] for fact in entry["facts"])


@register.simple_tag
def full_copy(application: Application) -> copies.Standing:
    """Return how it stands with an application's full copy."""
    return copies.standing(application)
