"""The class of the loop that the async functions of a subtenant share: threads
carry it one after the other, and a call's settings of it apply to that call.
"""

import _thread
import sys

import _maestro


_REPORTS = 100  # of exceptions of tasks, in a second


class _TakenOver(BaseException):
    """Another thread carries the loop now."""


def _shared_loop_class(asyncio):
    global _shared_loop
    if _shared_loop is None:
        from asyncio.base_events import _format_handle
        from asyncio.events import Handle, TimerHandle, _set_running_loop
        from asyncio.log import logger
        from collections import deque
        from heapq import heapify, heappop, heappush
        from itertools import repeat
        from selectors import EpollSelector

        thread_id = _thread.get_ident

        class Selector(EpollSelector):
            def select(self, timeout=None):
                _maestro.rests()
                return super().select(timeout)

        class SharedLoop(asyncio.SelectorEventLoop):
            """A loop that one thread carries after the other. While a callback runs
            there is an item in _turn: who pops it may go on with the next
            callback. That is the thread itself, or when the callback blocks it
            another one, which makes a list of its own. What the first then
            does of the loop (the task in it goes on, and waits for the next thing)
            it does as from any other thread.
            """

            def __init__(self, wake):
                super().__init__(Selector())
                self.ended = False
                self._turn = deque()  # unlike a list, it needs no memory for its one item
                self._report_second = self._reports = 0
                self._wake = wake
                self.add_reader(wake, _woken, self, wake)  # noqa: F821 (loop.py)

            def take_over(self):
                """Takes the loop from a thread that is blocked. False: it is not."""
                try:
                    self._turn.pop()
                except IndexError:
                    return False
                self._turn = deque()
                self._thread_id = thread_id()
                # The other may have been about to take a call, or be at it: nothing
                # runs twice in one context at the same time.
                self.add_reader(self._wake, _woken, self, self._wake)  # noqa: F821
                self.call_soon(_take, self)  # noqa: F821 (loop.py)
                return True

            def carry(self):
                """Runs the loop on this thread. True: it has ended; False: another
                thread carries it.
                """
                turn = self._turn
                hooks = sys.get_asyncgen_hooks()
                self._thread_id = thread_id()
                sys.set_asyncgen_hooks(firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook)
                _set_running_loop(self)
                _maestro.carry()
                try:
                    while not self.ended:
                        try:
                            self._run_once()
                        except _TakenOver:
                            return False
                        except BaseException:  # a SystemExit of a callback's; those of tasks are their calls' matter
                            try:
                                _report_uncaught(*sys.exc_info())  # noqa: F821
                            except BaseException:
                                pass  # no memory for it; the loop goes on
                            if self._turn is not turn:
                                return False
                            turn.clear()
                        self._stopping = False  # a call's loop.stop() stops nothing
                    self._thread_id = None
                    return True
                finally:
                    _set_running_loop(None)
                    sys.set_asyncgen_hooks(*hooks)

            def _run_once(self):
                scheduled = self._scheduled
                if self._timer_cancelled_count > 100 and self._timer_cancelled_count > len(scheduled) // 2:
                    # Timeouts that were not needed, perhaps an hour before they are due.
                    self._timer_cancelled_count = 0
                    for timer in scheduled:
                        timer._scheduled = not timer._cancelled
                    scheduled = self._scheduled = [timer for timer in scheduled if timer._scheduled]
                    heapify(scheduled)
                while scheduled and scheduled[0]._cancelled:
                    self._timer_cancelled_count -= 1
                    heappop(scheduled)._scheduled = False
                ready = self._ready
                if ready or self._stopping:
                    timeout = 0
                elif scheduled:
                    timeout = min(max(0, scheduled[0]._when - self.time()), 24 * 3600)
                else:
                    timeout = None
                try:
                    self._process_events(self._selector.select(timeout))
                    due = self.time() + self._clock_resolution
                    while scheduled and scheduled[0]._when < due:
                        timer = heappop(scheduled)
                        timer._scheduled = False
                        ready.append(timer)
                    batch = repeat(None, len(ready))  # unlike a range, it needs no memory for its items
                finally:
                    ends = _maestro.works()
                    if ends:
                        self.ended = True
                if ends:
                    return  # the ready tasks are cancelled instead
                turn = self._turn
                for _ in batch:
                    handle = ready.popleft()
                    if handle._cancelled:
                        continue
                    began = self.time() if self._debug else None
                    turn.append(handle)
                    try:
                        handle._run()
                    finally:
                        try:
                            turn.pop()
                        except IndexError:
                            raise _TakenOver from None
                    if began is not None and (took := self.time() - began) >= self.slow_callback_duration:
                        logger.warning("Executing %s took %.3f seconds", _format_handle(handle), took)

            def _call_soon(self, callback, args, context):
                handle = Handle(callback, args, self, context)
                if handle._source_traceback:
                    del handle._source_traceback[-1]
                self._ready.append(handle)
                if thread_id() != self._thread_id:
                    self._write_to_self()
                return handle

            def call_at(self, when, callback, *args, context=None):
                if thread_id() == self._thread_id or when is None:
                    return super().call_at(when, callback, *args, context=context)
                self._check_closed()
                timer = TimerHandle(when, callback, args, self, context)
                timer._scheduled = True
                self.call_soon(self._schedule, timer)
                return timer

            def _schedule(self, timer):
                heappush(self._scheduled, timer)

            def _check_thread(self):
                if thread_id() != self._thread_id and asyncio._get_running_loop() is not self:
                    super()._check_thread()

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
                if call in _tasks:  # noqa: F821
                    _set_of_call(call)["debug"] = enabled

            def default_exception_handler(self, context):
                # Where thousands of tasks fail, for want of memory for example, the
                # reports would keep the loop from all other tasks for many seconds.
                if (second := int(self.time())) != self._report_second:
                    self._report_second, self._reports = second, 0
                self._reports += 1
                if self._reports <= _REPORTS:
                    super().default_exception_handler(context)
                elif self._reports == _REPORTS + 1:
                    logger.error("More than %d reports within a second: the next ones are left out", _REPORTS)

            def call_exception_handler(self, context):
                if self.is_closed():
                    return  # its interpreter is ending: no call would get the report
                # The garbage collector finds a task, and the loop calls a handle,
                # in the context of any call: the report is of the owner's.
                task, handle = context.get("task"), context.get("handle")
                if isinstance(task, asyncio.Task):
                    owner = task.get_context()
                elif isinstance(handle, asyncio.Handle):
                    owner = handle._context
                else:
                    return self._report(context)
                report, call = self._report, _maestro.frame() >> 20
                if call and _call_in(owner) != call:
                    # Work within a call belongs to the call: the loop is within none.
                    try:
                        self.call_soon_threadsafe(report, context, context=owner.copy())
                        return
                    except RuntimeError:
                        pass  # the loop is closed
                owner.copy().run(report, context)

            def _report(self, context):
                try:
                    super().call_exception_handler(context)
                finally:
                    # When memory is short CPython raises one object again and again. Each
                    # time its traceback grows, holds one more frame, and takes longer to print.
                    if type(error := context.get("exception")) is MemoryError:
                        error.__traceback__ = error.__context__ = None

            # What a call sets of its loop holds for its own tasks.
            _task_factory = _setting_of_call("task factory")
            _exception_handler = _setting_of_call("exception handler")

        _shared_loop = SharedLoop
    return _shared_loop


_serving = None  # the loop of the interpreter
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
        if call in _tasks:  # noqa: F821 (BaseEventLoop sets it as well, and what a call has left behind may)
            _set_of_call(call)[name] = value

    return property(get, set)
