"""The fault schedules can find something: a purge that is broken on purpose does not pass."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest

from candidates import certificates, ledger, statistics
from candidates.models import Application, LedgerLine
from candidates.purge import traces
from storage import erasure
from storage.backends import Bucket, Folder
from tests.faults.counting import Score
from tests.faults.schedules import Scene
from tests.world import store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once("sqlite")]


def played(seed: int = 3) -> Score:
    """Return what the harness counts of one schedule in which nothing strikes."""
    score = Score()
    with Scene(seed, score) as scene:
        scene.steps()
    assert score.schedules == 1
    return score


def test_a_purge_that_is_as_it_should_be_leaves_and_loses_nothing() -> None:
    score = played()
    assert (score.traces, score.lost) == (0, 0), score.found


def test_objects_that_get_no_tombstone_count_as_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "lay_out", lambda *_args, **_options: None)
    score = played()
    assert score.traces > 0
    assert "storage: attachments/" in score.found[0]


def test_what_names_a_record_elsewhere_counts_as_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "erase", lambda _erased: 0)
    assert played().traces > 0


def test_a_deletion_without_a_line_counts_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    append = ledger.append

    def lose(deletions: Iterable[ledger.Deletion], *, day: date) -> list[int]:
        lines = append(deletions, day=day)
        LedgerLine.objects.filter(pk__in=lines).delete()
        return lines

    monkeypatch.setattr(ledger, "append", lose)
    monkeypatch.setattr(certificates, "order", lambda *_args, **_options: None)
    score = played()
    assert any("a line is missing" in text for text in score.found), score.found


def test_numbers_that_are_not_counted_out_count_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "count_out", lambda _applications: None)
    score = played()
    assert score.lost == 1
    assert "the figures are others" in score.found[0]


def test_a_hold_that_is_not_looked_at_counts_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = type(Application.objects.all())
    monkeypatch.setattr(manager, "due", manager.past)
    scores = [played(seed) for seed in range(4)]
    assert sum(score.lost for score in scores) > 0


def test_a_file_of_others_that_goes_along_counts_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    work = erasure.work

    def overdo(**options: object) -> erasure.Work:
        keys = sorted(set(store().keys("attachments/")))
        store().erase(keys[0])
        store().erase(keys[-1])
        return work(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(erasure, "work", overdo)
    score = Score()
    for seed in range(3):
        with Scene(seed, score) as scene:
            scene.steps()
    assert score.lost > 0


def test_what_a_usual_deletion_leaves_counts_as_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def delete(place: Folder | Bucket, keys: Sequence[str]) -> list[int]:
        for key in keys:
            if isinstance(place, Folder):
                Path(place.location, key).unlink(missing_ok=True)  # not what was written by half
            else:
                place.client.delete_object(Bucket=place.bucket_name, Key=key)
        return [1] * len(keys)

    monkeypatch.setattr(type(store()), "erase_each", delete)
    scores = [played(seed) for seed in range(4)]
    assert sum(score.traces for score in scores) > 0
