"""Writes `reference.txt`: arguments of functions of `f64`, and the exact results, rounded to two numbers whose sum they are.

    python tests/accuracy/reference.py > tests/accuracy/reference.txt

A line is a function, its arguments and the two parts, numbers as the bits of an `f64`. Needs mpmath.
"""
import random
import struct

import mpmath

mpmath.mp.prec = 320
FUNCTIONS = {
    "exp": (mpmath.exp, 700), "expm1": (mpmath.expm1, 700), "ln": (mpmath.log, None), "log1p": (mpmath.log1p, None),
    "sin": (mpmath.sin, 1e6), "cos": (mpmath.cos, 1e6), "atan": (mpmath.atan, 1e18), "tanh": (mpmath.tanh, 40),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), 700), "erf": (mpmath.erf, 8), "sqrt": (mpmath.sqrt, None),
    "pow": (mpmath.power, None),
}
N_EACH = 240


def bits(x):
    return struct.pack(">d", x).hex()


def argument(rng, name, limit):
    """Log-uniform in size, with some near 1, where logarithms and powers are hard."""
    if limit is None:
        near_one = 1 + rng.choice([-1, 1]) * 2.0 ** -rng.uniform(1, 50)
        return rng.choice([near_one, 2.0 ** rng.uniform(-1000, 1000), rng.uniform(0, 10)])
    return rng.choice([-1, 1]) * min(limit, rng.choice([limit * 2.0 ** -rng.uniform(0, 40), rng.uniform(0, min(limit, 4))]))


def main():
    rng = random.Random(1)
    for name, (f, limit) in FUNCTIONS.items():
        for _ in range(N_EACH):
            x = [argument(rng, name, limit)]
            if name == "log1p":
                x[0] = rng.choice([x[0], x[0] - 1, -2.0 ** -rng.uniform(1, 60)])
                x[0] = max(x[0], -1 + 2.0**-52)
            if name == "pow":
                x[0] = 2.0 ** rng.uniform(-20, 20)
                x.append(rng.choice([-1, 1]) * rng.uniform(0, 40))
            exact = f(*map(mpmath.mpf, x))
            high = float(exact)
            print(name, *map(bits, x), bits(high), bits(float(exact - mpmath.mpf(high))))


main()
