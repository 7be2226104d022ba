"""`python -m tests.bench.stage WORK SIZE DATABASE`: measures one work on the database that
settings name, and prints a line of JSON for each figure. `tests.bench` calls it, each time in a new
process, so that no work finds what another has left in memory.
"""

import atexit
import importlib
import sys

import django

from tests import machine
from tests.bench.place import Place


def main() -> None:
    work, size, database = sys.argv[1:]
    atexit.register(machine.end_all)
    django.setup()
    module = importlib.import_module(f"tests.bench.{work}")
    try:
        for figure in module.measure(Place(int(size), database)):
            print(figure.as_json(), flush=True)
    finally:
        machine.end_all()


if __name__ == "__main__":
    main()
