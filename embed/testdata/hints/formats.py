import datetime as dt
import uuid as ids
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypedDict
from uuid import UUID


class Row(TypedDict, total=False):
    at: dt.datetime
    on: date
    clock: dt.time
    id: UUID
    other: ids.UUID
    price: Decimal
    file: Path
    took: dt.timedelta


# accepts input: {"at": "2026-01-31T23:59:00.000001", "on": "2026-01-31", "clock": "12:00:00"}
# accepts input: {"at": "2026-01-31T23:59:00+00:00", "clock": "12:00:00.5+02:00"}
# accepts input: {"at": "2026-01-31T23:59:00Z", "id": "0197f3a2-5c1e-7d3b-9a44-1f2e3d4c5b6a", "price": "1.50", "took": 3}
# accepts input: {"price": 1.5, "file": "a/b"}
# refuses input: {"at": "yesterday"}
# refuses input: {"at": "2026-01-31"}
# refuses input: {"on": "2026-02-30"}
# refuses input: {"id": "7"}
def f(x: Row) -> Row: ...
