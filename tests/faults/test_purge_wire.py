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
from tests.faults.wire import TROUBLES, Trouble, Wire
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


class Disturbed:
    """A scene behind a wire, on which a trouble comes at a request; counts those it came to."""

    def __init__(self, scene: Scene, troubled: Wire) -> None:
        self.scene, self.wire = scene, troubled
        self.requests = self.struck = 0

    def play(self, trouble: Trouble | None, at: int) -> None:
        self.scene.play(f"{trouble} at request {at}", lambda: self._purge(trouble, at))

    def _purge(self, trouble: Trouble | None, at: int) -> None:
        self.wire.meet(trouble, at)
        with hasty():
            self.scene.purge_with(Bomb())
        if not trouble:
            self.requests = self.wire.seen
        self.struck += bool(self.wire.struck)
        self.wire.meet(None, 0)


def test_whatever_the_bucket_answers_nothing_due_is_left_and_nothing_else_lost(
    troubled: Wire,
) -> None:
    """Each trouble, or in `make test` some, at requests that the seed chooses."""
    with scored() as score:
        for seed in range(2000, 2000 + rounds(1, 9)):
            with Scene(seed, score) as scene:
                disturbed, random = Disturbed(scene, troubled), Random(seed)
                for _ in range(2):  # the first knows nothing yet, and asks more
                    disturbed.play(None, 0)
                places = range(1, disturbed.requests + 1)
                each = min(len(places), rounds(1, 5))
                troubles = random.sample(TROUBLES, k=rounds(4, len(TROUBLES)))
                for trouble in troubles:
                    for at in sorted(random.sample(places, k=each)):
                        disturbed.play(trouble, at)
                assert disturbed.struck == each * len(troubles)
