"""Takes one measurement of gevent, as benches/README.md defines it, and prints the figures on one line.

    micro.py KIND COUNT WORKERS BUDGET_MS

Exits with status 3, and says why on stderr, if gevent has no such thing.
"""

import os
import resource
import sys
from time import perf_counter_ns

NO_SUCH_THING = 3

if "condvar" in sys.argv[1:2]:
    # gevent's own condition variable is that of a patched threading.
    from gevent import monkey

    monkey.patch_thread()

import gevent
import greenlet
from gevent.event import Event
from gevent.lock import BoundedSemaphore, Semaphore
from gevent.queue import Channel, Queue, SimpleQueue


def main():
    try:
        kind, count, workers, budget = sys.argv[1], *map(int, sys.argv[2:])
    except (IndexError, ValueError):
        sys.exit(__doc__)
    if workers != 1:
        refuse("gevent has one thread")
    if kind not in KINDS:
        refuse(f"not written for gevent: {kind}")
    # Every subject is measured as a task: the main greenlet is not one.
    figures = gevent.spawn(KINDS[kind], count, budget * 1_000_000).get()
    print(*figures, flush=True)
    # Whatever is still parked ends with the process.
    os._exit(0)


def refuse(why):
    print(why, file=sys.stderr, flush=True)
    os._exit(NO_SUCH_THING)


def nanoseconds(budget, operations, chunk):
    """Calls `chunk`, once to warm up and then until `budget` is over; nanoseconds an operation."""
    chunk()
    end = perf_counter_ns() + budget
    total = chunks = 0
    while not chunks or perf_counter_ns() < end:
        total += chunk()
        chunks += 1
    return [total / (chunks * operations)]


def switch(_count, budget):
    chunk = 20_000

    def other():
        back = greenlet.getcurrent().parent.switch
        while True:
            back()

    there = greenlet.greenlet(other).switch
    there()

    def once():
        begin = perf_counter_ns()
        for _ in range(chunk):
            there()
        return perf_counter_ns() - begin

    return nanoseconds(budget, chunk, once)


def hand_over(_count, budget, timeout=None):
    chunk = 2_000

    def once():
        there, back = Semaphore(0), Semaphore(0)

        def other():
            for _ in range(chunk):
                there.acquire(timeout=timeout)
                back.release()

        task = gevent.spawn(other)
        gevent.sleep(0)
        begin = perf_counter_ns()
        for _ in range(chunk):
            there.release()
            back.acquire(timeout=timeout)
        elapsed = perf_counter_ns() - begin
        task.get()
        return elapsed

    return nanoseconds(budget, chunk, once)


def timeout(count, budget):
    return hand_over(count, budget, timeout=10)


