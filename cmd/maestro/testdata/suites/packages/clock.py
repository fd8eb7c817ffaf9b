import datetime as dt


def clock(input) -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat()
