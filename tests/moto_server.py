"""moto's server, without the list in which it keeps for ever whatever it has had.

It keeps a copy of an object for each request that reads or lists it: a long run's gigabytes.
"""

import sys
from typing import Any

from moto.core.common_models import BaseModel
from moto.server import main


def _untracked(kind: type[Any], *_arguments: Any, **_options: Any) -> Any:
    return object.__new__(kind)


if __name__ == "__main__":
    BaseModel.__new__ = staticmethod(_untracked)  # type: ignore[method-assign,assignment]
    main(sys.argv[1:])
