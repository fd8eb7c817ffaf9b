package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/packages/probe"
	"maestro/internal/testkit"
)

// fallbacks use each package that is known to work without the extension modules that
// refuse sub-interpreters. Each program returns what it must: the same with them.
var fallbacks = map[string]string{
	"aiohttp": `
import aiohttp, asyncio
from aiohttp import web

async def use(input):
    async def hello(request):
        return web.json_response({"name": request.query["name"], "body": await request.json()})
    app = web.Application()
    app.router.add_post("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        async with session.post(f"http://127.0.0.1:{port}/", params={"name": "a b"}, json={"x": [1, 2]}) as answer:
            result = await answer.json()
    await runner.cleanup()
    return result == {"name": "a b", "body": {"x": [1, 2]}}
`,
	"frozenlist": `
def use(input):
    from frozenlist import FrozenList
    items = FrozenList([1, 2])
    items.append(3)
    items.freeze()
    try:
        items.append(4)
    except RuntimeError:
        return list(items) == [1, 2, 3]
`,
	"msgpack": `
def use(input):
    import msgpack
    value = {"a": [1, 2.5, None, True, "é"], "b": b"\x00", "c": msgpack.Timestamp(1, 2)}
    return msgpack.unpackb(msgpack.packb(value)) == value and list(msgpack.Unpacker(__import__("io").BytesIO(b"\x01\x02"))) == [1, 2]
`,
	"propcache": `
def use(input):
    from propcache.api import cached_property
    class A:
        n = 0
        @cached_property
        def x(self):
            self.n += 1
            return self.n
    a = A()
    return a.x == a.x == 1
`,
	"pymongo": `
def use(input):
    import bson, datetime
    from pymongo import InsertOne, MongoClient
    value = {"a": [1, "é", None], "at": datetime.datetime(2026, 11, 29), "id": bson.ObjectId(), "n": bson.Int64(1 << 40)}
    client = MongoClient("mongodb://127.0.0.1:1/", serverSelectionTimeoutMS=1)
    client.close()
    return bson.decode(bson.encode(value)) == value and InsertOne(value)._doc == value
`,
	"pyyaml": `
def use(input):
    import yaml
    value = {"a": [1, 2, {"b": "é"}], "c": None}
    return yaml.safe_load(yaml.safe_dump(value)) == value and not yaml.__with_libyaml__
`,
	"simplejson": `
def use(input):
    import decimal, simplejson
    value = {"a": [1, decimal.Decimal("1.10"), None, "é"]}
    return simplejson.loads(simplejson.dumps(value), use_decimal=True) == value
`,
	"tornado": `
def use(input):
    from tornado.util import _websocket_mask
    from tornado import template
    masked = _websocket_mask(b"abcd", b"hello")
    return _websocket_mask(b"abcd", masked) == b"hello" and template.Template("<{{ x }}>").generate(x="&") == b"<&amp;>"
`,
	"websockets": `
import websockets

async def use(input):
    async def echo(connection):
        async for message in connection:
            await connection.send(message[::-1])
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with websockets.connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
            await client.send("élan" * 100)
            return await client.recv() == ("élan" * 100)[::-1]
`,
	"yarl": `
def use(input):
    from yarl import URL
    url = URL("http://example.com/a b/é?x=1 2#f").with_query({"q": "ü&"})
    return str(url) == "http://example.com/a%20b/%C3%A9?q=%C3%BC%26#f" and url.query["q"] == "ü&"
`,
	"zope-interface": `
def use(input):
    from zope.interface import Interface, implementer, adapter
    class IA(Interface): pass
    class IB(Interface): pass
    @implementer(IA)
    class A: pass
    registry = adapter.AdapterRegistry()
    registry.register([IA], IB, "", lambda a: "adapted")
    return IA.providedBy(A()) and registry.lookup1(IA, IB)(A()) == "adapted"
`,
}

// The packages on the list of those that fall back to Python do so: they are used in the
// embedded lane.
func TestPackagesThatFallBack(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, slices.Collect(maps.Keys(probe.FallsBack())), slices.Collect(maps.Keys(fallbacks)))
	p := start(t, testkit.DataDir(t), append(fromPyPI(), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+strings.Repeat("k", 40))...)
	for _, name := range slices.Sorted(maps.Keys(fallbacks)) {
		c := p.client(t, name)
		r := c.awaited(c.send("POST", "/api/v1/packages", map[string]any{"package_name": name}))
		if strings.Contains(string(r.body), `"unavailable"`) {
			t.Skipf("PyPI can't be reached from here: %s", r.body)
		}
		require.Equal(t, 201, r.status, "%s: %s", name, r.body)
		require.Nil(t, r.json(t)["lane"], "%s: %s", name, r.body)
		c.define("use", fallbacks[name])
		require.Equal(t, "true", c.result("use", nil), name)
	}
}
