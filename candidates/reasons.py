"""The list of reasons that a rejection is chosen from."""

from collections.abc import Sequence

from django.db import transaction

from candidates.models import Reason


@transaction.atomic
def replace(texts: Sequence[str]) -> None:
    """Have the list be these texts, in this order. What was chosen before is kept elsewhere."""
    list(Reason.objects.select_for_update())  # one after the other
    Reason.objects.all().delete()
    Reason.objects.bulk_create(
        Reason(text=text, position=position) for position, text in enumerate(texts)
    )
