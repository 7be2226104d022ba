"""The purge, and a bucket that answers as buckets do on bad days: at each request in turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING

import botocore.endpoint
import pytest
from botocore.config import Config
from django.conf import settings as configured

from storage.backends import Bucket
from tests.faults import wire
from tests.faults.bombs import Bomb
from tests.faults.schedules import Scene, scored
from tests.faults.wire import TROUBLES, Wire
from tests.world import rounds, store

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = [
    *(pytest.mark.django_db(transaction=True), pytest.mark.soak),
    pytest.mark.once("postgres"),
]


@pytest.fixture
def troubled(request: pytest.FixtureRequest, settings: "Settings") -> Iterator[Wire]:
    """The configured bucket, behind a wire."""
    if not isinstance(store(), Bucket):
        pytest.skip("about buckets")
    storages = configured.STORAGES
    with Wire(request.getfixturevalue("s3_endpoint")) as running:
        running.meet(None, 0)
        options = storages["attachments"]["OPTIONS"] | {"endpoint_url": running.url}
        entry = storages["attachments"] | {"OPTIONS": options}
        settings.STORAGES = storages | {"attachments": entry}
        yield running


@contextmanager
def hasty() -> Iterator[None]:
    """Wait for answers, and between a request and its repetition, no longer than a test can."""
    place = store()
    assert isinstance(place, Bucket)
    patient = place.client_config
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
        place.client_config = patient.merge(Config(read_timeout=wire.PATIENCE))
        place._client = None
        yield
    place.client_config, place._client = patient, None


@pytest.mark.parametrize("number", range(len(TROUBLES)), ids=map(str, TROUBLES))
def test_whatever_the_bucket_answers_nothing_due_is_left_and_nothing_else_lost(
    troubled: Wire, number: int
) -> None:
    trouble, struck = TROUBLES[number], 0
    with scored() as score, Scene(2000 + number, score) as scene:

        def purges(at: int) -> None:
            nonlocal struck, requests
            troubled.meet(trouble if at else None, at)
            with hasty():
                scene.purge_with(Bomb())
            struck, requests = struck + bool(troubled.struck), troubled.seen
            troubled.meet(None, 0)

        requests = 0
        scene.play("undisturbed", lambda: purges(0))
        places = range(1, requests + 1)
        chosen = Random(number).sample(places, k=min(len(places), rounds(3, 80)))
        for at in sorted(chosen):
            scene.play(f"{trouble} at request {at}", lambda at=at: purges(at))  # type: ignore[misc]
    assert struck == len(chosen)
