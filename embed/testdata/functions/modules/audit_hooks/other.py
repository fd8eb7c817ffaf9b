import base64


def other(input):
    sys = __import__("sys")
    sys.audit("app.paid", 6)
    return [base64.b64encode(b"a").decode(), open("/dev/null").read()]
