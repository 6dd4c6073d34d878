"""One lamp for an Echo: a Hue bridge and its API on port 80, which needs a privilege."""

from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, HTTPException, Request

from upnp_trio.asgi import UpnpApp
from upnp_trio.asyncio import serve_device
from upnp_trio.profiles import hue_bridge

upnp = UpnpApp("http://{host}:80")
state = {"on": False, "bri": 254, "reachable": True}
lamp = {"name": "Lamp", "type": "Dimmable light", "modelid": "LWB014", "uniqueid": "00:17:88:01:00:0a:bc:de-0b"}


@asynccontextmanager
async def lifespan(app):
    async with serve_device(hue_bridge("Lamp", mac="00:17:88:0a:bc:de"), http=upnp, ipv6=False) as running:
        print("Served at", *running.locations, flush=True)
        yield


app = FastAPI(lifespan=lifespan)
app.post("/api")(lambda: [{"success": {"username": "echo"}}])
app.get("/api/{user}/lights")(lambda: {"1": {**lamp, "state": state}})
app.get("/api/{user}/lights/1")(lambda: {**lamp, "state": state})


@app.put("/api/{user}/lights/1/state")
async def switch(request: Request):
    wanted = await request.json()  # an Echo calls it a form
    if type(wanted.get("on", False)) is not bool or wanted.get("bri", 1) not in range(1, 255):
        raise HTTPException(400)
    state.update({name: wanted[name] for name in ("on", "bri") if name in wanted})
    return [{"success": {f"/lights/1/state/{name}": value}} for name, value in wanted.items()]


app.mount("/", upnp)
uvicorn.run(app, host="0.0.0.0", port=80, server_header=False)
