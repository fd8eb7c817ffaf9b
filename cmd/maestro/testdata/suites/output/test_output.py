import logging


def test_logs(maestro):
    run = maestro.run("chatty")
    assert [(line.function, line.stream or line.level, line.text) for line in run.logs] == [
        ("chatty", "stdout", "printed"),
        ("chatty", "stderr", "to stderr"),
        ("chatty", "warning", "logged 1"),
        ("chatty", "info", "structured"),
        ("inner", "stdout", "inner"),
    ]
    assert run.logs[3].fields == {"amount": 5}


def test_capsys(maestro, capsys):
    maestro.run("chatty")
    print("own")
    captured = capsys.readouterr()
    assert captured.out == "printed\ninner\nown\n"
    assert captured.err == "to stderr\n"


def test_caplog(maestro, caplog):
    with caplog.at_level(logging.WARNING):
        maestro.run("chatty")
    assert caplog.messages == ["logged 1"]


def test_plain_call(capsys):
    chatty({})
    assert capsys.readouterr().out == "printed\ninner\n"
