"""The event loop. The async functions of a subtenant run as tasks of one loop for
the interpreter (cpython/loop.h), so that what a module makes of asyncio works
in every call of it. A thread of its own carries the loop; while code blocks that
one, another takes over, with the same loop.
"""

import _thread
import sys

import _maestro

_RAISE, _TRACE, _CANCEL, _ABANDON = range(4)  # the rungs of cpython/stop.h

_tasks = {}  # call -> (its loop, its task)
_coroutines = {}  # call -> what its function returned, while that is awaited
_running = {}  # identifier of a thread -> the event loop that it runs, any
_report_uncaught = sys.excepthook  # a call may set the name to anything


def run(awaitable):
    """Runs what an ordinary function has returned to its end, if it is awaitable."""
    import asyncio

    with asyncio.Runner() as runner:
        return runner.run(awaitable)


def serve(wake):
    """Carries the interpreter's loop on this thread, until the loop ends or another
    thread takes it over because code blocks this one.
    """
    global _serving
    import asyncio

    began = _serving is not None
    if not began:
        loop = _shared_loop_class(asyncio)(wake)  # noqa: F821 (loop_shared.py)
        for file in (loop._selector, loop._ssock, loop._csock):
            _maestro.guard(file.fileno(), True)
        _serving = loop
    try:
        if began and not _serving.take_over() or not _serving.carry():
            return
        _close(_serving, wake, asyncio)
    except BaseException as error:
        # No thread carries the loop any more: what waits for it would wait for ever.
        for call in list(_tasks):
            _maestro.fail(call, error)
        _serving = None
        raise
    _serving = None


def _woken(loop, wake):
    from posix import eventfd_read

    try:
        eventfd_read(wake)
    except BlockingIOError:
        pass
    _take(loop)


def _take(loop):
    try:
        _take_one(loop)
    except BaseException:  # no memory for a task, or a stop that was meant for the last one
        from posix import eventfd_write

        eventfd_write(loop._wake, 1)  # other calls may wait
        raise


def _take_one(loop):
    import asyncio
    from functools import partial

    taken = _maestro.take()
    if taken is None:
        return
    if taken is False:
        loop.ended = True
        return
    call, context = taken
    try:
        # Not by loop.create_task, which would ask a task factory.
        task = asyncio.Task(_drive(call), loop=loop, context=context)
        _tasks[call] = loop, task
        # A stop that raises at every line meets _drive's own as well.
        task.add_done_callback(partial(_maestro.settle, call))
        task.add_done_callback(partial(_forget_task, call))
    except BaseException as error:
        _maestro.fail(call, error)
        raise
    # After the task's first step: if that blocks the thread, the one that takes
    # over takes the calls that wait.
    loop.call_soon(_take, loop)


_serving = None  # the loop of the interpreter


async def _drive(call):
    """The task of a call."""
    try:
        awaitable = _maestro.begin(call)
        if awaitable is not None:
            _coroutines[call] = awaitable
            value = await awaitable
            if call in _records:  # work.py
                await _tasks[call][0].run_in_executor(None, settle_records, call)
            rest = _maestro.complete(call, value)
            if rest is not None:  # value is a generator
                _coroutines[call] = rest
                _maestro.complete(call, await rest)
    except BaseException as error:  # a SystemExit too: it would end the loop
        _maestro.fail(call, error)


def _forget_task(call, task):
    _coroutines.pop(call, None)
    loop, _ = _tasks.pop(call, (None, None))
    settings = _settings.pop(call, None)  # noqa: F821 (loop_shared.py)
    if settings and settings.get("debug") and not any(other.get("debug") for other in _settings.values()):  # noqa: F821
        loop.set_debug(False)


def interrupt(call, threads, rung):
    """Does what a stop of a call needs of Python. Runs on a thread of its own.

    threads run for the call now, and have been told to raise by the rungs _RAISE
    and _TRACE: an exception meets only code that runs, so their loops are woken.
    """
    loop, task = _tasks.get(call, (None, None))
    if rung == _CANCEL and task is not None:
        _soon(loop, task.cancel)
    elif rung == _ABANDON and task is not None:
        coroutine = _coroutines.get(call)
        if coroutine is not None and hasattr(coroutine, "close"):
            _soon(loop, _close_coroutine, coroutine)
        from asyncio import CancelledError

        _maestro.fail(call, CancelledError("the call did not end when it was cancelled"))
    elif rung in (_RAISE, _TRACE):
        for thread in threads:
            if thread in _running:
                _soon(_running[thread], int)


def _soon(loop, function, *args):
    try:
        loop.call_soon_threadsafe(function, *args)
    except RuntimeError:
        pass  # it is closed


def _close_coroutine(coroutine):
    try:
        coroutine.close()
    except (RuntimeError, ValueError):
        pass  # it swallows its end; or it runs at this moment


def _close(loop, wake, asyncio):
    """Ends the tasks that calls have left behind, and the loop."""
    loop.remove_reader(wake)
    try:
        left = asyncio.tasks._maestro_all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            _, stay = loop.run_until_complete(asyncio.wait(left, timeout=1))
            for task in stay:
                _maestro.keep(task)  # what swallows every exception would loop for ever when it is collected
        loop.run_until_complete(asyncio.SelectorEventLoop.shutdown_asyncgens(loop))
        if loop._default_executor is not None:
            loop._default_executor.shutdown(wait=False, cancel_futures=True)
    finally:
        for file in (loop._selector, loop._ssock, loop._csock):
            _maestro.guard(file.fileno(), False)
        loop.close()


@when_imported("asyncio.base_events")  # noqa: F821 (on_import.py)
def _ready_base_events(module):
    run_forever = module.BaseEventLoop.run_forever

    def run_forever_known(self):
        thread = _thread.get_ident()
        before = _running.get(thread)
        _running[thread] = self
        try:
            run_forever(self)
        finally:
            if before is None:
                _running.pop(thread, None)
            else:
                _running[thread] = before

    run_forever_known.__name__ = "run_forever"
    run_forever_known.__qualname__ = "BaseEventLoop.run_forever"
    run_forever_known.__doc__ = run_forever.__doc__
    module.BaseEventLoop.run_forever = run_forever_known


@when_imported("asyncio.tasks")  # noqa: F821
def _ready_tasks(module):
    every, events = module.all_tasks, module.events

    def all_tasks(loop=None):
        if _shared_loop is None:  # noqa: F821
            return every(loop)
        # Asked for the loop that the thread runs, it shows the thread's own tasks only.
        running = events._get_running_loop()
        events._set_running_loop(None)
        try:
            found = every(loop or running)
        finally:
            events._set_running_loop(running)
        # Of a shared loop a call sees its own tasks: programs wait for all there
        # are, or cancel them.
        call = _maestro.frame() >> 20
        return {
            task
            for task in found
            if type(task.get_loop()) is not _shared_loop or _call_in(task.get_context()) == call  # noqa: F821
        }

    all_tasks.__doc__ = every.__doc__
    module._maestro_all_tasks, module.all_tasks = every, all_tasks
