"""`python -m tests.bench.stage WORK SIZE DATABASE [BESIDE SIZE]`: measures one work on the database
that settings name, and prints a line of JSON for each figure. `tests.bench` calls it, each time in
a new process, so that no work finds what another has left in memory. `BESIDE` is a database's URL.
"""

import importlib
import logging
import sys

import django

from tests import machine
from tests.bench.place import Place


def main() -> None:
    work, size, database, *beside = sys.argv[1:]
    django.setup()
    logging.getLogger("ats.access").disabled = True  # it writes where the figures go
    module = importlib.import_module(f"tests.bench.{work}")
    try:
        for figure in module.measure(_place(int(size), database, *beside)):
            print(figure.as_json(), flush=True)
    finally:
        machine.end_all()


def _place(size: int, database: str, beside: str = "", beside_size: str = "0") -> Place:
    return Place(size, database, beside, int(beside_size))


if __name__ == "__main__":
    main()
