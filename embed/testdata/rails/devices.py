import os


def way_memory(): open("/dev/mem", "rb")
def way_console(): open("/dev/console", "wb")
def way_kernel(): open("/dev/kmsg", "rb")
def way_link(home):
    os.path.lexists(home + "/kernel") or os.symlink("/dev/kmsg", home + "/kernel")
    open(home + "/kernel", "rb")
def way_new(home): os.mknod(home + "/device", 0o600 | 0o060000, os.makedev(254, 0))
def way_character(home): os.mknod(home + "/device", 0o600 | 0o020000, os.makedev(1, 1))
def way_shared_names(): os.listdir("/dev/shm")
def way_file(): open("/dev/file", "w")


def fine_usual():
    with open("/dev/null", "w") as file:
        file.write("x")
    with open("/dev/urandom", "rb") as file:
        assert len(file.read(8)) == 8
    with open("/dev/zero", "rb") as file:
        assert file.read(2) == bytes(2)
def fine_terminal():
    import pty
    primary, secondary = os.openpty()
    with open(os.ttyname(secondary), "w") as file:
        file.write("x")
    os.close(primary)
    os.close(secondary)
def fine_shared():
    from multiprocessing import shared_memory
    memory = shared_memory.SharedMemory(create=True, size=10)
    memory.close()
    memory.unlink()
