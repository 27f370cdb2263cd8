"""Which tests share a process: xdist's own groups do nothing with pytest 9.2, whose node ids it cannot change."""

from __future__ import annotations

import re
from functools import cache

from xdist.scheduler import LoadScopeScheduling

from tests.conftest import REPOSITORY

_MARK = re.compile(r'xdist_group\("([^"]+)"\)')


class Groups(LoadScopeScheduling):
    """Hands out the files of a group together, and of all others one test after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.split("::")[0]) or nodeid


@cache
def group_of(path: str) -> str | None:
    """Return the group that a file's marks name, or None."""
    found = _MARK.search((REPOSITORY / path).read_text(encoding="utf-8"))
    return found[1] if found else None
