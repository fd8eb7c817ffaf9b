import os
import socket


def way_read(fd): return os.read(fd, 100)
def way_at(fd): return os.pread(fd, 100, 0)
def way_vector(fd):
    buffer = bytearray(100)
    os.preadv(fd, [buffer], 0)
    return buffer
def way_file(fd): return open(fd, closefd=False).read()
def way_copy(fd): return os.read(os.dup(fd), 100)
def way_control(fd):
    import fcntl
    return os.read(fcntl.fcntl(fd, fcntl.F_DUPFD, 50), 100)
def way_onto(fd):
    mine = os.open("/dev/null", os.O_RDONLY)
    try:
        os.dup2(fd, mine)
        return os.read(mine, 100)
    finally:
        os.close(mine)
def way_send_file(fd):
    to = os.open("sent", os.O_CREAT | os.O_WRONLY)
    try:
        os.sendfile(to, fd, 0, 100)
    finally:
        os.close(to)
    return open("sent").read()
def way_copy_range(fd):
    if not hasattr(os, "copy_file_range"):  # CPython was built with an older libc
        os.read(fd, 1)
    to = os.open("sent", os.O_CREAT | os.O_WRONLY)
    try:
        os.copy_file_range(fd, to, 100, 0)
    finally:
        os.close(to)
def way_map(fd):
    import mmap
    return mmap.mmap(fd, 16, prot=mmap.PROT_READ)[:]
def way_message(fd):
    import array
    one, other = socket.socketpair()
    try:
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        return other.recvmsg(1, 100)
    finally:
        one.close()
        other.close()
def way_position(fd): os.lseek(fd, 0, 0)
def way_mode(fd): os.fchmod(fd, 0o777)
def way_lock(fd):
    import fcntl
    fcntl.flock(fd, fcntl.LOCK_EX)
def way_wait(fd):
    import select
    select.epoll.fromfd(fd).poll(0)


def fine_own():
    a, b = os.pipe()
    os.write(b, b"x")
    assert os.read(os.dup(a), 1) == b"x"
    os.close(a)
    os.close(b)
def fine_named():
    a, b = os.pipe()
    os.write(b, b"x")
    with open(f"/proc/self/fd/{a}", "rb", 0) as file:
        assert file.read(1) == b"x"
    os.close(a)
    os.close(b)
def fine_input(): assert isinstance(os.read(0, 0), bytes)
