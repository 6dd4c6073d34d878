"""A Roku for remotes: what is pressed there is printed."""

from aiohttp import web

from upnp_trio import Elsewhere, render_description
from upnp_trio.asyncio import serve_device
from upnp_trio.profiles import roku_player

player = roku_player("Living room", serial="P0A070000007")
INFO = """<device-info><udn>{0.udn.uuid}</udn><serial-number>{0.serial_number}</serial-number>
<vendor-name>Roku</vendor-name><model-number>{0.model_number}</model-number><model-name>{0.model_name}</model-name>
<user-device-name>{0.friendly_name}</user-device-name><power-mode>PowerOn</power-mode></device-info>"""
DOCUMENTS = {
    "/": render_description(player),
    "/query/device-info": INFO.format(player).encode(),
    "/query/apps": b'<apps><app id="11" version="1.0.0">My program</app></apps>',
    "/query/active-app": b"<active-app><app>Roku</app></active-app>",
}


async def document(request):
    return web.Response(body=DOCUMENTS[request.path], content_type="text/xml", charset="utf-8")


async def press(request):
    print(request.match_info["verb"], request.match_info["key"], flush=True)
    return web.Response()


async def announced(app):
    async with serve_device(player, http=Elsewhere("http://{host}:8060/"), profile="roku") as running:
        print("Served at", *running.locations, flush=True)
        yield


app = web.Application()
app.add_routes([web.get(path, document) for path in DOCUMENTS])
app.add_routes([web.post("/{verb:keypress|keydown|keyup|launch}/{key}", press)])
app.cleanup_ctx.append(announced)
web.run_app(app, port=8060, print=None)
