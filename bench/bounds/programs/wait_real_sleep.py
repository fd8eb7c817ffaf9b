# sleeps in select
def case(input):
    import select
    select.select([], [], [], 30)
