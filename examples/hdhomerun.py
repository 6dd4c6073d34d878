"""A tuner with one channel for Plex, Jellyfin and others, by the standard library's server."""

import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from upnp_trio import Elsewhere, render_description
from upnp_trio.profiles import hdhomerun_tuner
from upnp_trio.threads import serve_in_thread

tuner = hdhomerun_tuner("Attic", device_id="10ABCDEF")
CHANNELS = [{"GuideNumber": "1", "GuideName": "Test", "URL": "http://192.0.2.9:8000/test.ts"}]
STATUS = {"ScanInProgress": 0, "ScanPossible": 1, "Source": "Antenna", "SourceList": ["Antenna"]}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        base = f"http://{self.headers['Host']}"
        about = {"FriendlyName": tuner.friendly_name, "DeviceID": tuner.serial_number, "BaseURL": base}
        about |= {"ModelNumber": tuner.model_number, "TunerCount": 1, "LineupURL": f"{base}/lineup.json"}
        documents = {
            "/device.xml": render_description(tuner),
            "/discover.json": json.dumps(about).encode(),
            "/lineup_status.json": json.dumps(STATUS).encode(),
            "/lineup.json": json.dumps(CHANNELS).encode(),
        }
        if self.path not in documents:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", "text/xml" if self.path.endswith(".xml") else "application/json")
        self.send_header("Content-Length", str(len(documents[self.path])))
        self.end_headers()
        self.wfile.write(documents[self.path])


elsewhere = Elsewhere("http://{host}:5004/device.xml")
server = ThreadingHTTPServer(("", 5004), Handler)
with suppress(KeyboardInterrupt), serve_in_thread(tuner, http=elsewhere, ipv6=False) as running:
    print("Served at", *running.locations, flush=True)
    server.serve_forever()
