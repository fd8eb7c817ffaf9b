# The same object, with its attributes, through any number of calls.
def main(input):
    try:
        middle(input)
    except Exception as error:
        frames, traceback = [], error.__traceback__
        while traceback:
            frames.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        return [
            type(error).__name__,
            type(error).__mro__[1].__name__,
            error.payload["callable"](20),
            error.__notes__,
            error is error.payload["itself"],
            frames,
        ]
