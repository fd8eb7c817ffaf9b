import sys


def main(input):
    print("one", 2, None, sep="-")
    print("no end", end="")
    print(", now it ends")
    print("two\nlines\n")
    print()
    print("to stderr", file=sys.stderr)
    sys.stdout.write("written")
    sys.stdout.write(" in parts\n")
    print("é \U0001f600 \ud800")
    speak("hello")
    print("end without a newline", end="")
    sys.stdout.flush()
