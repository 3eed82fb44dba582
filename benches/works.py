"""What `compare.py` times: the training steps of PyTorch and JAX for each work, and the programs of nnlc.

The five named works have a program of their own beside this file. Any other name is a perceptron, `WIDTHS@ROWS` with options after a
`+`: `13-37-91-5@17`, `784-128-32-128-784@100+mse+f64`, `64-64-64-8@32+layernorm+dropout+sgd`. Options: `f64`; `sgd` (momentum 0.9)
or `rmsprop` in place of Adam; `mse` in place of cross entropy; `layernorm` or `batchnorm` before each activation, `dropout` (0.1)
behind it; `tanh`, `gelu` or `sigmoid` in place of relu.
"""
import os
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMED = ["mlp_tiny", "mlp_mnist", "cnn_mnist", "lstm_char", "gpt_char"]
PERCEPTRONS = {"mlp_tiny": "4-16-3@32", "mlp_mnist": "784-512-256-10@128"}
ACTIVATIONS = ["tanh", "gelu", "sigmoid"]


class Perceptron:
    """A perceptron as its name says."""

    def __init__(self, work):
        shape, *self.options = PERCEPTRONS.get(work, work).split("+")
        widths, rows = shape.split("@")
        self.widths, self.rows = [int(width) for width in widths.split("-")], int(rows)
        unknown = set(self.options) - {"f64", "sgd", "rmsprop", "mse", "layernorm", "batchnorm", "dropout", *ACTIVATIONS}
        if unknown:
            raise SystemExit(f"unknown options of `{work}`: {', '.join(sorted(unknown))}")
        self.activation = next((name for name in ACTIVATIONS if name in self.options), "relu")
        self.optimizer = next((name for name in ("sgd", "rmsprop") if name in self.options), "adam")

    def __contains__(self, option):
        return option in self.options

    def program(self):
        """The path of its program, which is written to a temporary file. Targets are numbers: few rows would miss some class."""
        middle = f" |> {self.activation}" + (" |> Dropout(0.1)" if "dropout" in self else "")
        norm = "".join(f" |> {name}" for option, name in (("layernorm", "LayerNorm"), ("batchnorm", "BatchNorm")) if option in self)
        body = f"{norm}{middle}".join(f" |> Dense({width})" for width in self.widths[1:])
        n, m = self.widths[0], self.widths[-1]
        elem = "f64" if "f64" in self else ""
        text = f"""use nn::{{Dense, LayerNorm, BatchNorm, Dropout, {self.activation}}};
data noise {{
  source: random(rows: {self.rows}, normal: {n}, uniform: {m}), x: columns("x*"), y: columns("u*"),
}}
model Mlp(x: {elem}[batch, {n}]) -> {elem}[batch, {m}] {{ x{body} }}
train fit {{
  model: Mlp, data: noise, loss: {"mse(out, y)" if "mse" in self else "cross_entropy(logits: out, target: y)"},
  optimizer: {"sgd(lr: 1e-3, momentum: 0.9)" if self.optimizer == "sgd" else f"{self.optimizer}(lr: 1e-3)"},
  steps: 100, batch: {self.rows}, precision: {elem or "f32"},
}}
"""
        folder = tempfile.mkdtemp()
        path = os.path.join(folder, "perceptron.nnl")
        with open(path, "w") as file:
            file.write(text)
        return path


def program(work):
    """The path of a work's program."""
    return os.path.join(ROOT, "benches", f"{work}.nnl") if work in NAMED else Perceptron(work).program()


def batch(work):
    """A batch of a work: inputs and targets."""
    import numpy as np
    rng = np.random.default_rng(0)
    if work == "cnn_mnist":
        return rng.standard_normal((64, 1, 28, 28)).astype("f4"), rng.integers(0, 10, 64)
    if work in ("lstm_char", "gpt_char"):
        rows = 32 if work == "lstm_char" else 12
        return rng.integers(0, 65, (rows, 64)), rng.integers(0, 65, (rows, 64))
    of = Perceptron(work)
    dtype = "f8" if "f64" in of else "f4"
    x = rng.standard_normal((of.rows, of.widths[0])).astype(dtype)
    y = rng.random((of.rows, of.widths[-1])).astype(dtype) if "mse" in of else rng.integers(0, of.widths[-1], of.rows)
    return x, y


