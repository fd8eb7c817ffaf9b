import hashlib
import hmac

import later


def test_spawned(maestro):
    ids = maestro.run("start").result
    assert [(run.function, run.input, run.delay) for run in maestro.spawned] == [("later", {"n": 0}, 0), ("later", {"n": 1}, 60)]
    assert [run.execution_id for run in maestro.spawned] == ids
    assert later.attempts == []


def test_retries(maestro):
    maestro.run("start")
    runs = maestro.run_spawned()
    assert [run.result for run in runs] == [0, 1]
    assert [run.attempt for run in runs] == [3, 3]
    assert [run.trigger for run in runs] == ["spawn", "spawn"]
    assert later.attempts == [0, 0, 0, 1, 1, 1]
    assert maestro.spawned == []


def test_forgotten(maestro):
    assert maestro.spawned == []


def test_request(maestro):
    maestro.secret("KEY", "swordfish")
    body = b'{"amount": 5}'
    signature = hmac.new(b"swordfish", body, hashlib.sha256).hexdigest()
    request = {"url": "https://example.com/pay", "headers": {"X-Signature": signature}, "body": body}
    run = maestro.run("hook", {"amount": 5}, request=request)
    assert run.response["status_code"] == 201
    assert run.response["headers"] == {"Location": "https://example.com/pay"}
    assert run.trigger == "webhook"
    assert maestro.run("hook", {}, request={"body": {}}).response["status_code"] == 401
    assert maestro.run("hook", {}).error.type == "AttributeError"
