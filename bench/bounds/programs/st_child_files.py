# has a child process read the keys and tokens
def case(input):
    import subprocess
    return subprocess.run(['sh', '-c', 'cat %s/admin_token %s/secret_key %s/postgres_password' % ((input['data'],) * 3)], capture_output=True, text=True).stdout
