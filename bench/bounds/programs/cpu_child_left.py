# a child process that spins after the function has returned
def case(input):
    import subprocess, sys
    subprocess.Popen([sys.executable, '-c', 'while True: pass'], start_new_session=True)
    return 1
