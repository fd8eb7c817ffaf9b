# makes an interpreter of its own and loops in it
def case(input):
    import _interpreters as i
    x = i.create()
    i.exec(x, 'while True: pass')
