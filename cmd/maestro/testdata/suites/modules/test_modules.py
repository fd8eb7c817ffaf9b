from decimal import Decimal

import money
import pytest
from money import Amount


def test_module():
    assert money.with_tax(Amount("10")) == Decimal("12.0")


def test_function_that_imports_it(maestro):
    assert maestro.run("invoice", {"amount": "10"}).result == {"total": "12.0", "at": "2026-01-02T00:00:00"}


def test_patched(maestro, monkeypatch):
    monkeypatch.setattr(money, "RATE", Decimal(1))
    assert maestro.run("invoice", {"amount": "10"}).result["total"] == "20"
    monkeypatch.setattr("invoice.with_tax", lambda amount: 3)
    assert maestro.run("invoice", {"amount": "10"}).result["total"] == 3


def test_modules_are_not_run(maestro):
    with pytest.raises(RuntimeError, match="is a module"):
        maestro.run("money")
    with pytest.raises(TypeError, match="is a module"):
        maestro.replace("money", lambda input: 1)
