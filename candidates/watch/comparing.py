"""The comparison of storage with rows, with a row that remembers it."""

import time
from datetime import datetime, timedelta

from candidates import runs
from candidates.models import Heartbeat, Run
from storage.backends import StorageError
from storage.sweep import Swept, sweep


def compare(*, now: datetime, fix: bool) -> Swept:
    """Compare storage with rows, see `sweep`, and write down how it went.

    Raises `StorageError` if the storage does not answer; that is written down too.
    """
    run, began = runs.start(Run.Job.SWEEP, now=now), time.monotonic()

    def ended() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    try:
        swept = sweep(now=now, fix=fix)
    except StorageError as error:
        runs.finish(run, state=Run.State.FAILED, reasons=[error.code], now=ended())
        raise
    runs.finish(run, state=Run.State.GOOD, numbers=swept.as_dict(), now=ended())
    Heartbeat.objects.beat("sweep", now)
    return swept
