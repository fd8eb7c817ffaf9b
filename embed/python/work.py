"""Work belongs to the call that submitted it, regardless of the thread that runs it.

The call that code runs for is stored in a context variable (cpython/frame.h). So
work must run in the context of its submitter, and threads that work for many
calls must belong to none themselves.
"""

import _contextvars
import _thread
import gc
import sys

import _maestro

# In this context, and in copies of it, code belongs to no call. The variable is
# set, to 0: where it is not set at all, as in contextvars.Context(), a thread
# that is started belongs to the call that starts it.
_of_no_call = _contextvars.Context()
_of_no_call.run(_maestro.frame_var.set, 0)

_raw_threads = {}  # token -> function of a thread that _thread.start_new_thread has started; it may have no frame yet
_importing = {}  # identifier of a thread -> how many modules it is executing


def _context_to_start():
    """Returns the context for a thread that is started, or work submitted, here.

    A thread that module-level code starts serves all calls to come, and belongs
    to none of them, regardless of the call that caused the import.
    """
    context = _contextvars.copy_context()
    if _thread.get_ident() in _importing:
        context.run(_maestro.frame_var.set, 0)
    elif _maestro.frame_var not in context:
        context.run(_maestro.frame_var.set, _maestro.frame())
    return context


def _ready_import():
    from _frozen_importlib_external import ExtensionFileLoader, _LoaderBasics

    def counted(execute):
        def exec_module(self, module):
            thread = _thread.get_ident()
            depth = _importing.get(thread, 0)
            _importing[thread] = depth + 1
            try:
                return execute(self, module)
            finally:
                if depth:
                    _importing[thread] = depth
                else:
                    _importing.pop(thread, None)

        return exec_module

    for loader in (_LoaderBasics, ExtensionFileLoader):
        _import_undone.append((loader, loader.exec_module))
        loader.exec_module = counted(loader.exec_module)


_import_undone = []  # what importlib had: it goes after all else, and would keep this module's memory
_ready_import()


def _start_new_thread(start):
    def start_new_thread(function, args, kwargs={}, /):
        context = _context_to_start()
        if type(args) is not tuple or type(kwargs) is not dict or not callable(function):
            return start(function, args, kwargs)  # raises the usual TypeError
        token = object()
        _raw_threads[token] = function
        try:
            return start(context.run, (_call_in_thread, token, function, args, kwargs))
        except BaseException:
            del _raw_threads[token]
            raise

    return start_new_thread


def _call_in_thread(token, function, args, kwargs):
    # A frame of Python in the context: a stop that is meant for the work meets it
    # here and not the thread around it.
    try:
        return function(*args, **kwargs)
    finally:
        del _raw_threads[token]


_thread.start_new_thread = _thread.start_new = _start_new_thread(_thread.start_new_thread)


@when_imported("threading")  # noqa: F821 (on_import.py)
def _ready_threading(threading):
    start, report = threading.Thread.start, threading.excepthook

    def start_in_context(self):
        if getattr(self, "_context", self) is None:
            self._context = _context_to_start()
        start(self)

    def excepthook(args, /):
        if args.exc_type is Stopped or _winding_down:  # noqa: F821 (api.py)
            return  # its call was stopped, and was told why
        context = getattr(args.thread, "_context", None)
        if context is None:
            report(args)
        else:
            context.run(report, args)

    start_in_context.__name__ = "start"
    start_in_context.__qualname__ = "Thread.start"
    start_in_context.__doc__ = start.__doc__
    threading.Thread.start = start_in_context
    threading.excepthook = threading.__excepthook__ = excepthook


@when_imported("concurrent.futures.thread")  # noqa: F821
def _ready_executors(module):
    initialize, run = module._WorkItem.__init__, module._WorkItem.run
    add_thread = module.ThreadPoolExecutor._adjust_thread_count
    make = module.ThreadPoolExecutor.__init__

    def initialize_in_context(self, *args, **kwargs):
        initialize(self, *args, **kwargs)
        self.context = _context_to_start()

    def run_in_context(self, context):
        works = self.context.run(_maestro.frame)
        self.context.run(run, self, context)
        if works:
            _maestro.account()

    def _adjust_thread_count(self):
        _of_no_call.copy().run(add_thread, self)

    def make_served(self, *args, **kwargs):
        make(self, *args, **kwargs)
        self._work_queue._served = True  # and is ended by its executor

    make_served.__name__, make_served.__qualname__ = "__init__", "ThreadPoolExecutor.__init__"
    make_served.__doc__, make_served.__wrapped__ = make.__doc__, make
    module.ThreadPoolExecutor.__init__ = make_served
    module._WorkItem.__init__ = initialize_in_context
    module._WorkItem.run = run_in_context
    module.ThreadPoolExecutor._adjust_thread_count = _adjust_thread_count


