import os


def way_write(home):
    try:
        with open(home + "/large", "wb") as file:
            for _ in range(100):
                file.write(bytes(1 << 20))
                file.flush()
    finally:
        os.remove(home + "/large")
def way_truncate(home):
    try:
        with open(home + "/sparse", "wb") as file:
            file.truncate(1 << 30)
    finally:
        os.remove(home + "/sparse")
def way_many(home):
    os.makedirs(home + "/many", exist_ok=True)
    try:
        for i in range(10000):
            open(f"{home}/many/{i}", "w").close()
    finally:
        import shutil
        shutil.rmtree(home + "/many")
def way_folders(home):
    try:
        for i in range(10000):
            os.mkdir(f"{home}/folder{i}")
    finally:
        for j in range(i):
            os.rmdir(f"{home}/folder{j}")
def way_at(home):
    fd = os.open(home + "/at", os.O_CREAT | os.O_WRONLY)
    try:
        for i in range(100):
            os.pwrite(fd, bytes(1 << 20), i << 20)
    finally:
        os.close(fd)
        os.remove(home + "/at")
def way_allocate(home):
    fd = os.open(home + "/allocated", os.O_CREAT | os.O_WRONLY)
    try:
        os.posix_fallocate(fd, 0, 1 << 26)
    finally:
        os.close(fd)
        os.remove(home + "/allocated")
def way_child(home):
    import subprocess
    try:
        subprocess.run(["dd", "if=/dev/zero", "of=" + home + "/by-child", "bs=1M", "count=3"], check=True, capture_output=True)
        subprocess.run(["dd", "if=/dev/zero", "of=" + home + "/by-child-2", "bs=1M", "count=3"], check=True, capture_output=True)
        open(home + "/one-more", "w").close()
    finally:
        for name in "/by-child", "/by-child-2", "/one-more":
            os.path.exists(home + name) and os.remove(home + name)
def way_copy(home):
    import shutil
    try:
        with open(home + "/first", "wb") as file:
            file.write(bytes(3 << 20))
        for i in range(3):
            shutil.copyfile(home + "/first", f"{home}/copy{i}")
    finally:
        for name in "first", "copy0", "copy1", "copy2":
            os.path.exists(f"{home}/{name}") and os.remove(f"{home}/{name}")


def fine_again(home):
    for _ in range(20):
        with open(home + "/again", "wb") as file:
            file.write(bytes(1 << 20))
    os.remove(home + "/again")
