"""At which hours and from which networks data is handed over, where a grant's terms bound that (Arts 31, 33)."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from ipaddress import IPv6Address, ip_address, ip_network
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from marketplace.clock.working_days import SHANGHAI

HOURS = re.compile(r"\s*([01]\d|2[0-3]):([0-5]\d)\s*[-–—~至]\s*([01]\d|2[0-3]):([0-5]\d)\s*", re.ASCII)
MOST_NETWORKS = 50


def read_hours(text: str) -> str:
    """As the terms keep them, `08:00-20:00`; empty for no bound. Raises ValidationError on `hours`."""
    if not text.strip():
        return ""
    found = HOURS.fullmatch(normalize("NFKC", text))
    if found is None or found.group(1, 2) == found.group(3, 4):
        raise ValidationError({"hours": _("Give the hours as 08:00-20:00, or nothing for the whole day.")})
    return "{}:{}-{}:{}".format(*found.groups())


def read_networks(text: str) -> list[str]:
    """One address or network on a line, as the terms keep them; none for no bound. ValidationError on `networks`."""
    found = []
    for line in filter(None, map(str.strip, normalize("NFKC", text).splitlines())):
        try:
            found.append(str(ip_network(line, strict=False)))
        except ValueError:
            raise ValidationError({"networks": _("This is no address or network: %s") % line[:60]}) from None
    if len(found) > MOST_NETWORKS:
        raise ValidationError({"networks": _("At most %s addresses and networks.") % MOST_NETWORKS})
    return list(dict.fromkeys(found))


def is_within_hours(hours: str, at: datetime) -> bool:
    """By the clock of Shanghai, the last minute not included; from a later to an earlier hour is over midnight."""
    if not hours:
        return True
    first, last = map(time.fromisoformat, hours.split("-"))
    now = at.astimezone(SHANGHAI).time()
    return first <= now < last if first < last else now >= first or now < last


def is_from(networks: Sequence[str], address: str) -> bool:
    """Whether the address lies in one of the networks. What is no address does not."""
    if not networks:
        return True
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    if isinstance(asked, IPv6Address) and asked.ipv4_mapped:
        asked = asked.ipv4_mapped
    return any(asked in ip_network(network) for network in networks)
