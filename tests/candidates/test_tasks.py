"""The jobs of the cluster, each by the name that its schedule has."""

import pytest
from django.db import OperationalError, connection
from django.utils.module_loading import import_string

from candidates import tasks
from candidates.management.commands.schedule import JOBS
from candidates.models import Heartbeat


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_fails_leaves_no_text_of_its_error_in_the_queue(name: str) -> None:
    """`tasks.nameless` wraps each: an error's text may quote a row."""
    function, _minutes = JOBS[name]
    assert hasattr(import_string(function), "__wrapped__")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_at_a_commit_fails_one_task_and_not_the_next() -> None:
    @tasks.nameless
    def broken() -> str:
        # As Django leaves it when the connection is lost between a commit and what follows it.
        connection.in_atomic_block = True
        connection.close()
        raise OperationalError("the connection is lost")

    with pytest.raises(tasks.TaskFailed):
        broken()
    assert tasks.beat() == "alive"
    assert Heartbeat.objects.filter(name="cluster").exists()
