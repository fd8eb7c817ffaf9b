import httpx
import pytest
import responses
import respx
from freezegun import freeze_time


@freeze_time("2026-05-01 12:00:00")
def test_frozen_clock(maestro):
    assert maestro.run("clock").result == "2026-05-01T12:00:00+00:00"


@respx.mock
def test_respx(maestro):
    route = respx.get("https://weather.example.com/now", params={"city": "Paris"}).mock(return_value=httpx.Response(200, json={"celsius": 21.5}))
    assert maestro.run("weather", {"city": "Paris"}).result == 21.5
    assert route.called


async def test_respx_in_an_async_test(respx_mock):
    respx_mock.get("https://weather.example.com/now").respond(503)
    with pytest.raises(httpx.HTTPStatusError):
        await weather({"city": "Paris"})


@responses.activate
def test_responses(maestro):
    responses.get("https://rates.example.com/today", json={"USD": 1.1})
    assert maestro.run("rates").result == {"USD": 1.1}
    assert len(responses.calls) == 1
