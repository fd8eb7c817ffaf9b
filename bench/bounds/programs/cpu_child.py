# a child process that spins past the deadline
def case(input):
    import subprocess, sys
    subprocess.run([sys.executable, '-c', 'while True: pass'])
