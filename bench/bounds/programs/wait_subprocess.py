# waits for a child that sleeps
def case(input):
    import subprocess
    subprocess.run(['sleep', '30'])
