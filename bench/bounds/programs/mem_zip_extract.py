# an archive of a megabyte whose files have two gigabytes
def case(input):
    import io, zipfile
    text = io.BytesIO()
    with zipfile.ZipFile(text, 'w', zipfile.ZIP_DEFLATED) as z:
        with z.open('0', 'w') as f:
            for i in range(64): f.write(bytes(1 << 20))
    with zipfile.ZipFile(text) as z:
        for i in range(32): z.extractall(f'there/{i}')
    return 'extracted two gigabytes'
