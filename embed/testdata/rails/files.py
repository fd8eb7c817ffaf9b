import os
import tempfile


def way_new(outside): open(outside + "/new", "w")
def way_kit():
    import json
    open(json.__file__, "a")
def way_remove():
    import json
    os.remove(json.__file__)
def way_beside():
    import json
    open(os.path.dirname(json.__file__) + "/planted.py", "w")
def way_hard_link(home):
    import json
    os.link(json.__file__, home + "/hard")
def way_mode():
    import json
    os.chmod(json.__file__, 0o777)
def way_system(): open("/etc/planted", "w")
def way_folder(): os.mkdir("/usr/planted")
def way_link(home, outside):
    os.path.lexists(home + "/out") or os.symlink(outside, home + "/out")
    open(home + "/out/new", "w")
def way_move(home, outside):
    open(home + "/moved", "w").close()
    os.rename(home + "/moved", outside + "/moved")
def way_database(outside):
    import sqlite3
    try:
        sqlite3.connect(outside + "/database").execute("create table t (x)")
    except sqlite3.OperationalError:
        open(outside + "/database", "w")
def way_descriptor(outside):
    folder = os.open("/usr", os.O_RDONLY)
    try:
        os.mkdir("planted", dir_fd=folder)
    finally:
        os.close(folder)
def way_temporary_of_others(home):
    os.path.lexists(home + "/tmp-of-all") or os.symlink("/tmp", home + "/tmp-of-all")
    os.listdir(home + "/tmp-of-all")


def fine_tmp(temporary):
    with open("/tmp/x", "w") as file:
        file.write("mine")
    assert open(temporary + "/x").read() == "mine" and "x" in os.listdir("/tmp") and os.path.exists("/tmp/x")
    os.makedirs("/tmp/a/b", exist_ok=True)
    os.replace("/tmp/x", "/tmp/a/x")
    os.chdir("/tmp/a")
    assert open("x").read() == "mine"
    os.chdir(os.path.expanduser("~"))
    import shutil
    shutil.rmtree("/tmp/a")
    assert not os.path.exists(temporary + "/a")
def fine_temporary(temporary):
    assert tempfile.gettempdir() == temporary
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile() as other, tempfile.TemporaryDirectory() as folder:
        assert file.name.startswith(temporary) and folder.startswith(temporary)
def fine_socket():
    import socket
    server = socket.socket(socket.AF_UNIX)
    server.bind("/tmp/a-socket")
    server.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect("/tmp/a-socket")
    client.send(b"x")
    connection, _ = server.accept()
    assert connection.recv(1) == b"x"
    for s in server, client, connection:
        s.close()
    os.unlink("/tmp/a-socket")
def fine_long_socket(home):
    import socket
    folder = home + "/" + "x" * 80
    os.makedirs(folder, exist_ok=True)
    os.path.lexists("/tmp/deep") or os.symlink(folder, "/tmp/deep")
    server = socket.socket(socket.AF_UNIX)
    server.bind("/tmp/deep/" + "s" * 60)
    server.close()
    os.unlink("/tmp/deep/" + "s" * 60)
def fine_read():
    import glob
    assert glob.glob("/usr/*") and os.path.isfile("/etc/passwd")
