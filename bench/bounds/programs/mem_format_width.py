# numbers and bytes formatted two gigabytes wide
def case(input):
    said = []
    for make in (lambda: f'{1:2147483647d}', lambda: '%02147483000d' % 1, lambda: b'%2147483000d' % 1, lambda: f'{1:.2147483000f}', lambda: 'x'.center(1 << 31)):
        try: said.append(len(make()))
        except (MemoryError, ValueError, OverflowError) as e: said.append(type(e).__name__)
    return said