def yields(tasks, budget):
    each = max(1, 20_000 // tasks)

    def task():
        # The first turn is the start, which is not measured.
        for _ in range(each + 1):
            gevent.sleep(0)

    def once():
        handles = [gevent.spawn(task) for _ in range(tasks)]
        gevent.sleep(0)
        begin = perf_counter_ns()
        finish(handles)
        return perf_counter_ns() - begin

    return nanoseconds(budget, each * tasks, once)


def spawns(batch, budget):
    chunk = 2_000

    def nothing():
        pass

    def once():
        begin = perf_counter_ns()
        for _ in range(chunk // batch):
            finish([gevent.spawn(nothing) for _ in range(batch)])
        return perf_counter_ns() - begin

    return nanoseconds(budget, chunk, once)


def finish(handles):
    gevent.joinall(handles, raise_error=True)


def lock_alone(_count, budget):
    chunk = 50_000
    lock = BoundedSemaphore(1)

    def once():
        total = 0
        begin = perf_counter_ns()
        for _ in range(chunk):
            with lock:
                total += 1
        return perf_counter_ns() - begin

    return nanoseconds(budget, chunk, once)


def locks(tasks, budget, inside=None):
    each = 8_000 // tasks

    def once():
        lock = BoundedSemaphore(1)
        total = 0

        def adder():
            nonlocal total
            for _ in range(each):
                with lock:
                    total += 1
                    if inside:
                        inside(0)

        begin = perf_counter_ns()
        finish([gevent.spawn(adder) for _ in range(tasks)])
        elapsed = perf_counter_ns() - begin
        assert total == each * tasks
        return elapsed

    return nanoseconds(budget, each * tasks, once)


def locks_and_yields(tasks, budget):
    return locks(tasks, budget, inside=gevent.sleep)


def condvar(_count, budget):
    from threading import Condition

    chunk = 2_000

    def once():
        changed = Condition()
        turn = 0

        def take_turns(mine):
            nonlocal turn
            for _ in range(chunk):
                with changed:
                    while turn % 2 != mine:
                        changed.wait()
                    turn += 1
                    # Its notify may be called under the lock only.
                    changed.notify()

        begin = perf_counter_ns()
        finish([gevent.spawn(take_turns, mine) for mine in (1, 0)])
        return perf_counter_ns() - begin

    return nanoseconds(budget, chunk, once)


def pings(budget, channel):
    chunk = 2_000

    def once():
        there, back = channel(), channel()

        def other():
            for _ in range(chunk):
                back.put(there.get())

        task = gevent.spawn(other)
        begin = perf_counter_ns()
        for number in range(chunk):
            there.put(number)
            assert back.get() == number
        elapsed = perf_counter_ns() - begin
        task.get()
        return elapsed

    return nanoseconds(budget, chunk, once)


def ping(_count, budget):
    return pings(budget, SimpleQueue)


def ping_bounded(bound, budget):
    return pings(budget, (lambda: Queue(bound)) if bound else Channel)


def streams(producers, budget, channel):
    each = 20_000 // producers

    def once():
        queue = channel()

        def produce():
            for number in range(each):
                queue.put(number)

        begin = perf_counter_ns()
        handles = [gevent.spawn(produce) for _ in range(producers)]
        for _ in range(each * producers):
            queue.get()
        finish(handles)
        return perf_counter_ns() - begin

    return nanoseconds(budget, each * producers, once)


def stream(producers, budget):
    return streams(producers, budget, SimpleQueue)


def stream_bounded(producers, budget):
    return streams(producers, budget, lambda: Queue(1_024))


def parked(count, _budget):
    gate = Event()
    waiting = 0

    def task():
        nonlocal waiting
        waiting += 1
        gate.wait()

    before = [memory(name) for name in MEMORY]
    handles = [gevent.spawn(task) for _ in range(count)]
    while waiting < count:
        gevent.sleep(0)
    figures = [max(0, memory(name) - start) / count for name, start in zip(MEMORY, before)]
    assert len(handles) == count
    return figures


MEMORY = ["VmRSS:", "VmPTE:"]


def memory(name):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no line {name}")


def sleepers(count, _budget):
    late = [0] * count

    def task(position):
        deadline = perf_counter_ns() + nap(position, count)
        gevent.sleep((deadline - perf_counter_ns()) / 1e9)
        late[position] = max(0, perf_counter_ns() - deadline) // 1_000

    before = cpu_milliseconds()
    finish([gevent.spawn(task, position) for position in range(count)])
    cpu = cpu_milliseconds() - before
    late.sort()
    return [cpu] + [late[int((count - 1) * share)] for share in (0.5, 0.99)]


def nap(position, count):
    """When a sleeper wakes, in nanoseconds: the same moments as those of the others."""
    return position * 2_654_435_761 % count * 1_000_000_000 // count


def cpu_milliseconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1_000


KINDS = {
    "switch": switch,
    "hand-over": hand_over,
    "timeout": timeout,
    "yield": yields,
    "spawn": spawns,
    "parked": parked,
    "sleepers": sleepers,
    "lock-alone": lock_alone,
    "lock": locks,
    "lock-and-yield": locks_and_yields,
    "condvar": condvar,
    "ping": ping,
    "ping-bounded": ping_bounded,
    "stream": stream,
    "stream-bounded": stream_bounded,
}

main()
