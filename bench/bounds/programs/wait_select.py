# waits of select, poll and epoll without an end
def case(input):
    import select, threading
    threading.Thread(target=lambda: select.epoll().poll(), daemon=True).start()
    threading.Thread(target=lambda: select.poll().poll(), daemon=True).start()
    select.select([], [], [])
