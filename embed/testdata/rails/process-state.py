import os


def way_setuid(): os.setuid(65534)
def way_chroot(): os.chroot("/")
def way_nice(): os.nice(1)
def way_limit():
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
def way_prlimit(pid):
    import resource
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (10, 10))
def way_affinity(): os.sched_setaffinity(0, {0})
def way_scheduler(): os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
def way_exec(): os.execv("/bin/true", ["true"])
def way_fork(): os.fork()
def way_session(): os.setsid()
def way_hostname():
    import socket
    socket.sethostname("x")
def way_alarm():
    import signal
    signal.alarm(1)


def fine_same(): os.nice(0)
def fine_read():
    import resource
    resource.getrlimit(resource.RLIMIT_NOFILE)
