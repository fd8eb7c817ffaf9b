import sys

import pytest


@pytest.mark.parametrize("number, result", [(1, 0.5), pytest.param(4, 2, id="four"), pytest.param(3, 1, marks=pytest.mark.xfail(strict=True))])
def test_half(maestro, number, result):
    assert maestro.run("half", number).result == result


@pytest.mark.parametrize("a", [1, 2])
@pytest.mark.parametrize("b", ["x", "y"])
def test_product(a, b):
    assert a in (1, 2) and b in "xy"


@pytest.mark.skip(reason="not today")
def test_skipped():
    raise AssertionError


@pytest.mark.skipif(sys.version_info < (3, 14), reason="an old Python")
def test_version():
    assert sys.version_info >= (3, 14)


def test_importorskip():
    pytest.importorskip("no_such_module")


def test_raises():
    with pytest.raises(ZeroDivisionError):
        1 / 0
    with pytest.warns(UserWarning, match="careful"):
        import warnings

        warnings.warn("careful")
    assert 0.1 + 0.2 == pytest.approx(0.3)
