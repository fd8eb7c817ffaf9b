# Functions that are named like modules of the standard library hide none of them.
import email
import json
import statistics
import sys
from json import loads


def main(input):
    import email.message

    results = [json.dumps([1]), loads("[2]"), statistics.mean([1, 3]), email.message.Message().is_multipart()]
    results += [sys.modules["json"] is json, sys.modules["statistics"] is statistics]
    return results + by_name()


def by_name():
    from maestro import call

    return [call("json", 1), call("statistics", [1]), call("email")]
