"""How often somebody may try a password."""

from __future__ import annotations

import ipaddress
from collections import deque
from dataclasses import dataclass, field

EVERYBODY = ""


@dataclass(slots=True)
class TryLimit:
    """At most `each` tries of one client and `all` of everybody within `seconds`; a right password is not counted.

    A try counts from its beginning, so that many at the same time are no way around.
    """

    each: int = 5
    all: int = 60
    seconds: float = 60.0
    _tries: dict[str, deque[float]] = field(default_factory=dict)

    def wait(self, client: str, now: float) -> float:
        """Count a try of `client` at `now` (seconds of any clock) and return 0, or return the seconds to wait."""
        limits = {_network(client): self.each, EVERYBODY: self.all}
        for who in [*self._tries]:
            self._forget_old(who, now)
        full = [self._tries[who] for who, most in limits.items() if len(self._tries.get(who, ())) >= most]
        if full:
            return max(tries[0] for tries in full) + self.seconds - now
        for who in limits:
            self._tries.setdefault(who, deque()).append(now)
        return 0.0

    def forgive(self, client: str) -> None:
        """Take back the last try of a client: it was the right password."""
        for who in (_network(client), EVERYBODY):
            if self._tries.get(who):
                self._tries[who].pop()

    def _forget_old(self, who: str, now: float) -> None:
        tries = self._tries[who]
        while tries and tries[0] <= now - self.seconds:
            tries.popleft()
        if not tries:
            del self._tries[who]


def _network(client: str) -> str:
    """Return the address, and of IPv6 the /64 that one customer has to themselves."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:  # a server that listens on :: sees IPv4 clients like this
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
