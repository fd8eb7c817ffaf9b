# What a star import brings wins over a sibling; what it does not bring is one.
from operator import *


def main(input):
    return [neg(1), double(2), add(3, 4)]
