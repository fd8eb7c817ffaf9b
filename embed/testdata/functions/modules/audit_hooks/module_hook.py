import sys

seen = []


def hook(event, args):
    if event == "app.paid":
        seen.append(args[0])


sys.addaudithook(hook)


def module_hook(input):
    sys.audit("app.paid", len(seen))
    return seen
