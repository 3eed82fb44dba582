#!/usr/bin/env python3
"""Times training steps of nnlc and of what else one would use, by turns on the same machine, and prints ratios of medians.

    cargo build --release
    python benches/compare.py [--rounds 3] [--seconds 3] [--threads 2] [--work mlp_tiny,gpt_char,13-37-91-5@17+f64] [--peers torch,compile,jax]

A step is forward, loss, backward and the update, on a batch already in memory; `works.py` says what there is. Peers that are not
installed are left out. Every turn is a process of its own; the median of a turn is taken, and of all turns the median again.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

BEGAN = time.perf_counter()

import works  # noqa: E402  (the first step is counted from the start of the process)

KEYS = ["median_us", "min_us", "first_step_s", "rss_mib"]


def turn(peer, work, threads, seconds):
    """One peer's turn, in this process: a line of JSON."""
    step, number = works.jax_step(work, threads) if peer == "jax" else works.torch_step(work, threads, peer == "compile")
    number(step())
    first = time.perf_counter() - BEGAN
    for _ in range(5):
        step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 10:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = [statistics.median(times) * 1e6, min(times) * 1e6, first, rss]
    print(json.dumps(dict(zip(KEYS, found))))


def ask(command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=works.ROOT)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def compare(work, args):
    options = ["--seconds", str(args.seconds), "--threads", str(args.threads)]
    own = [args.nnlc, "bench", works.program(work), "--json", *options]
    other = [sys.executable, __file__, "--work", work, *options, "--turn"]
    turns = {"nnlc": []} | {peer: [] for peer in args.peers.split(",") if peer}
    for _ in range(args.rounds):
        for peer, found in turns.items():
            found.append(ask(own if peer == "nnlc" else other + [peer]))
    turns = {peer: [line for line in found if line] for peer, found in turns.items()}
    middle = {peer: {key: statistics.median(line[key] for line in found) for key in KEYS} for peer, found in turns.items() if found}
    if "nnlc" not in middle:
        raise SystemExit(f"nnlc does not run `{work}`: {' '.join(own)}")
    for peer, line in middle.items():
        ratio = line["median_us"] / middle["nnlc"]["median_us"]
        step, least, first, rss = line["median_us"], line["min_us"], line["first_step_s"] * 1e3, line["rss_mib"]
        print(
            f"{work:24} {peer:8} {step:10.1f} us a step (least {least:10.1f})  {ratio:6.2f} x  first step {first:7.0f} ms  {rss:5.0f} MiB",
            flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", default=",".join(works.NAMED))
    parser.add_argument("--peers", default="torch,compile,jax")
    parser.add_argument("--nnlc", default=os.path.join(works.ROOT, "target/release/nnlc"))
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.turn:
        return turn(args.turn, args.work, args.threads, args.seconds)
    for work in args.work.split(","):
        compare(work, args)


main()
