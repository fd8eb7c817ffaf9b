import http.server
import json
import threading

import anthropic


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *ignored):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = json.dumps({
            "id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "stop_reason": "end_turn", "stop_sequence": None,
            "content": [{"type": "text", "text": asked["messages"][-1]["content"].upper()}], "usage": {"input_tokens": 1, "output_tokens": 1},
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def use(input):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        threading.Thread(target=server.serve_forever).start()
        client = anthropic.Anthropic(base_url=f"http://127.0.0.1:{server.server_port}", api_key="none", max_retries=0)
        answer = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": double("hi")}])
        client.close()
        server.shutdown()
    return answer.content[0].text == "HIHI"
