"""The jobs of the cluster, each by the name that its schedule has."""

import pytest
from django.utils.module_loading import import_string

from candidates.management.commands.schedule import JOBS


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_fails_leaves_no_text_of_its_error_in_the_queue(name: str) -> None:
    """`tasks.nameless` wraps each: an error's text may quote a row."""
    function, _minutes = JOBS[name]
    assert hasattr(import_string(function), "__wrapped__")
