"""Generators that functions return (cpython/stream.h).

That of an outer call is run to its end, and what it yields leaves piece by piece, or is
collected where no caller takes pieces. That of a sibling is iterated by its caller: its
step lasts until it ends.
"""

import _maestro

# model.EmitKind and model.EmitState.
_HEAD, _TEXT, _BYTES, _VALUE, _ROOM = range(5)
_GO_ON, _FULL, _GONE, _COLLECT = range(4)


class _Sink:
    """Takes what the generator of an outer call yields."""

    __slots__ = ("response", "total", "items", "begun")

    def __init__(self, response):
        self.response = response
        self.total = 0
        self.items = None  # a list, where no caller takes pieces
        self.begun = False

    def _emit(self, kind, value, wait):
        answer = _maestro.emit(kind, value, self.total, wait)
        self.total = answer >> 2
        return answer & 3

    def _begin(self):
        # Not before there is something to send: until then a failure is an answer of its own.
        head = self.response and {"status_code": self.response.status_code, "headers": _header_texts(self.response)}  # noqa: F821 (api.py)
        state = self._emit(_HEAD, head, False)
        self.begun = True
        if state == _COLLECT:
            self.items = []
        return state

    def put(self, item, wait):
        """Takes an item by value, and returns the state."""
        if not self.begun and self._begin() == _GONE:
            return _GONE
        if self.items is not None:
            value, text = _maestro.copy(item, self.total)
            self.total += len(text) + 1
            self.items.append(value)
            return _GO_ON
        kind = _TEXT if isinstance(item, str) else _BYTES if isinstance(item, (bytes, bytearray, memoryview)) else _VALUE
        return self._emit(kind, item, wait)

    def room(self):
        return self._emit(_ROOM, None, False)

    def result(self):
        """What takes the place of the generator as the result."""
        if not self.begun:
            self._begin()
        if self.response is None:
            return self.items
        return Response(self.items, self.response.status_code, self.response.headers)  # noqa: F821 (api.py)


def _body_of(value):
    """Returns the iterator in a result, and the Response around it."""
    return (value.body, value) if isinstance(value, Response) else (value, None)  # noqa: F821


def stream(value):
    """Runs the generator that an ordinary function has returned to its end."""
    body, response = _body_of(value)
    if hasattr(type(body), "__anext__"):
        return run(stream_async(value))  # noqa: F821 (loop.py)
    sink = _Sink(response)
    advance, arguments = body.__next__, ()
    try:
        while True:
            try:
                item = advance(*arguments)
            except StopIteration:
                break
            try:
                if sink.put(item, True) == _GONE:
                    break
            except BaseException as error:
                # It is the yield that has failed, so it is raised there.
                if not hasattr(body, "throw"):
                    raise
                advance, arguments = body.throw, (error,)
            else:
                advance, arguments = body.__next__, ()
    finally:
        if hasattr(body, "close"):
            body.close()
    return sink.result()


async def stream_async(value):
    """The same on an event loop, also of an async generator."""
    body, response = _body_of(value)
    is_async = hasattr(type(body), "__anext__")
    take, throw, close = ("__anext__", "athrow", "aclose") if is_async else ("__next__", "throw", "close")
    sink = _Sink(response)
    advance, arguments = getattr(body, take), ()
    try:
        while True:
            try:
                item = advance(*arguments)
                if is_async:
                    item = await item
            except (StopIteration, StopAsyncIteration):
                break
            try:
                state = sink.put(item, False)
                if state == _FULL:
                    state = await _room(sink)
                if state == _GONE:
                    break
            except GeneratorExit:  # the coroutine itself is closed
                raise
            except BaseException as error:  # a cancellation too, such as that of an asyncio.timeout around the yield
                if not hasattr(body, throw):
                    raise
                advance, arguments = getattr(body, throw), (error,)
            else:
                advance, arguments = getattr(body, take), ()
    finally:
        if hasattr(body, close):
            closed = getattr(body, close)()
            if is_async:
                await closed
    return sink.result()