@when_imported("multiprocessing.dummy")  # noqa: F821
def _ready_thread_pools(module):
    # The threads of multiprocessing.pool.ThreadPool. What they do comes out of queues.
    start = module.DummyProcess.start

    def start_of_no_call(self):
        _of_no_call.copy().run(start, self)

    module.DummyProcess.start = start_of_no_call


@when_imported("multiprocessing.pool")  # noqa: F821
def _ready_pool_results(module):
    import queue

    class SimpleQueue(queue.SimpleQueue):
        __slots__ = ()

        def __init__(self):
            self._served = True  # and is ended by its pool

    names = ModuleType("queue")  # noqa: F821 (api.py)
    names.__dict__.update(queue.__dict__)
    names.SimpleQueue = SimpleQueue
    module.queue = names
    make = module.ApplyResult.__init__

    def make_in_context(self, *args, **kwargs):
        make(self, *args, **kwargs)
        self._context = _context_to_start()

    def in_context(set_result):
        def _set(self, i, result):  # calls the callbacks
            self._context.run(set_result, self, i, result)

        return _set

    module.ApplyResult.__init__ = make_in_context
    module.ApplyResult._set = in_context(module.ApplyResult._set)
    module.MapResult._set = in_context(module.MapResult._set)


# Queues. A thread or task that belongs to no call and takes an item does so for
# the call that put it there, until it comes back for the next.


class _Owners:
    """The calls that have put the items of one queue, by the items' identity: a
    queue may order its items by their values, so they stay as they are.
    """

    __slots__ = ("frames", "served")

    def __init__(self):
        self.frames = {}
        self.served = False  # by a thread that belongs to no call

    def put(self, item):
        frame = _maestro.frame()
        if frame:
            self.frames.setdefault(id(item), []).append(frame)
        return frame

    def unput(self, item):
        self.take(item)

    def take(self, item):
        frames = self.frames.get(id(item))
        if not frames:
            return 0
        frame = frames.pop(0)
        if not frames:
            self.frames.pop(id(item), None)
        return frame


def _owners(queue):
    owners = queue.__dict__.get("_maestro_owners")
    if owners is None:
        owners = queue.__dict__.setdefault("_maestro_owners", _Owners())
    return owners


_served = ()  # the queues from which a thread that belongs to no call takes its work
_ended = object()  # what such a thread finds in a SimpleQueue at the end of the interpreter


# The list of the interpreter's own, which code cannot put another in the place of. It is
# cleared before anything else at the end: a callback that loops would have the end last.
garbage_callbacks = gc.callbacks


def wind_down():
    """Has threads come to their end that wait for work, at the end of their
    interpreter: one that stays keeps the memory of the interpreter.
    """
    global _winding_down
    _winding_down = True
    while _import_undone:
        loader, exec_module = _import_undone.pop()
        loader.exec_module = exec_module
    for queue in list(_served):
        queue._wind_down()
    threading = sys.modules.get("threading")
    for thread in list(getattr(threading, "_active", {}).values()):
        if isinstance(thread, threading.Timer):
            thread.cancel()
    for loop in list(_running.values()):  # loop.py
        _soon(loop, loop.stop)


_winding_down = False


@when_imported("queue")  # noqa: F821
def _ready_queues(module):
    put, get, simple = module.Queue.put, module.Queue.get, module.SimpleQueue

    def put_owned(self, item, block=True, timeout=None):
        owners = _owners(self)
        frame = owners.put(item)
        try:
            put(self, item, block, timeout)
        except BaseException:
            if frame:
                owners.unput(item)
            raise

    def get_owned(self, block=True, timeout=None):
        _maestro.release()
        owners = _owners(self)
        if not owners.served and not _maestro.frame():
            owners.served = True
            _served.add(self)
        item = get(self, block, timeout)
        frame = owners.take(item)
        if frame:
            _maestro.adopt(frame)
        elif owners.frames and not self._qsize():
            owners.frames.clear()  # of items that were taken out by other ways
        return item

    put_owned.__name__, put_owned.__qualname__, put_owned.__doc__ = "put", "Queue.put", put.__doc__
    get_owned.__name__, get_owned.__qualname__, get_owned.__doc__ = "get", "Queue.get", get.__doc__
    module.Queue.put, module.Queue.get = put_owned, get_owned

    class SimpleQueue(simple):
        __doc__ = simple.__doc__
        __module__ = simple.__module__
        __slots__ = ("_served",)

        def __init__(self):
            self._served = False

        def put(self, item, block=True, timeout=None):
            simple.put(self, (item, _maestro.frame()))

        def put_nowait(self, item):
            simple.put(self, (item, _maestro.frame()))

        def get(self, block=True, timeout=None):
            _maestro.release()
            if not self._served and not _maestro.frame():
                self._served = True
                _served.add(self)
            item, frame = simple.get(self, block, timeout)
            if item is _ended:
                self._wind_down()  # the next that waits
                raise module.ShutDown if block else module.Empty
            if frame:
                _maestro.adopt(frame)
            return item

        def get_nowait(self):
            return self.get(False)

        def _wind_down(self):
            simple.put(self, (_ended, 0))

    def wind_down_queue(self):
        self.shutdown(immediate=True)

    module.Queue._wind_down = wind_down_queue

    from weakref import WeakSet

    global _served
    _served = WeakSet()
    module.SimpleQueue = SimpleQueue


