"""What of an identifier may be shown: never so much that it could be completed."""

_STARS = "*" * 4


def mask(kind: str, value: str) -> str:
    """Such as 138******00; of what is not a number its first character or two."""
    compact = value.replace(" ", "").replace("-", "")
    if kind == "resident_id":
        return f"{compact[:2]}{'*' * (len(compact) - 3)}{compact[-1]}"
    if kind == "mobile":
        return f"{compact[-11:-8]}******{compact[-2:]}"
    if kind in ("name", "address"):
        return compact[0] + "**"
    if kind in ("bank_card", "uscc", "imei") or (kind == "travel_permit" and len(compact) == 18):
        return f"{compact[:2]}{'*' * (len(compact) - 4)}{compact[-2:]}"
    if kind == "email":
        return f"{value[0]}***@***"
    return compact[:2] + _STARS