async def _room(sink):
    """Waits until the client has taken some of the pieces, without holding up the loop."""
    from asyncio import sleep

    pause = 0.001
    while (state := sink.room()) == _FULL:
        await sleep(pause)
        pause = min(2 * pause, 0.05)
    return state


class _Step:
    """What Steps and AsyncSteps share: the generator of a step, and its end."""

    __slots__ = ("_generator", "_context", "_frame", "_items", "_total", "__weakref__")

    def __init__(self, generator, context, frame):
        self._generator = generator
        self._context = context
        self._frame = frame  # 0 once the step has ended
        self._items = []
        self._total = 0

    def _taken(self, item):
        """The caller's copy of an item."""
        value, text = _maestro.copy(item, self._total)
        self._total += len(text) + 1
        self._items.append(text)
        return value

    def _end(self):
        frame, self._frame = self._frame, 0
        items, self._items = self._items, ()
        if frame:
            _maestro.end_step(frame, b"[" + b",".join(items) + b"]")

    def _fail(self, error):
        frame, self._frame = self._frame, 0
        self._items = ()
        if not frame:
            raise error
        _maestro.fail_step(frame, error)

    def __repr__(self):
        return f"<generator of a step: {self._generator!r}>"

    def __del__(self):
        if self._frame:
            try:
                self._give_up()
            except Exception:
                pass  # the call is over, or the items taken so far are no output of the function


class Steps(_Step):
    """What a generator function yields to the function that has called it. Its step ends with it."""

    __module__ = "maestro"
    __slots__ = ()

    def _give_up(self):
        self.close()

    def _run(self, method, *arguments):
        while True:
            try:
                item = self._context.run(method, *arguments)
            except StopIteration as stop:
                self._end()
                raise StopIteration(None if stop.value is None else _maestro.copy(stop.value, 0)[0]) from None
            except BaseException as error:
                self._fail(error)
            try:
                return self._taken(item)
            except Exception as error:  # it is no JSON value: the yield has failed
                method, arguments = self._generator.throw, (error,)

    def __iter__(self):
        return self

    def __next__(self):
        return self._run(self._generator.__next__)

    def send(self, value):
        return self._run(self._generator.send, value)

    def throw(self, *error):
        return self._run(self._generator.throw, *error)

    def close(self):
        try:
            self._context.run(self._generator.close)
        except BaseException as error:
            self._fail(error)
        self._end()


class _Within:
    """Awaits in the context of a step."""

    __slots__ = ("_context", "_inner")

    def __init__(self, context, inner):
        self._context = context
        self._inner = inner

    def __await__(self):
        run, inner = self._context.run, self._inner
        advance, argument = inner.send, None
        while True:
            try:
                waits = run(advance, argument)
            except StopIteration as stop:
                return stop.value
            try:
                argument = yield waits
                advance = inner.send
            except GeneratorExit:
                run(inner.close)
                raise
            except BaseException as error:
                advance, argument = inner.throw, error


class AsyncSteps(_Step):
    """What an async generator function yields to the function that has called it."""

    __module__ = "maestro"
    __slots__ = ()

    def _give_up(self):
        self._end()  # the loop closes the generator

    async def _run(self, method, *arguments):
        while True:
            try:
                item = await _Within(self._context, method(*arguments))
            except StopAsyncIteration:
                self._end()
                raise
            except BaseException as error:
                self._fail(error)
            try:
                return self._taken(item)
            except Exception as error:
                method, arguments = self._generator.athrow, (error,)

    def __aiter__(self):
        return self

    def __anext__(self):
        return self._run(self._generator.asend, None)

    def asend(self, value):
        return self._run(self._generator.asend, value)

    def athrow(self, *error):
        return self._run(self._generator.athrow, *error)

    async def aclose(self):
        try:
            await _Within(self._context, self._generator.aclose())
        except BaseException as error:
            self._fail(error)
        self._end()
