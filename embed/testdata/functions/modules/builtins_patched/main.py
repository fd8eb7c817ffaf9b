# Changes of the module builtins are visible to stored code, and changes of
# __builtins__ to libraries, both until they are reverted.
import builtins
import gettext
import textwrap
from unittest import mock

gettext.install("app")


def load():
    with open("/no/such/file") as file:
        return file.read()


def main(input):
    results = [_("text")]
    with mock.patch("builtins.open", mock.mock_open(read_data="mocked")):
        results.append(load())
    try:
        load()
    except FileNotFoundError as error:
        results.append(type(error).__name__)
    lines = []
    with mock.patch("builtins.print", lambda *texts: lines.append(texts)):
        print("caught", 1)
        other({})
    results.append(lines)
    with mock.patch.dict(builtins.__dict__, {"answer": 42}):
        results.append([answer, other_answer({})])
    results.append(hasattr(builtins, "answer"))
    try:
        answer
    except NameError as error:
        results.append(str(error))
    with mock.patch.dict(__builtins__, {"len": lambda x: -1}):
        results.append([len("four"), eval("len('four')", {"__builtins__": builtins}), textwrap.shorten("one two", 80)])
    builtins.other = "not the sibling"
    results.append([type(__builtins__) is dict, len("four"), "other" in dir(builtins), other is not builtins.other])
    del builtins.other
    results.append([callable(other), hasattr(builtins, "other_answer"), "other_answer" in __builtins__])
    builtins.sum, kept = (lambda x: "summed"), sum
    results.append(sum([1]))
    builtins.sum = kept
    return [*results, sum([1, 2]), sorted(__builtins__.keys() ^ vars(builtins).keys())]
