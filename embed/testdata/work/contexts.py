import contextvars

kept = contextvars.copy_context()
of_a_call = None


def main(n):
    global of_a_call
    if of_a_call is None:
        of_a_call = contextvars.copy_context()
    contextvars.Context().run(note, n)
    contextvars.copy_context().run(note, n)
    try:
        kept.run(note, n)
        of_a_call.run(note, n)
    except RuntimeError as error:  # another call is in it
        assert "already entered" in str(error), error
    return note(n)
