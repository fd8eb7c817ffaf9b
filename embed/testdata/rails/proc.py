import os


def read(path):
    with open(path, "rb") as file:
        return file.read(100)
def way_environ(): read("/proc/self/environ")
def way_memory(): read("/proc/self/mem")
def way_maps(): read("/proc/self/maps")
def way_by_number(pid): read(f"/proc/{pid}/environ")
def way_thread(): read("/proc/thread-self/environ")
def way_task(pid): read(f"/proc/self/task/{pid}/environ")
def way_parent(parent): read(f"/proc/{parent}/cmdline")
def way_first(): read("/proc/1/status")
def way_descriptors_of_others(parent): os.listdir(f"/proc/{parent}/fd")
def way_information(): os.listdir("/proc/self/fdinfo")
def way_link(home):
    os.path.lexists(home + "/environ") or os.symlink("/proc/self/environ", home + "/environ")
    read(home + "/environ")
def way_folder(): read("/proc/self/../self/environ")
def way_root(): read("/proc/self/root/proc/self/environ")
def way_write(): open("/proc/self/oom_score_adj", "w")
def way_kernel(): read("/proc/kcore")
def way_connections(): read("/proc/net/tcp")


def fine_machine():
    for name in "cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "mounts", "filesystems", "sys/kernel/osrelease":
        assert read("/proc/" + name), name
def fine_self():
    for name in "stat", "statm", "status", "cgroup", "limits", "mountinfo", "comm":
        assert read("/proc/self/" + name), name
    assert os.listdir("/proc/self/fd") and os.listdir("/proc")
def fine_child():
    import subprocess
    child = subprocess.Popen(["sleep", "100"])
    assert read(f"/proc/{child.pid}/stat")
    child.kill()
    child.wait()


def way_name_of_descriptor(fd): return os.readlink(f"/proc/self/fd/{fd}")
def way_name_of_descriptor_by_thread(fd): return os.readlink(f"/proc/thread-self/fd/{fd}")
def fine_name_of_own_descriptor(home):
    with open(home + "/named", "w") as file:
        assert os.readlink(f"/proc/self/fd/{file.fileno()}") == home + "/named"
