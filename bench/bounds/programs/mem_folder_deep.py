# folders within each other, as deep as they get
def case(input):
    import os
    depth = 0
    try:
        while True:
            os.mkdir('d'); os.chdir('d')
            depth += 1
    except OSError as e:
        return [depth, str(e)]
