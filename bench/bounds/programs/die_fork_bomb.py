# children that start children
def case(input):
    import subprocess
    subprocess.run(['sh', '-c', 'f() { [ "$1" -gt 6 ] || { f $(($1 + 1)) & f $(($1 + 1)) & sleep 20; }; }; f 0'])