@when_imported("asyncio.queues")  # noqa: F821
def _ready_async_queues(module):
    put_nowait, get_nowait, get = module.Queue.put_nowait, module.Queue.get_nowait, module.Queue.get

    def put_owned(self, item):
        put_nowait(self, item)
        _owners(self).put(item)

    def get_owned(self):
        _maestro.release()
        item = get_nowait(self)
        frame = _owners(self).take(item)
        if frame:
            leave_call(frame >> 20)
            _maestro.adopt(frame)
        return item

    def leave_call(other):
        # A worker that some call has begun for all: from the first item of another
        # one's on it belongs to none. The task of a call itself stays its own.
        call = _maestro.frame() >> 20
        own, put = _tasks.get(call), _tasks.get(other)  # loop.py
        if own is None or put is None or own is put or own[0] is not put[0]:
            return
        from asyncio import current_task

        if current_task() is not own[1]:
            _maestro.frame_var.set(0)

    async def get_released(self):
        _maestro.release()
        return await get(self)

    put_owned.__name__, put_owned.__qualname__, put_owned.__doc__ = "put_nowait", "Queue.put_nowait", put_nowait.__doc__
    get_owned.__name__, get_owned.__qualname__, get_owned.__doc__ = "get_nowait", "Queue.get_nowait", get_nowait.__doc__
    get_released.__name__, get_released.__qualname__, get_released.__doc__ = "get", "Queue.get", get.__doc__
    module.Queue.put_nowait, module.Queue.get_nowait, module.Queue.get = put_owned, get_owned, get_released


# Records that a QueueListener still has to handle, by call: the end of the call
# waits for them for a moment (settle_records), so that they are in its log.
_records = {}
_records_handled = None  # a condition, with the number of records handled so far
_listened = {}  # id of a queue -> the listeners that have been started on it


@when_imported("logging.handlers")  # noqa: F821
def _ready_listeners(module):
    import threading

    global _records_handled
    _records_handled = threading.Condition()
    _records_handled.count = 0
    handler, listener = module.QueueHandler, module.QueueListener
    enqueue, handle, start, stop = handler.enqueue, listener.handle, listener.start, listener.stop

    def enqueue_counted(self, record):
        call = _maestro.frame() >> 20
        if call and _listened.get(id(self.queue)):
            record._maestro_call = call
            with _records_handled:
                _records[call] = _records.get(call, 0) + 1
            _maestro.settles(call)
        enqueue(self, record)

    def handle_counted(self, record):
        try:
            handle(self, record)
        finally:
            call = record.__dict__.pop("_maestro_call", 0)
            if call:
                with _records_handled:
                    left = _records.get(call, 0) - 1
                    if left > 0:
                        _records[call] = left
                    else:
                        _records.pop(call, None)
                    _records_handled.count += 1
                    _records_handled.notify_all()

    def start_of_no_call(self):
        _of_no_call.copy().run(start, self)
        _listened[id(self.queue)] = _listened.get(id(self.queue), 0) + 1

    def stop_listening(self):
        if self._thread is not None:
            left = _listened.pop(id(self.queue), 0) - 1
            if left > 0:
                _listened[id(self.queue)] = left
        stop(self)

    handler.enqueue = enqueue_counted
    listener.handle, listener.start, listener.stop = handle_counted, start_of_no_call, stop_listening


# Seconds. The listener's thread competes with those of all other calls, so the
# end of a call waits on while records are handled at all.
_NO_RECORD_HANDLED, _RECORDS_WAIT = 0.25, 2


def settle_records(call):
    """Waits until a listener has handled what the call has logged, but not for a
    listener that is slow.
    """
    from time import monotonic

    end = monotonic() + _RECORDS_WAIT
    with _records_handled:
        while call in _records and monotonic() < end:
            before = _records_handled.count
            if not _records_handled.wait_for(lambda: _records_handled.count != before, _NO_RECORD_HANDLED):
                break
        _records.pop(call, None)


# An SQLite connection is the caller's to share, as this build of SQLite is:
# which thread carries a call is our matter, and changes from one to the next.
@when_imported("sqlite3")  # noqa: F821
def _ready_sqlite(module):
    import _sqlite3

    if module.threadsafety != 3:
        return
    connect = _sqlite3.connect

    def connect_shared(*args, **kwargs):
        if len(args) < 5:
            kwargs.setdefault("check_same_thread", False)
        return connect(*args, **kwargs)

    connect_shared.__name__ = connect_shared.__qualname__ = "connect"
    connect_shared.__module__, connect_shared.__doc__ = "sqlite3", connect.__doc__
    for target in (module, module.dbapi2, _sqlite3):
        target.connect = connect_shared
