"""The comparison of storage with rows, with a row that remembers it."""

import time
from datetime import datetime, timedelta

from candidates import ledger, runs
from candidates.models import Heartbeat, Run
from storage.backends import StorageError
from storage.sweep import Swept, sweep


def compare(*, now: datetime, fix: bool) -> Swept:
    """Compare storage with rows, see `sweep`, and write down how it went.

    Raises `StorageError` if the storage does not answer, and, with `fix`, `LedgerBehind` after a
    restore: what came since then has no row, and is not lost for that. Both are written down too.
    """
    run, began = runs.start(Run.Job.SWEEP, now=now), time.monotonic()

    def ended() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    try:
        if fix:
            ledger.refuse_if_behind()
        swept = sweep(now=now, fix=fix)
    except (StorageError, ledger.LedgerBehind) as error:
        code = error.code if isinstance(error, StorageError) else "behind"
        runs.finish(run, state=Run.State.FAILED, reasons=[code], now=ended())
        raise
    runs.finish(run, state=Run.State.GOOD, numbers=swept.as_dict(), now=ended())
    Heartbeat.objects.beat("sweep", now)
    return swept
