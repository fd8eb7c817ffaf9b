import maestro
import threading


def shown():
    r = maestro.request()
    return [type(r).__name__, r.method, r.url, r.headers, r.headers["x-signature"], r.body.decode(), repr(r)]


def main(input):
    out = [shown(), other(1)]
    thread = threading.Thread(target=lambda: out.append(shown()))
    thread.start()
    thread.join()
    try:
        other(maestro.request())
    except TypeError as e:
        out.append(str(e))
    return out
