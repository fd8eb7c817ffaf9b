# A wrapper that the module keeps for itself: what a call writes to it comes out in
# that call.
import io
import sys

out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
out.write("while it loads\n")


def main(input):
    print("call", input, file=out)
    print("plain")
    sys.stdout.buffer.write(b"bytes\n")
