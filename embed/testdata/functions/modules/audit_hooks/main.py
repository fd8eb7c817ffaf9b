# An audit hook holds for the call that adds it: it can't be removed, and would
# fail every later call otherwise.
import sys


def main(input):
    seen = []

    def hook(event, args):
        if event.startswith("app."):
            seen.append([event, list(args)])
        else:
            raise RuntimeError(f"{event} is not allowed")

    sys.addaudithook(hook)
    sys.audit("app.paid", 5)
    try:
        open("/etc/hostname")
    except RuntimeError as error:
        return [seen, str(error)]