def torch_model(work):
    """A module, its optimizer, and whether its loss is the mean square."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Lstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.cell, self.out = nn.Embedding(65, 64), nn.LSTM(64, 256, batch_first=True), nn.Linear(256, 65)

        def forward(self, x):
            return self.out(self.cell(self.embed(x))[0])

    class Block(nn.Module):
        def __init__(self, d=128, heads=4):
            super().__init__()
            self.heads = heads
            self.norms = nn.ModuleList(nn.LayerNorm(d, bias=False) for _ in range(2))
            self.qkv, self.mix = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
            self.widen, self.narrow = nn.Linear(d, 4 * d, bias=False), nn.Linear(4 * d, d, bias=False)

        def forward(self, x):
            b, t, d = x.shape
            q, k, v = (z.view(b, t, self.heads, -1).transpose(1, 2) for z in self.qkv(self.norms[0](x)).split(d, 2))
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.mix(seen.transpose(1, 2).reshape(b, t, d))
            return x + self.narrow(F.gelu(self.widen(self.norms[1](x))))

    class Gpt(nn.Module):
        def __init__(self, d=128):
            super().__init__()
            self.token, self.place = nn.Embedding(65, d), nn.Embedding(64, d)
            self.blocks, self.norm = nn.Sequential(*[Block() for _ in range(4)]), nn.LayerNorm(d, bias=False)
            self.out = nn.Linear(d, 65, bias=False)
            self.out.weight = self.token.weight
            nn.init.normal_(self.token.weight, std=0.02)
            nn.init.normal_(self.place.weight, std=0.02)

        def forward(self, x):
            return self.out(self.norm(self.blocks(self.token(x) + self.place(torch.arange(x.shape[1])))))

    def cnn():
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))

    torch.manual_seed(0)
    made = {"cnn_mnist": cnn, "lstm_char": Lstm, "gpt_char": Gpt}.get(work)
    if made:
        model = made()
        adam = torch.optim.AdamW if work == "gpt_char" else torch.optim.Adam
        return model, adam(model.parameters(), lr=1e-3, fused=True), False
    of, layers = Perceptron(work), []
    for n, m in zip(of.widths, of.widths[1:]):
        layers += [nn.Linear(n, m)] + [nn.LayerNorm(m)] * ("layernorm" in of) + [nn.BatchNorm1d(m)] * ("batchnorm" in of)
        layers += [{"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}[of.activation]()]
        layers += [nn.Dropout(0.1)] * ("dropout" in of)
    while not isinstance(layers[-1], nn.Linear):
        layers.pop()
    model = nn.Sequential(*layers).to(torch.float64 if "f64" in of else torch.float32)
    optimizer = {
        "adam": lambda p: torch.optim.Adam(p, lr=1e-3, fused=True),
        "sgd": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, fused=True),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=1e-3, foreach=True),
    }[of.optimizer](model.parameters())
    return model, optimizer, "mse" in of


def torch_step(work, threads, compiles):
    """A step in PyTorch, and what makes a number of its loss."""
    import torch
    torch.set_num_threads(threads)
    model, optimizer, is_mse = torch_model(work)
    x, y = map(torch.from_numpy, batch(work))
    F = torch.nn.functional

    def loss_of(x, y):
        out = model(x)
        return F.mse_loss(out, y) if is_mse else F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))

    loss_of = torch.compile(loss_of) if compiles else loss_of

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, y)
        loss.backward()
        if work == "gpt_char":
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    return step, lambda loss: loss.item()


def jax_model(work):
    """Parameters, and the function of them, of inputs and of a random key that gives outputs."""
    import jax
    import numpy as np
    from jax import numpy as jnp
    rng = np.random.default_rng(0)
    of = None if work in ("cnn_mnist", "lstm_char", "gpt_char") else Perceptron(work)
    dtype = "f8" if of and "f64" in of else "f4"

    def normal(*shape, std=None):
        return jnp.asarray(rng.standard_normal(shape).astype(dtype) * np.asarray(std or (1.0 / shape[0]) ** 0.5, dtype))

    def dense(widths):
        return [{"w": normal(n, m), "b": jnp.zeros(m, dtype)} for n, m in zip(widths, widths[1:])]

    def layer_norm(x, gain):
        return (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * gain

    def perceptron(p, x, key):
        for at, layer in enumerate(p):
            x = x @ layer["w"] + layer["b"]
            if at + 1 == len(p):
                return x
            if of and "layernorm" in of:
                x = layer_norm(x, layer["gain"]) + layer["shift"]
            if of and "batchnorm" in of:
                x = (x - x.mean(0)) * jax.lax.rsqrt(x.var(0) + 1e-5) * layer["gain"] + layer["shift"]
            name = of.activation if of else "relu"
            x = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}.get(name, lambda x: jax.nn.gelu(x, approximate=False))(x)
            if of and "dropout" in of:
                x = jnp.where(jax.random.uniform(jax.random.fold_in(key, at), x.shape, dtype) < 0.1, 0, x / 0.9)

    if of:
        params = dense(of.widths)
        for layer in params[:-1] if "layernorm" in of or "batchnorm" in of else []:
            layer |= {"gain": jnp.ones_like(layer["b"]), "shift": jnp.zeros_like(layer["b"])}
        return params, perceptron
    if work == "cnn_mnist":
        params = {
            "w1": normal(3, 3, 1, 32, std=0.3), "b1": jnp.zeros(32), "w2": normal(3, 3, 32, 64, std=0.06), "b2": jnp.zeros(64),
            "dense": dense([9216, 128, 10])}

        def convolution(x, w):
            return jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))

        def cnn(p, x, key):
            x = jax.nn.relu(convolution(x, p["w1"]) + p["b1"])
            x = jax.nn.relu(convolution(x, p["w2"]) + p["b2"])
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            return perceptron(p["dense"], x.reshape(x.shape[0], -1), key)

        return params, cnn
    if work == "lstm_char":
        params = {"table": normal(65, 64, std=1.0), "wx": normal(64, 1024), "wh": normal(256, 1024), "b": jnp.zeros(1024), "dense": dense([256, 65])}

        def lstm(p, x, key):
            inputs = jnp.swapaxes(p["table"][x] @ p["wx"] + p["b"], 0, 1)

            def cell(state, e):
                h, c = state
                i, g, f, o = jnp.split(e + h @ p["wh"], 4, -1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                h = jax.nn.sigmoid(o) * jnp.tanh(c)
                return (h, c), h

            zeros = jnp.zeros((x.shape[0], 256))
            return perceptron(p["dense"], jnp.swapaxes(jax.lax.scan(cell, (zeros, zeros), inputs)[1], 0, 1), key)

        return params, lstm
    d = 128
    params = {"token": normal(65, d, std=0.02), "place": normal(64, d, std=0.02), "norm": jnp.ones(d), "blocks": [
        {"n1": jnp.ones(d), "n2": jnp.ones(d), "qkv": normal(d, 3 * d), "mix": normal(d, d), "widen": normal(d, 4 * d), "narrow": normal(4 * d, d)}
        for _ in range(4)]}

    def gpt(p, x, key):
        b, t = x.shape
        h = p["token"][x] + p["place"]
        mask = jnp.tril(jnp.ones((t, t), bool))
        for block in p["blocks"]:
            parts = jnp.split(layer_norm(h, block["n1"]) @ block["qkv"], 3, -1)
            q, k, v = (z.reshape(b, t, 4, d // 4).transpose(0, 2, 1, 3) for z in parts)
            scores = jnp.where(mask, q @ k.swapaxes(-1, -2) / (d // 4) ** 0.5, -jnp.inf)
            h = h + (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(b, t, d) @ block["mix"]
            h = h + jax.nn.gelu(layer_norm(h, block["n2"]) @ block["widen"], approximate=False) @ block["narrow"]
        return layer_norm(h, p["norm"]) @ p["token"].T

    return params, gpt


def jax_update(work):
    """The optimizer of a work: from parameters, gradients, two states and the number of the step to parameters and states."""
    import jax
    from jax import numpy as jnp
    optimizer = "adam" if work in ("cnn_mnist", "lstm_char", "gpt_char") else Perceptron(work).optimizer
    decay = 1e-5 if work == "gpt_char" else 0.0

    def adam(p, g, m, v, t):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - decay * p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    def sgd(p, g, m, v, t):
        m = 0.9 * m + g
        return p - 1e-3 * m, m, v

    def rmsprop(p, g, m, v, t):
        v = 0.99 * v + 0.01 * g * g
        return p - 1e-3 * g / (jnp.sqrt(v) + 1e-8), m, v

    one = {"adam": adam, "sgd": sgd, "rmsprop": rmsprop}[optimizer]

    def update(p, g, m, v, t):
        leaves = [jax.tree.leaves(tree) for tree in (p, g, m, v)]
        found = [one(*leaf, t) for leaf in zip(*leaves)]
        return [jax.tree.unflatten(jax.tree.structure(p), part) for part in zip(*found)]

    return update


def jax_step(work, threads):
    """A step in JAX, and what makes a number of its loss."""
    eigen = "true" if threads > 1 else "false"
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={threads}"
    import jax
    from jax import numpy as jnp
    jax.config.update("jax_enable_x64", "+f64" in work)
    params, outputs = jax_model(work)
    update = jax_update(work)
    x, y = map(jnp.asarray, batch(work))
    if work == "cnn_mnist":
        x = jnp.transpose(x, (0, 2, 3, 1))  # What XLA's convolutions prefer.

    def loss_of(p, x, y, key):
        out = outputs(p, x, key)
        if "+mse" in work:
            return ((out - y) ** 2).mean()
        return -jnp.take_along_axis(jax.nn.log_softmax(out), y[..., None], -1).mean()

    def step(p, m, v, t, x, y):
        loss, g = jax.value_and_grad(loss_of)(p, x, y, jax.random.fold_in(jax.random.key(0), t.astype("i4")))
        if work == "gpt_char":
            norm = jnp.sqrt(sum((leaf * leaf).sum() for leaf in jax.tree.leaves(g)))
            g = jax.tree.map(lambda leaf: leaf * jnp.minimum(1.0, 1.0 / (norm + 1e-6)), g)
        return (*update(p, g, m, v, t), t + 1, loss)

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    zeros = [jax.tree.map(jnp.zeros_like, params) for _ in range(2)]
    state = [(params, *zeros, jnp.ones((), x.dtype if x.dtype.kind == "f" else "f4"))]

    def one():
        *state[0], loss = step(*state[0], x, y)
        return loss.block_until_ready()

    return one, float
