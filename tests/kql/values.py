# SPDX-License-Identifier: Apache-2.0
"""What the engine gives (docs/kql.md, Types) as the query API will show it."""

import datetime

TICKS_A_DAY = 864_000_000_000


def datetime_text(ticks):
    day = datetime.date.fromordinal(ticks // TICKS_A_DAY + 1)
    rest = ticks % TICKS_A_DAY
    seconds, fraction = divmod(rest, 10_000_000)
    return (f"{day.year:04}-{day.month:02}-{day.day:02}T{seconds // 3600:02}:{seconds // 60 % 60:02}:"
            f"{seconds % 60:02}.{fraction:07}Z")


def timespan_text(ticks):
    sign, size = ("-", -ticks) if ticks < 0 else ("", ticks)
    days, rest = divmod(size, TICKS_A_DAY)
    seconds, fraction = divmod(rest, 10_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return sign + (f"{days}." if days else "") + text + (f".{fraction:07}" if fraction else "")


def value_of(cell, kind):
    """One cell of JSONCompact as KQL's JSON has it."""
    if cell is None:
        return None
    if kind == "datetime":
        return datetime_text(cell)
    if kind == "timespan":
        return timespan_text(cell)
    if kind == "bool":
        return bool(cell)
    if kind in ("real", "decimal") and isinstance(cell, str):
        return {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[cell]
    return cell
