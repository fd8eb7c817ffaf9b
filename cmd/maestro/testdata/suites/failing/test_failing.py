import pytest


def test_import_that_fails(maestro):
    run = maestro.run("broken")
    assert run.error.type == "ModuleNotFoundError"
    assert "import no_such_package" in run.error.traceback


def test_result_of_a_failure(maestro):
    assert maestro.run("outer", {"n": 0}).result == 1


def test_exception_in_a_function():
    outer({"n": 0})


def test_assertion(maestro):
    assert maestro.run("outer", {"n": 2}).result == 0.25


def test_error_is_the_same_object():
    with pytest.raises(ZeroDivisionError) as caught:
        outer({"n": 0})
    assert [entry.path.name for entry in caught.traceback if entry.path.suffix == ".py"][-2:] == ["outer.py", "deeper.py"]


@pytest.fixture
def broken_fixture():
    raise LookupError("no such thing")


def test_fixture_that_fails(broken_fixture):
    pass
