def into_sibling(input):
    try:
        echo({"x": [1, object]})
    except TypeError as error:
        return str(error)
