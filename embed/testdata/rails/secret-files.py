import os


def read(path):
    with open(path) as file:
        return file.read()
def way_token(token): return read(token)
def way_list(token): return str(os.listdir(os.path.dirname(token)))
def way_link(token, home):
    os.path.lexists(home + "/token") or os.symlink(token, home + "/token")
    return read(home + "/token")
def way_stat(token): return os.stat(token).st_size
def way_dots(token): return read(os.path.dirname(token) + "/../private/token")
def way_write(token): open(token, "w")
def way_remove(token): os.unlink(token)
def way_proc(token): return read("/proc/self/root" + token)


def fine_system():
    for path in "/etc/hosts", "/etc/passwd", "/etc/resolv.conf":
        assert read(path)
