# three threads that spin after the function has returned
def case(input):
    import threading
    def spin():
        while True:
            try:
                while True: pass
            except BaseException: pass
    for i in range(3): threading.Thread(target=spin, daemon=True).start()
    return 'left three spinning threads'
