import unittest
from unittest.mock import patch

import plus


class PlusTest(unittest.TestCase):
    def setUp(self):
        self.numbers = [1, 2]

    def test_plus(self):
        self.assertEqual(plus.plus(self.numbers), 3)

    @patch("plus.add")
    def test_patched(self, add):
        add.return_value = 9
        self.assertEqual(plus.plus(self.numbers), 9)
        add.assert_called_once_with([1, 2])

    def test_subtests(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertEqual(plus.plus([n, 1]), n + 1)


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def test_async(self):
        self.assertEqual(plus.plus([4]), 4)
