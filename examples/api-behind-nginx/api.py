#!/usr/bin/python3
"""The orders API. It listens where only nginx comes from, and believes what nginx says of the caller."""
import http.server
import json
import sys


class Orders(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        caller = {name: self.headers.get(f"X-Lanyard-{name}") for name in ("Object-Id", "App-Id", "Roles")}
        body = json.dumps({"orders": [1, 2, 3], "caller": caller, "saw_token": "Authorization" in self.headers}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Orders).serve_forever()
