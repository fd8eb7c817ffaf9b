import time


def test_function_that_loops(maestro):
    run = maestro.run("spins")
    assert run.status == "timed_out"
    assert run.error.type == "TimeoutError"


def test_that_loops():
    while True:
        pass


def test_that_waits_for_a_function(maestro):
    maestro.run("waits")


def test_that_catches_what_it_can():
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            pass


def test_the_next_one(maestro):
    assert maestro.run("spins").status == "timed_out"
