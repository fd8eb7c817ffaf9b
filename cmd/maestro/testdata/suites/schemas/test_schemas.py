import maestro as api
import pytest


def test_faults(maestro):
    run = maestro.run("age", {"name": 1})
    assert run.status == "failed"
    assert run.error.type == "InputInvalid"
    assert sorted(fault["pointer"] for fault in run.error.errors) == ["", "/name"]
    with pytest.raises(AssertionError, match="/name"):
        run.result


def test_double_that_does_not_fit(maestro):
    maestro.replace("this_year", lambda input: 1999)
    run = maestro.run("age", {"name": "Ada", "born": 1815})
    assert run.error.type == "OutputInvalid"
    with pytest.raises(api.OutputInvalid):
        maestro.call("age", {"name": "Ada", "born": 1815})
    with pytest.raises(api.InputInvalid) as caught:
        age(born="x")
    assert len(caught.value.errors) == 2


def test_keywords():
    assert age(name="Ada", born=1815) == 211
