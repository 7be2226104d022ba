"""What waits for a person: counted for the menu of every page, and read for the page Today.

Each kind is a queryset of rows that the person may see and that an index finds, so that the number
of statements is the same whatever there is, and no count goes further than `MOST`.
"""

from .counting import Rail, rail
from .kinds import MOST, Kind
from .reading import Item, items
from .week import Going, week

__all__ = ["MOST", "Going", "Item", "Kind", "Rail", "items", "rail", "week"]
