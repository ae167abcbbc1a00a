"""Carries IP packets between two TUN devices, with weather. Node cannot open TUN devices; the kernels of small machines have no netem.

forwarder.py DEVICE DEVICE

Makes both devices, prints "ready", and takes one weather per line of its standard input, as JSON, each way the same:

delayMs, jitterMs   a packet is delayed by delayMs and up to jitterMs more; packets keep their order
reorderRatio        part of the packets that do not wait for those before them: they overtake
lossRatio           part that is lost, each on its own
burstsPerSecond, burstMs   everything is lost for burstMs, about so often
"""

import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
CLEAR = {"delayMs": 0, "jitterMs": 0, "reorderRatio": 0, "lossRatio": 0, "burstsPerSecond": 0, "burstMs": 0}


def open_device(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Way:
    """One direction: packets on the way, by the time at which they arrive."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.waiting = []
        self.count = 0
        self.newest = 0.0
        self.burst_ends = 0.0
        self.burst_begins = None

    def take(self, now, packet, weather):
        if self.is_lost(now, weather):
            return
        arrives = now + (weather["delayMs"] + random.random() * weather["jitterMs"]) / 1000
        if random.random() >= weather["reorderRatio"]:
            arrives = self.newest = max(arrives, self.newest)
        self.count += 1
        heapq.heappush(self.waiting, (arrives, self.count, packet))

    def is_lost(self, now, weather):
        if weather["burstsPerSecond"] > 0:
            if self.burst_begins is None or now > self.burst_ends:
                self.burst_begins = now + random.expovariate(weather["burstsPerSecond"])
                self.burst_ends = self.burst_begins + weather["burstMs"] / 1000
            if self.burst_begins <= now <= self.burst_ends:
                return True
        return random.random() < weather["lossRatio"]

    def deliver(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            packet = heapq.heappop(self.waiting)[2]
            try:
                os.write(self.sink, packet)
            except OSError:
                pass  # The device is down: lost, as on a wire.


def main():
    first, second = (open_device(name) for name in sys.argv[1:3])
    ways = [Way(first, second), Way(second, first)]
    weather = dict(CLEAR)
    print("ready", flush=True)
    while True:
        dues = [way.waiting[0][0] for way in ways if way.waiting]
        wait = None if not dues else max(0.0, min(dues) - time.monotonic())
        readable, _, _ = select.select([sys.stdin, first, second], [], [], wait)
        now = time.monotonic()
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if line == "":
                return
            weather = {**CLEAR, **json.loads(line)}
        for way in ways:
            if way.source in readable:
                read_all(way, now, weather)
            way.deliver(now)


def read_all(way, now, weather):
    for _ in range(64):
        try:
            packet = os.read(way.source, 65536)
        except OSError:
            return  # Nothing left, or the device is not up yet.
        way.take(now, packet, weather)


main()
