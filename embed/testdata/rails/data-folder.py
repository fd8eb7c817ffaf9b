import os


def read(path, **named):
    with open(path, **named) as file:
        return file.read()
def way_open(key): return read(key)
def way_dots(home): return read(home + "/../../secret_key")
def way_link(home, key):
    os.path.lexists(home + "/link") or os.symlink(key, home + "/link")
    return read(home + "/link")
def way_link_to_folder(home, data):
    os.path.lexists(home + "/folder") or os.symlink(data, home + "/folder")
    return read(home + "/folder/secret_key")
def way_os_open(key): return os.read(os.open(key, os.O_RDONLY), 100)
def way_folder_descriptor(data):
    folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        return os.read(os.open(data[1:] + "/secret_key", os.O_RDONLY, dir_fd=folder), 100)
    finally:
        os.close(folder)
def way_proc_root(key): return read("/proc/self/root" + key)
def way_proc_directory():
    return read("/proc/thread-self/cwd/../../secret_key")
def way_hard_link(home, key): os.link(key, home + "/hard")
def way_path_only(key): return os.open(key, os.O_PATH)
def way_raw_file(key):
    import _io
    return _io.FileIO(key).read()
def way_code(key):
    import io
    return io.open_code(key).read()
def way_sqlite(key):
    import sqlite3
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("attach ? as other", [key])
    except sqlite3.OperationalError as e:
        open(key)
def way_certificates(key):
    import ssl
    ssl.create_default_context(cafile=key)
def way_key_of_certificate(key):
    import ssl
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(key)
def way_copy(key, home):
    import shutil
    shutil.copy(key, home + "/copy")
def way_pathlib(key):
    import pathlib
    return pathlib.Path(key).read_text()
def way_fileinput(key):
    import linecache
    return linecache.getlines(key) or read(key)
def way_list(data): return str(os.listdir(data))
def way_scan(data): return str(list(os.scandir(data)))
def way_other_files(other): return str(os.listdir(other))
def way_other_file(other): return read(other + "/file")
def way_stat(key): return os.stat(key).st_size
def way_change_directory(data): os.chdir(data)
def way_truncate(key): os.truncate(key, 0)
def way_remove(key): os.remove(key)
def way_rename(key, home): os.rename(key, home + "/key")
def way_replace(key, home):
    open(home + "/mine", "w").close()
    os.replace(home + "/mine", key)
def way_mode(key): os.chmod(key, 0o777)
def way_times(key): os.utime(key)
def way_attribute(key): os.setxattr(key, "user.x", b"x")
def way_fifo(data): os.mkfifo(data + "/pipe")
def way_folder(data): os.mkdir(data + "/made")
def way_new_link(data): os.symlink("x", data + "/made")
def way_new_file(data): open(data + "/made", "w")
def way_link_to_nothing(home, data):
    os.path.lexists(home + "/new") or os.symlink(data + "/made", home + "/new")
    open(home + "/new", "w")
def way_socket(data):
    import socket
    socket.socket(socket.AF_UNIX).bind(data + "/socket")
def way_connect(data):
    import socket
    socket.socket(socket.AF_UNIX).connect(data + "/socket")
def way_load(key):
    import mmap
    with open(key) as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:]


def fine_exists(key): assert not os.path.exists(key) and not os.access(key, os.R_OK)
def fine_walk(data): assert list(os.walk(data)) == []
def fine_own(home):
    assert os.getcwd() == home == os.path.expanduser("~") == os.path.realpath(".")
    with open("file.txt", "w") as file:
        file.write("x")
    assert read(home + "/file.txt") == "x" and "file.txt" in os.listdir()
def fine_strict(home): assert os.path.realpath(home, strict=True) == home
def fine_kit():
    import json
    assert "JSON" in read(json.__file__) and os.stat(json.__file__).st_size


def fine_replaced_link(home, key):
    # Another thread changes where a link leads, between the decision and the opening.
    import threading
    import time
    with open(home + "/mine", "w") as file:
        file.write("mine")
    os.path.lexists(home + "/race") or os.symlink("mine", home + "/race")
    end = time.monotonic() + 0.3
    def replace():
        while time.monotonic() < end:
            for target in ("mine", key):
                try:
                    os.symlink(target, home + "/next")
                    os.replace(home + "/next", home + "/race")
                except OSError:
                    pass
    thread = threading.Thread(target=replace)
    thread.start()
    seen = set()
    while time.monotonic() < end:
        for mode in ("r", "a", "r+"):
            try:
                with open(home + "/race", mode) as file:
                    if mode != "a":
                        seen.add(file.read())
            except OSError as e:
                seen.add(type(e).__name__)
    thread.join()
    assert seen <= {"mine", "PermissionError"} and "mine" in seen, seen
