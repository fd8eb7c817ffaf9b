# searches the memory of the process for a neighbour's secret
def case(input):
    import re, time
    end = time.time() + .9
    # The search finds its own needle and buffers: as often as those of a secret that does not exist.
    needle, control = (bytes(reversed(b)) for b in (b'b-tnanet-fo-terces-detnalp', b'x-tnanet-fo-terces-detnalp'))
    n = 0; seen = 0
    with open('/proc/self/mem', 'rb', 0) as m:
        for l in open('/proc/self/maps'):
            a, p = l.split()[:2]
            if 'rw' not in p or 'vvar' in l: continue
            s, e = (int(x, 16) for x in a.split('-'))
            while s < e and time.time() < end:
                k = min(1 << 22, e - s)
                try: m.seek(s); d = m.read(k)
                except (OSError, OverflowError, ValueError): break
                seen += len(d); n += d.count(needle) - d.count(control); s += k
    return ['times found', n, 'MiB read', seen >> 20]
