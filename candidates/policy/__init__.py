"""The privacy policy as code: what it promises, from which setting, and whether it holds now.

`/privacy/` is made of these sentences, and `manage.py policy` and `/hr/policy/` check each of
them on the data and the settings as they are. A sentence that nobody can check does not stand here.
"""

from .clauses import CLAUSES, Clause, Part, notice
from .run import Result, check

__all__ = ["CLAUSES", "Clause", "Part", "Result", "check", "notice"]
