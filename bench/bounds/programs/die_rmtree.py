# deletes the data folder
def case(input):
    import shutil
    shutil.rmtree(input['data'], ignore_errors=True)
    return 1
