"""A screen that YouTube's app finds and starts, in Flask."""

from flask import Flask, Response, abort, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import run_simple

from upnp_trio.profiles import dial_receiver
from upnp_trio.threads import serve_in_thread
from upnp_trio.wsgi import UpnpApp

STATE = """<service xmlns="urn:dial-multiscreen-org:schemas:dial" dialVer="2.2"><name>YouTube</name>
<options allowStop="true"/>{}</service>"""
RUNNING, STOPPED = '<state>running</state><link rel="run" href="run"/>', "<state>stopped</state>"
upnp, apps = UpnpApp("http://{host}:8008"), Flask(__name__)
is_running = False


@apps.before_request
def check_origin():  # YouTube wants it: other pages are not to start anything (DIAL 2.2.1 §6.6)
    if (origin := request.headers.get("Origin", "")) != "https://www.youtube.com" and not origin.startswith("package:"):
        abort(403)


@apps.get("/YouTube")
def state():
    return Response(STATE.format(RUNNING if is_running else STOPPED), mimetype="text/xml")


@apps.route("/YouTube", methods=["POST"], defaults={"run": True})
@apps.route("/YouTube/run", methods=["DELETE"], defaults={"run": False})
def start_or_stop(run):
    global is_running
    is_running = run
    print("YouTube starts" if run else "YouTube stops", request.get_data(as_text=True), flush=True)
    return Response(status=201, headers={"Location": f"{request.base_url}/run"}) if run else Response()


with serve_in_thread(dial_receiver("TV", applications="http://{host}:8008/apps"), http=upnp, ipv6=False) as running:
    print("Served at", *running.locations, flush=True)
    run_simple("0.0.0.0", 8008, DispatcherMiddleware(upnp, {"/apps": apps}), threaded=True)
