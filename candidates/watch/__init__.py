"""The watch over the jobs that nobody watches: what is wrong, who is told, and in which numbers.

Its rooms: `conditions` (what is wrong), `alarm` (the mail to the privacy officers), `gauges` (the
figures of `/metrics/`), `comparing` (the sweep, with its row).
"""

from .alarm import alarm
from .comparing import compare
from .conditions import GRAVE, SILENCE, Condition, conditions, grave
from .gauges import Gauge, gauges

__all__ = [
    "GRAVE",
    "SILENCE",
    "Condition",
    "Gauge",
    "alarm",
    "compare",
    "conditions",
    "gauges",
    "grave",
]
