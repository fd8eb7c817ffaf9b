"""Event loops. The async functions of a subtenant run as tasks of one loop for
the interpreter (cpython/loop.h), on a thread of its own, so that what a module
makes of asyncio works in every call of it. There are more loops only while code
blocks the first.
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
    """Runs a loop of the interpreter until there is nothing left to take."""
    import asyncio
    from functools import partial

    loop = _shared_loop_class(asyncio)()
    for file in (loop._selector, loop._ssock, loop._csock):
        _maestro.guard(file.fileno(), True)
    ended = False

    def take():
        nonlocal ended
        taken = _maestro.take()
        if taken is None:
            return
        if taken is False:
            ended = True
            loop.stop()
            return
        call, context = taken
        # Not by loop.create_task, which would ask a task factory.
        task = asyncio.Task(_drive(call), loop=loop, context=context)
        _tasks[call] = loop, task
        # A stop that raises at every line meets _drive's own as well.
        task.add_done_callback(partial(_maestro.settle, call))
        task.add_done_callback(partial(_forget_task, call))
        # After the task's first step: if that blocks the loop, another one can
        # take the calls that wait.
        loop.call_soon(take)

    def woken():
        from posix import eventfd_read

        try:
            eventfd_read(wake)
        except BlockingIOError:
            pass
        take()

    loop.add_reader(wake, woken)
    while not ended:
        try:
            loop.run_forever()
        except BaseException:  # a SystemExit of a callback's; those of tasks are their calls' matter
            _report_uncaught(*sys.exc_info())
    _close(loop, wake, asyncio)


def _shared_loop_class(asyncio):
    global _shared_loop
    if _shared_loop is None:
        from selectors import EpollSelector

        class Selector(EpollSelector):
            def select(self, timeout=None):
                _maestro.rests()
                try:
                    return super().select(timeout)
                finally:
                    _maestro.works()

        class SharedLoop(asyncio.SelectorEventLoop):
            def __init__(self):
                super().__init__(Selector())

            def run_in_executor(self, executor, function, *args):
                # Many calls share it: the usual six threads of a small machine
                # would have them wait for each other.
                if executor is None and self._default_executor is None:
                    from concurrent.futures import ThreadPoolExecutor

                    self.set_default_executor(ThreadPoolExecutor(64, thread_name_prefix="asyncio"))
                return super().run_in_executor(executor, function, *args)

            # A call that tidies up ends neither the executor of the other calls
            # nor their generators.
            async def shutdown_default_executor(self, timeout=None):
                pass

            async def shutdown_asyncgens(self):
                pass

            def set_debug(self, enabled):
                super().set_debug(enabled)
                call = _maestro.frame() >> 20
                if call in _tasks:
                    _set_of_call(call)["debug"] = enabled

            def call_exception_handler(self, context):
                # The garbage collector finds a task, and the loop calls a handle,
                # in the context of any call: the report is of the owner's.
                task, handle = context.get("task"), context.get("handle")
                if isinstance(task, asyncio.Task):
                    owner = task.get_context()
                elif isinstance(handle, asyncio.Handle):
                    owner = handle._context
                else:
                    return super().call_exception_handler(context)
                report, call = super().call_exception_handler, _maestro.frame() >> 20
                if call and _call_in(owner) != call:
                    # What is done within a call is the call's: the loop is within none.
                    try:
                        self.call_soon_threadsafe(report, context, context=owner.copy())
                        return
                    except RuntimeError:
                        pass  # the loop is closed
                owner.copy().run(report, context)

            # What a call sets of its loop holds for its own tasks.
            _task_factory = _setting_of_call("task factory")
            _exception_handler = _setting_of_call("exception handler")

        _shared_loop = SharedLoop
    return _shared_loop


_shared_loop = None
_settings = {}  # call -> what it has set of its loop


def _call_in(context):
    """Returns the number of the call that a context names, also one that was taken
    over with an item of a queue (cpython/frame.c).
    """
    return (context.get(_maestro.frame_var, 0) & (1 << 63) - 1) >> 20


def _set_of_call(call):
    return _settings.setdefault(call, {})


def _setting_of_call(name):
    def get(self):
        if not _settings:
            return None
        settings = _settings.get(_maestro.frame() >> 20)
        return settings and settings.get(name)

    def set(self, value):
        call = _maestro.frame() >> 20
        if call in _tasks:  # BaseEventLoop sets it as well, and what a call has left behind may
            _set_of_call(call)[name] = value

    return property(get, set)


async def _drive(call):
    """The task of a call."""
    try:
        awaitable = _maestro.begin(call)
        if awaitable is not None:
            _coroutines[call] = awaitable
            value = await awaitable
            if call in _records:  # work.py
                await _tasks[call][0].run_in_executor(None, settle_records, call)
            _maestro.complete(call, value)
    except BaseException as error:  # a SystemExit too: it would end the loop
        _maestro.fail(call, error)


def _forget_task(call, task):
    _coroutines.pop(call, None)
    loop, _ = _tasks.pop(call, (None, None))
    settings = _settings.pop(call, None)
    if settings and settings.get("debug") and not any(other.get("debug") for other in _settings.values()):
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
    every = module.all_tasks

    def all_tasks(loop=None):
        found = every(loop)
        if _shared_loop is None or not found:
            return found
        # Of a shared loop a call sees its own tasks: programs wait for all there
        # are, or cancel them.
        call = _maestro.frame() >> 20
        return {
            task
            for task in found
            if type(task.get_loop()) is not _shared_loop or _call_in(task.get_context()) == call
        }

    all_tasks.__doc__ = every.__doc__
    module._maestro_all_tasks, module.all_tasks = every, all_tasks
