# connects to the cloud's service of instance data
def case(input):
    import socket
    try: socket.create_connection(('169.254.169.254', 80), timeout=.5)
    except PermissionError: return None
    except OSError as e: return 'tried: ' + str(e)
    return 'connected'
