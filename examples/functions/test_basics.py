import pytest


@pytest.mark.parametrize(("input", "greeting"), [({}, "Hello, World!"), ({"name": "Ada"}, "Hello, Ada!")])
def test_greeting(maestro, input, greeting):
    assert maestro.run("hello_world", input).result == greeting


def test_user_of_age(maestro):
    assert maestro.run("user_info", {"name": "Ada", "age": 36}).result == {"user": "Ada", "age": 36, "adult": True}


def test_user_whose_age_does_not_fit(maestro):
    run = maestro.run("user_info", {"name": "Ada", "age": -1})
    assert run.status == "failed"
    assert run.error.type == "InputInvalid"
    assert run.error.errors[0]["pointer"] == "/age"


def test_numbers(maestro):
    assert [maestro.call("is_even", {"number": n}) for n in (0, 1, 2)] == [True, False, True]
