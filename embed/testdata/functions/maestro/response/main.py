import maestro


def main(input):
    match input:
        case 0:
            return maestro.Response({"a": 1})
        case 1:
            return maestro.Response("text", status_code=201, headers={"X-A": "b"})
        case 2:
            return inner()
        case 3:
            return maestro.Response({1, 2}, 600)
