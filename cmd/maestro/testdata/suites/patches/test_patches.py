from unittest import mock

import pytest

import order
import total
from order import LIMIT
from order import order as place_order


def test_names():
    assert order.order is place_order
    assert LIMIT == 10
    assert order.__name__ == "functions.order"


def test_monkeypatch(maestro, monkeypatch):
    monkeypatch.setattr("order.fetch_price", lambda input: 5)
    monkeypatch.setattr("time.time", lambda: 1.5)
    monkeypatch.setenv("REGION", "north")
    maestro.secret("API_KEY", "k")
    run = maestro.run("order", {"item": "pen"})
    assert run.result == {"price": 5, "key": "k", "region": "north", "at": 1.5}
    assert not run.steps, "a patched name is an ordinary call"


def test_constant(maestro, monkeypatch):
    monkeypatch.setattr(order, "LIMIT", 1)
    with mock.patch("order.fetch_price", return_value=2) as fetch:
        run = maestro.run("order", {"item": "pen"})
    assert run.error.message == "2 is over 1"
    fetch.assert_called_once_with({"item": "pen"})


def test_imported_from_its_module(maestro):
    maestro.replace("fetch_price", lambda input: 3)
    maestro.secret("API_KEY", "k")
    run = maestro.run("relay", {"item": "pen"})
    assert run.result == [10, 3]
    assert run.steps[0].function == "order", "code of another function sees the sibling"


def test_undone(maestro):
    run = maestro.run("order", {"item": "pen"})
    assert str(run.error) == "RuntimeError: there is no network in tests"
    assert run.steps[0].status == "failed"


def test_secret_that_was_not_set(maestro):
    maestro.replace("fetch_price", lambda input: 3)
    assert maestro.run("order", {"item": "pen"}).error.type == "SecretNotFound"


def test_mock_as_a_double(maestro):
    double = maestro.replace("fetch_price", mock.Mock(return_value=3))
    maestro.secret("API_KEY", "a long secret value")
    run = maestro.run("order", {"item": "pen"})
    assert run.result["key"] == "a long secret value"
    double.assert_called_once_with({"item": "pen"})
    assert run.steps[0].output == 3


def test_plain_double_of_an_async_function(maestro):
    maestro.replace(total.slow_price.__name__, lambda input: 2)
    assert maestro.run(total, ["a", "b"]).result == 4


def test_async_mock(maestro):
    maestro.replace("slow_price", mock.AsyncMock(return_value=3))
    assert maestro.run("total", ["a", "b"]).result == 6


def test_without_doubles(maestro):
    assert maestro.run("total", ["a", "b"]).result == 14


def test_double_that_raises(maestro):
    maestro.replace("fetch_price", mock.Mock(side_effect=[ConnectionError("away"), 4]))
    maestro.secret("API_KEY", "k")
    assert maestro.run("order", {"item": "pen"}).error.type == "ConnectionError"
    assert maestro.run("order", {"item": "pen"}).result["price"] == 4


def test_function_that_the_folder_does_not_have(maestro):
    maestro.replace("elsewhere", lambda input: [input])
    assert maestro.call("elsewhere", 1) == [1]
    with pytest.raises(NameError):
        maestro.run("nowhere")


def test_it_is_gone(maestro):
    with pytest.raises(NameError):
        maestro.call("elsewhere", 1)
