# children that each wait
def case(input):
    import subprocess
    k = [subprocess.Popen(['sleep', '30']) for i in range(300)]
    return len(k)
