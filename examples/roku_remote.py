"""A Roku for remotes: what is pressed there is printed."""

from socket import create_server

from aiohttp import web

from upnp_trio import Elsewhere, render_description
from upnp_trio.asyncio import serve_device
from upnp_trio.profiles import roku_player

player = roku_player("Living room", serial="P0A070000007")
INFO = """<device-info><udn>{0.udn.uuid}</udn><serial-number>{0.serial_number}</serial-number>
<model-name>{0.model_name}</model-name><user-device-name>{0.friendly_name}</user-device-name></device-info>"""
DOCUMENTS = {
    "/": render_description(player),
    "/query/device-info": INFO.format(player).encode(),
    "/query/apps": b'<apps><app id="11" version="1.0.0">My program</app></apps>',
}


async def document(request):
    return web.Response(body=DOCUMENTS[request.path], content_type="text/xml", charset="utf-8")


async def press(request):
    print(request.match_info["verb"], request.match_info["key"], flush=True)
    return web.Response()


async def announced(app):
    async with serve_device(player, http=Elsewhere("http://{host}:8060/"), profile="roku", ipv6=False) as running:
        print("Served at", *running.locations, flush=True)
        yield


app = web.Application()
app.add_routes(web.get(path, document) for path in DOCUMENTS)
app.router.add_post("/{verb:keypress|keydown|keyup|launch}/{key}", press)
app.cleanup_ctx.append(announced)
web.run_app(app, sock=create_server(("", 8060)), print=None)  # it listens before it is announced
