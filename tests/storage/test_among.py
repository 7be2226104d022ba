"""The lookup for many values in one parameter."""

import pytest

from candidates.models import Event
from storage.models import Attachment
from tests.world import an_application, an_attachment

pytestmark = pytest.mark.django_db


def test_it_finds_what_in_finds() -> None:
    first, second, other = (an_attachment(an_application()) for _ in range(3))
    rows = Attachment.objects.order_by()
    wanted = [first, second]
    for name, values in (
        ("pk", [row.pk for row in wanted]),
        ("key", [row.key for row in wanted]),
        ("application", [row.application_id for row in wanted]),
    ):
        assert set(rows.filter(**{f"{name}__among": values})) == {first, second}
        assert set(rows.exclude(**{f"{name}__among": values})) == {other}
        assert not rows.filter(**{f"{name}__among": []}).exists()


def test_it_goes_through_other_tables_and_takes_numbers() -> None:
    application = an_application()
    events = [application.events.create(kind=Event.Kind.MOVED, at=application.received_at)]
    an_application().events.create(kind=Event.Kind.MOVED, at=application.received_at)
    assert list(Event.objects.filter(pk__among=[row.pk for row in events])) == events
    of_the_job = Event.objects.filter(application__job__among=[application.job_id])
    assert set(of_the_job) >= set(events)
