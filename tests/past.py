"""What happened before today, for pictures: purges that ran, and one that the brake stopped."""

from datetime import datetime, time, timedelta
from itertools import cycle

from candidates import ledger, purge, retention, watch
from candidates.demo.clock import earliest_decision
from candidates.models import Application, Heartbeat, Job
from tests import world

#: How many applications went on each of the last days, the oldest day first.
WENT = (2, 0, 3, 1, 2, 3)


def live_through_the_week(now: datetime) -> None:
    """Have the purge erase somebody on the days before today, each in its hour."""
    today = retention.local_date(now)
    for days, number in zip(range(len(WENT), 0, -1), WENT, strict=True):
        day = today - timedelta(days=days)
        for _ in range(number):
            application = world.an_application(
                None, status="rejected", decided_on=earliest_decision(day, months=6)
            )
            world.an_attachment(application)
        # So late that the run of the last day is not yet too long ago.
        purge.run(now=datetime.combine(day, time(23, 40), tzinfo=retention.zone()))
    ledger.keep(now=now)
    ledger.check(now=now)
    watch.compare(now=now, fix=False)
    Heartbeat.objects.beat("cluster", now)


def stop_the_purge(now: datetime) -> None:
    """Have so many applications come due since yesterday that the brake stops the purge."""
    decided_on = earliest_decision(retention.local_date(now), months=6)
    jobs = cycle(Job.objects.all())
    names = cycle(("Käthe Großmann", "Emre Yıldırım", "Łucja Wójcik", "Aïcha Benali"))
    for job, name in zip(jobs, names, strict=False):
        if Application.objects.filter(decided_on=decided_on).count() >= 31:
            break
        first_name, last_name = name.split()
        world.an_application(
            job, status="rejected", decided_on=decided_on,
            first_name=first_name, last_name=last_name,
        )  # fmt: skip
    purge.run(now=now)
