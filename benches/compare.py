#!/usr/bin/env python3
"""Times training steps of nnlc and of what else one would use, by turns on the same machine, and prints ratios of medians.

    cargo build --release
    python benches/compare.py [--rounds 3] [--seconds 3] [--threads 2] [--work mlp_tiny,mlp_mnist,cnn_mnist] [--peers torch,compile,jax]

A step is forward, loss, backward and the update by Adam, in float32, on a batch already in memory. Peers that are not installed
are left out. Every turn is a process of its own; the median of a turn is taken, and of all turns the median again.
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
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKS = {
    "mlp_tiny": (32, [4, 16, 3]),
    "mlp_mnist": (128, [784, 512, 256, 10]),
    "cnn_mnist": (64, [784, 10]),
}


def batch(work):
    import numpy as np
    rows, widths = WORKS[work]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, widths[0])).astype("f4")
    return x.reshape(rows, 1, 28, 28) if work == "cnn_mnist" else x, rng.integers(0, widths[-1], rows)


def torch_step(work, threads, compiles):
    import torch
    torch.set_num_threads(threads)
    widths = WORKS[work][1]
    layers = []
    for n, m in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    if work == "cnn_mnist":
        nn = torch.nn
        layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        layers += [nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10), None]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    x, y = map(torch.from_numpy, batch(work))

    def loss_of(x, y):
        return torch.nn.functional.cross_entropy(model(x), y)

    loss_of = torch.compile(loss_of) if compiles else loss_of

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda loss: loss.item()


def jax_step(work, threads):
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={threads}"
    import jax
    import jax.numpy as jnp
    widths = [9216, 128, 10] if work == "cnn_mnist" else WORKS[work][1]
    keys = jax.random.split(jax.random.key(0), len(widths))
    params = [(jax.random.normal(k, (n, m)) * (2 / n) ** 0.5, jnp.zeros(m)) for k, n, m in zip(keys, widths, widths[1:])]
    kernels = []
    if work == "cnn_mnist":
        kernels = [(0.1 * jax.random.normal(keys[0], (3, 3, n, m)), jnp.zeros(m)) for n, m in ((1, 32), (32, 64))]
    params = (kernels, params)
    zeros = jax.tree.map(jnp.zeros_like, params)
    x, y = map(jnp.asarray, batch(work))
    if work == "cnn_mnist":
        x = jnp.transpose(x, (0, 2, 3, 1))  # What XLA's convolutions prefer.

    def loss_of(params, x, y):
        kernels, params = params
        for w, b in kernels:
            x = jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.nn.relu(x + b)
        if kernels:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            x = x.reshape(x.shape[0], -1)
        for w, b in params[:-1]:
            x = jax.nn.relu(x @ w + b)
        w, b = params[-1]
        return -jnp.take_along_axis(jax.nn.log_softmax(x @ w + b), y[:, None], 1).mean()

    @jax.jit
    def update(state, x, y):
        params, m, v, t = state
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        scale = jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        params = jax.tree.map(lambda p, m, v: p - 1e-3 * scale * m / (jnp.sqrt(v) + 1e-8), params, m, v)
        return (params, m, v, t), loss

    state = [(params, zeros, zeros, jnp.zeros(()))]

    def step():
        state[0], loss = update(state[0], x, y)
        loss.block_until_ready()
        return loss

    return step, float


def turn(peer, work, threads, seconds):
    """One peer's turn, in this process: a line of JSON."""
    step, number = jax_step(work, threads) if peer == "jax" else torch_step(work, threads, peer == "compile")
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
    print(json.dumps({"median_us": statistics.median(times) * 1e6, "first_step_s": first, "rss_mib": rss}))


def ask(command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def compare(work, args):
    own = [args.nnlc, "bench", f"benches/{work}.nnl", "--seconds", str(args.seconds), "--threads", str(args.threads), "--json"]
    other = [sys.executable, __file__, "--seconds", str(args.seconds), "--threads", str(args.threads), "--work", work, "--turn"]
    turns = {"nnlc": []} | {peer: [] for peer in args.peers.split(",")}
    for _ in range(args.rounds):
        for peer, found in turns.items():
            found.append(ask(own if peer == "nnlc" else other + [peer]))
    middle = {}
    for peer, found in turns.items():
        found = [line for line in found if line]
        if found:
            keys = ["median_us", "first_step_s", "rss_mib"]
            middle[peer] = {key: statistics.median(line[key] for line in found) for key in keys}
    for peer, line in middle.items():
        ratio = line["median_us"] / middle["nnlc"]["median_us"]
        step, first, rss = line["median_us"], line["first_step_s"] * 1e3, line["rss_mib"]
        print(f"{work:10} {peer:8} {step:10.1f} us a step  {ratio:6.2f} x  first step {first:7.0f} ms  {rss:5.0f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", default=",".join(WORKS))
    parser.add_argument("--peers", default="torch,compile,jax")
    parser.add_argument("--nnlc", default=os.path.join(ROOT, "target/release/nnlc"))
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.turn:
        return turn(args.turn, args.work, args.threads, args.seconds)
    for work in args.work.split(","):
        compare(work, args)


main()
