from concurrent import futures

import grpc


def use(input):
    server = grpc.server(futures.ThreadPoolExecutor(2))
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request[::-1])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Example", {"Reverse": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer = channel.unary_unary("/Example/Reverse")(double("abc").encode(), timeout=20)
    server.stop(0).wait()
    return answer == b"cbacba"
