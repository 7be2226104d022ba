"""What the jobs do: keep the ledger each minute, check it each day."""

from datetime import datetime, timedelta
from logging import getLogger
from time import monotonic

from candidates.models import Heartbeat, Run
from storage.backends import StorageError

from . import chain
from .copies import CopyDiffers, LedgerBehind, copy
from .faults import Fault
from .sealing import seal
from .verifying import verify

log = getLogger("ats.ledger")


def keep(*, now: datetime) -> str:
    """Seal and copy what there is; return a line on what was done, or why not."""
    try:
        return f"sealed {seal(now=now)}, copied {copy(now=now)}"
    except StorageError as error:
        return f"storage does not answer: {error.code}"
    except LedgerBehind as error:
        log.warning("Nothing is sealed: %s", error)
        return "behind the storage's copy"
    except CopyDiffers as error:
        log.error("Storage has something else where a copy of the ledger belongs: %s", error)
        return f"differs in storage: {error}"


def check(*, now: datetime) -> list[Fault]:
    """Verify the ledger at `now`, with a row in the register of runs; return what is wrong.

    A check without faults leaves its pulse. Faults are logged; they name nobody.
    """
    run = Run.objects.create(job=Run.Job.VERIFY, started_at=now)
    lines, _hash = chain.newest()
    start = monotonic()
    faults = verify()
    for fault in faults:
        log.error("The ledger: %s", fault)
    run.state = Run.State.FAILED if faults else Run.State.GOOD
    seconds = round(monotonic() - start, 1)
    run.ended_at = now + timedelta(seconds=seconds)
    run.reasons = sorted({fault.code.value for fault in faults})
    run.numbers = {"lines": lines, "faults": len(faults), "seconds": seconds}
    run.save()
    if not faults:
        Heartbeat.objects.beat("verify", now)
    return faults
