"""A small GPT that learns as much as it can within the budget: the one file that an experiment edits.

    python train.py               trains on data/, writes model.safetensors, prints its measurements
    python train.py --estimate    what it needs of a graphics card's memory; trains nothing

What makes it fast on a CPU: one wide-enough layer, embeddings of token pairs and triples that need no matrix product, a
softmax in two stages, and a head start on the counts of all neighbouring tokens. On a graphics card: bf16, compiled,
PyTorch's flash attention, one softmax, as many sequences at a time as its memory holds.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import sys

# Before torch: threads that spin while they wait are slow on a busy machine, those that sleep at once on an idle one.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # rounds of a spin, some tens of microseconds: then they sleep
os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")  # on a card: less memory lost between blocks
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "4")  # else one process for each core, and the memory for it

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import prepare

# ---------------------------------------------------------------- constants: what an experiment may turn
DEPTH = 1  # layers, from 1 to 12: the dial; width, heads, batch and learning rates follow from it (see below)
HEADS = 2  # attention heads at DEPTH 1, from 1 to 8; each further layer brings one more
HEAD_WIDTH = 64  # dimensions of a head, fixed: even, as the rotation needs it
MLP_RATIO = 4  # hidden units of the MLP, in widths, from 1 to 8
GRAM_TABLES = 2  # from 0 to 3: an embedding of each pair of tokens, of each triple, and so on
GRAM_ROWS = 32768  # rows of each such table, from 1024 to 40000: a hash of the tokens picks one
VALUE_EMBEDDING = True  # add an embedding of the token itself to the values, in the last layer and every other before
SHIFT_KEYS = True  # half of the heads match on the token before the one they fetch
CLASSES = 32  # of tokens, from 1 to 128: the head tells the class first, then the token in it
TRAIN_LENGTH = 128  # tokens of a training sequence, from 32 to 256
BATCH_TOKENS = 2048  # tokens a step at DEPTH 1, from 512 to 16384
GPU_BATCH = 32  # times as many on a card, fixed here: it changes nothing on a CPU
WARMUP_STEPS = 10  # steps in which the learning rates rise, from 0 to 100
WARMDOWN = 0.5  # last share of the budget, in which they fall, from 0.1 to 1
FINAL_LR = 0.05  # what is left of them at the end, from 0 to 0.5
MATRIX_LR = 0.02  # Muon: matrices of the layers, from 0.002 to 0.2
EMBEDDING_LR = 0.1  # AdamW: tables looked up by token, from 0.01 to 1
HEAD_LR = 0.005  # AdamW: classes and tokens of the head, from 0.0005 to 0.05
GRAM_LR = 0.2  # AdamW: tables of pairs and triples, from 0.01 to 1
BETA1 = 0.8  # AdamW: memory of the slopes, from 0.5 to 0.95
BETA2 = 0.95  # AdamW: memory of their squares, from 0.8 to 0.999
WEIGHT_DECAY = 0.0  # AdamW and Muon: share of a weight that a step at rate 1 takes off, from 0 to 1
MOMENTUM = 0.95  # Muon, from 0.8 to 0.99
MUON_STEPS = 5  # Newton-Schulz iterations, from 2 to 6
COUNT_STEPS = 60  # most steps of the head start, from 0 to 100
COUNT_PARTS = 4  # of the tokens that one of them learns from, one in so many, from 1 to 16
COUNT_SHARE = 0.2  # most of the budget that it may take, from 0.01 to 0.5
COUNT_LR = 0.05  # AdamW during the head start, from 0.005 to 0.2
COMPILE_ON_CPU = False  # fixed: costs 40 to 60 CPU seconds the first time; with CUDA it is always done

# What follows from DEPTH: it is meant to grow with the budget, so a deeper model is also wider and sees more at a step.
WIDTH = HEAD_WIDTH * (HEADS + DEPTH - 1)  # dimensions of the residual stream: 128, 192, 256 …
SEQUENCES = max(1, round(BATCH_TOKENS * DEPTH**0.5 / TRAIN_LENGTH))  # a step
ADAM_SCALE = (128 / WIDTH) ** 0.5  # of AdamW's learning rates; Muon's steps need none, they are scaled by shape
CLASS_SIZE = -(-prepare.VOCAB_SIZE // CLASSES)  # tokens of a class; the last may have fewer
SLOTS = CLASSES * CLASS_SIZE

# What the machine is. GPU = True and BF16 = True by hand try a card's path on a CPU, slowly.
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
GPU = DEVICE.type != "cpu"  # one big product is quicker there than many small ones, and a dense slope than a sparse one
BF16 = {  # whether it multiplies bfloat16 fast; emulated it is far slower than float32
    "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
    "mps": lambda: False,
    "cpu": lambda: torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported(),
}[DEVICE.type]()


# ---------------------------------------------------------------- model
def norm(x: Tensor) -> Tensor:
    return F.rms_norm(x, (x.size(-1),))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Return x (batch, heads, time, head) with each pair of dimensions turned by its position's angle."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos + b * sin, b * cos - a * sin), dim=-1)


class ReluSquared(torch.autograd.Function):
    """relu(x)**2 in half the passes over memory: its slope is 2 relu(x), so the mask needs no pass of its own."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        x = x.relu_()  # in place: a matrix product's backward pass does not need its own result
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return (grad * ctx.saved_tensors[0]).mul_(2)


class Layer(nn.Module):
    """Attention and an MLP, each on a normed copy of the stream and added to it."""

    def __init__(self, *, value: bool) -> None:
        super().__init__()
        spread = (3 / WIDTH) ** 0.5  # of a uniform draw with standard deviation WIDTH ** -0.5
        self.qkv = nn.Parameter(torch.empty(3, WIDTH, WIDTH).uniform_(-spread, spread))  # (3, out, in)
        self.out = nn.Parameter(torch.zeros(WIDTH, WIDTH))
        self.up = nn.Parameter(torch.empty(MLP_RATIO * WIDTH, WIDTH).uniform_(-spread, spread))
        self.down = nn.Parameter(torch.zeros(WIDTH, MLP_RATIO * WIDTH))
        self.value = nn.Parameter(torch.zeros(prepare.VOCAB_SIZE, WIDTH)) if value else None

    def forward(self, x: Tensor, tokens: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, time, _ = x.shape
        qkv = F.linear(norm(x), self.qkv.flatten(0, 1))  # (batch, time, 3 * width)
        q, k, v = qkv.view(batch, time, 3, -1, HEAD_WIDTH).permute(2, 0, 3, 1, 4)  # each (batch, heads, time, head)
        if self.value is not None:
            v = v + F.embedding(tokens, self.value).view(batch, time, -1, HEAD_WIDTH).transpose(1, 2)
        if SHIFT_KEYS and k.size(1) > 1:  # what followed the last time that this token stood here: one layer is enough
            near, far = k.chunk(2, dim=1)
            k = torch.cat((near, F.pad(far, (0, 0, 1, 0))[:, :, :-1]), dim=1)
        q, k = rotate(norm(q), cos, sin), rotate(norm(k), cos, sin)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (batch, heads, time, head); flash in bf16 on CUDA
        x = x + F.linear(y.transpose(1, 2).reshape(batch, time, WIDTH), self.out)
        hidden = F.linear(norm(x), self.up)  # (batch, time, MLP_RATIO * width)
        by_hand = not GPU and not COMPILE_ON_CPU  # the compiler does as well, and its own way
        hidden = ReluSquared.apply(hidden) if by_hand else hidden.relu().square()
        return x + F.linear(hidden, self.down)


class GPT(nn.Module):
    """Tokens (batch, time) in, logits of the next token (batch, time, vocab) out."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(prepare.VOCAB_SIZE, WIDTH))
        self.grams = nn.ParameterList(nn.Parameter(torch.zeros(GRAM_ROWS, WIDTH)) for _ in range(GRAM_TABLES))
        self.layers = nn.ModuleList(
            Layer(value=VALUE_EMBEDDING and (DEPTH - 1 - layer) % 2 == 0) for layer in range(DEPTH)
        )
        self.classes = nn.Parameter(torch.zeros(CLASSES, WIDTH))
        self.head = nn.Parameter(torch.zeros(CLASSES, CLASS_SIZE, WIDTH))
        self.register_buffer("slot", torch.arange(prepare.VOCAB_SIZE))  # (vocab,): class * CLASS_SIZE + place in it
        angles = torch.outer(torch.arange(4096.0), 1024.0 ** -torch.linspace(0, 1, HEAD_WIDTH // 2))  # (time, head / 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def matrices(self) -> list[nn.Parameter]:
        """Return the weights of the layers' products."""
        return [p for layer in self.layers for p in (layer.qkv, layer.out, layer.up, layer.down)]

    def embed(self, tokens: Tensor) -> Tensor:
        """Return the embedding of each token, plus one of the pair, the triple … that ends with it."""
        x = F.embedding(tokens, self.embedding)  # (batch, time, width)
        hashed, before = tokens, tokens
        for table in self.grams:  # rows are shared by whatever has the same hash: common pairs win them
            before = F.pad(before, (1, 0))[:, :-1]  # (batch, time): one token further back
            hashed = hashed * 1000003 + before * 19260817 + 7  # wraps around
            x = x + F.embedding((hashed >> 7) % GRAM_ROWS, table, sparse=not GPU)
        x = norm(x)
        return x.bfloat16() if GPU and torch.is_autocast_enabled(x.device.type) else x  # half the bytes in each layer

    def read(self, x: Tensor, tokens: Tensor) -> Tensor:
        """Return what the head reads, (batch, time, width)."""
        cos, sin = self.cos[: tokens.size(1)], self.sin[: tokens.size(1)]  # (time, head / 2)
        for layer in self.layers:
            x = layer(x, tokens, cos, sin)
        return norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of each next token, float32, natural-log units before softmax."""
        x = self.read(self.embed(tokens), tokens)
        within = F.linear(x, self.head.flatten(0, 1)).float()  # (batch, time, slots)
        if CLASSES == 1:  # one stage: a token's slot is the token
            return within
        within = within.unflatten(-1, (CLASSES, CLASS_SIZE)).log_softmax(-1)  # (batch, time, classes, class size)
        of_class = F.linear(x, self.classes).float().log_softmax(-1)  # (batch, time, classes)
        return (of_class[..., None] + within).flatten(-2)[..., self.slot]

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy, in nats a token: the same as that of `forward`'s logits.

        A token is told by its class, then by its place among the class's tokens. So on a CPU each position meets
        CLASSES + CLASS_SIZE rows of the head and not all of them, which would cost more than the layers.
        """
        if GPU:
            return F.cross_entropy(self(tokens).flatten(0, 1), targets.flatten())
        x = self.read(self.embed(tokens), tokens).flatten(0, 1)  # (batch * time, width)
        slot = self.slot[targets.flatten()]
        of_class, place = slot // CLASS_SIZE, slot % CLASS_SIZE  # each (batch * time,)
        total = F.cross_entropy(F.linear(x, self.classes).float(), of_class, reduction="sum")
        order, sizes = of_class.argsort(stable=True), torch.bincount(of_class, minlength=CLASSES).tolist()
        groups = zip(x[order].split(sizes), place[order].split(sizes), self.head, strict=True)
        for xs, places, rows in groups:  # (positions, width), (positions,), (tokens of the class, width)
            total = total + F.cross_entropy(F.linear(xs, rows).float(), places, reduction="sum")
        return total / len(x)


def load_model(device: torch.device) -> GPT:
    """Return the trained model; the judge calls this, and then the model with tokens alone."""
    model = GPT()
    model.load_state_dict(load_file("model.safetensors"))
    return model.to(device).eval().requires_grad_(False)


# ---------------------------------------------------------------- optimisers
# On a CPU not torch.optim: its classes load the compiler, which costs two seconds of every run.
class AdamW:
    """AdamW; of a table whose slopes are sparse, it moves only the rows that were looked up."""

    def __init__(self, parameters: list[nn.Parameter], lr: float) -> None:
        self.lr, self.steps = lr, 0
        self.state = [(p, torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]

    def step(self, factor: float) -> None:
        self.steps += 1
        rate = factor * self.lr / (1 - BETA1**self.steps)
        unbias = 1 - BETA2**self.steps
        for p, mean, square in self.state:
            grad, p.grad = p.grad, None
            if WEIGHT_DECAY and not grad.is_sparse:
                p.mul_(1 - factor * self.lr * WEIGHT_DECAY)
            if grad.is_sparse:
                grad = grad.coalesce()
                rows, slopes = grad.indices()[0], grad.values()  # (rows,), (rows, width)
                m = mean[rows].lerp_(slopes, 1 - BETA1)
                v = square[rows].mul_(BETA2).addcmul_(slopes, slopes, value=1 - BETA2)
                mean[rows], square[rows] = m, v
                p.index_add_(0, rows, m.div_(v.div_(unbias).sqrt_().add_(1e-10)), alpha=-rate)
            else:
                mean.lerp_(grad, 1 - BETA1)
                square.mul_(BETA2).addcmul_(grad, grad, value=1 - BETA2)
                p.addcdiv_(mean, (square / unbias).sqrt_().add_(1e-10), value=-rate)


class FusedAdamW:
    """The same for dense slopes on a card: PyTorch's own, one kernel for all its tensors."""

    def __init__(self, parameters: list[nn.Parameter], lr: float) -> None:
        self.lr = lr
        settings = {"betas": (BETA1, BETA2), "eps": 1e-10, "weight_decay": WEIGHT_DECAY}
        self.inner = torch.optim.AdamW(parameters, lr=lr, fused=True, **settings)

    def step(self, factor: float) -> None:
        self.inner.param_groups[0]["lr"] = factor * self.lr
        self.inner.step()
        self.inner.zero_grad(set_to_none=True)


class Muon:
    """Momentum, made orthogonal (Keller Jordan, https://kellerjordan.github.io/posts/muon)."""

    def __init__(self, parameters: list[nn.Parameter], lr: float) -> None:
        self.lr = lr
        groups: dict[object, list[tuple[nn.Parameter, Tensor]]] = {}
        for number, p in enumerate(parameters):  # on a card, matrices of one shape go through the products together
            groups.setdefault(p.shape if GPU else number, []).append((p, torch.zeros_like(p)))
        self.groups = list(groups.values())

    def step(self, factor: float) -> None:
        for group in self.groups:
            slopes = [self.slope(p, momentum) for p, momentum in group]
            updates = orthogonalise(torch.stack(slopes)).unbind() if len(group) > 1 else [orthogonalise(slopes[0])]
            for (p, _), update in zip(group, updates, strict=True):
                p.mul_(1 - factor * self.lr * WEIGHT_DECAY)
                p.add_(update, alpha=-factor * self.lr * max(1.0, p.size(-2) / p.size(-1)) ** 0.5)

    @staticmethod
    def slope(p: nn.Parameter, momentum: Tensor) -> Tensor:
        grad, p.grad = p.grad, None
        momentum.lerp_(grad, 1 - MOMENTUM)
        return grad.lerp(momentum, MOMENTUM)


def orthogonalise(g: Tensor) -> Tensor:
    """Return the nearest semi-orthogonal matrices to g (..., rows, columns), about: singular values 0.7 to 1.2."""
    wide = g.size(-2) <= g.size(-1)
    x = g if wide else g.mT
    x = x.bfloat16() if GPU and BF16 else x  # what is lost by it is less than what so few iterations leave
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(MUON_STEPS):  # Newton-Schulz, quintic
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x if wide else x.mT


def make_optimisers(model: GPT) -> list[AdamW | FusedAdamW | Muon]:
    tables = [model.embedding, *(layer.value for layer in model.layers if layer.value is not None)]
    rates = [
        (tables, EMBEDDING_LR),
        ([model.head] if GPU and CLASSES == 1 else [model.head, model.classes], HEAD_LR),  # one class: it has no slope
        (list(model.grams), GRAM_LR),
    ]
    adam = FusedAdamW if GPU else AdamW
    return [Muon(model.matrices(), MATRIX_LR), *(adam(group, rate * ADAM_SCALE) for group, rate in rates if group)]


def learning_rate(progress: float, step: int) -> float:
    """Return the factor of all learning rates: a rise over the first steps, then full, then down to FINAL_LR."""
    down = min(1.0, (1 - progress) / WARMDOWN)
    return min(1.0, (step + 1) / (WARMUP_STEPS + 1)) * (FINAL_LR + (1 - FINAL_LR) * down)


# ---------------------------------------------------------------- head start
@torch.no_grad()
def start_from_counts(model: GPT, tokens, budget: prepare.Budget) -> None:
    """Sort the tokens into classes, and fit embedding and head to the counts of all neighbouring tokens.

    A step costs as much as training on so many tokens as it picks, and learns from all their places in the corpus. It
    counts as a step.
    """
    size, device = prepare.VOCAB_SIZE, model.embedding.device
    if size > 8192 or (COUNT_STEPS == 0 and CLASSES == 1):  # so many counts would fill the memory; or nobody asks
        return
    stream = torch.from_numpy(tokens[:50_000_000].astype("int64"))
    counts = torch.bincount(stream[:-1] * size + stream[1:], minlength=size * size).view(size, size).float()
    slots = sort_into_classes(counts)
    model.slot[slots] = torch.arange(size, device=device)
    counts = F.pad(counts[:, slots], (0, SLOTS - size)).to(device)
    joint = (counts / counts.sum()).view(size, CLASSES, CLASS_SIZE)  # (token, class and place of the next one)
    to_class = joint.sum(2)  # (token, class)
    optimiser, began = AdamW([model.embedding, model.head, model.classes], COUNT_LR), budget.progress()
    while (done := max(budget.steps / max(COUNT_STEPS, 1), (budget.progress() - began) / COUNT_SHARE)) < 1:
        some = torch.randperm(size)[: size // COUNT_PARTS].to(device)  # (tokens,)
        p, p_class = joint[some], to_class[some]
        with torch.enable_grad():
            x = norm(model.embedding[some])  # (tokens, width)
        within = F.linear(x, model.head.flatten(0, 1)).view_as(p).softmax(2)
        wrong = (within * p_class[:, :, None] - p).flatten(1)  # (tokens, slot): slopes of the logits
        wrong_class = F.linear(x, model.classes).softmax(1) * p_class.sum(1, keepdim=True) - p_class
        model.head.grad, model.classes.grad = (wrong.T @ x).view_as(model.head), wrong_class.T @ x
        x.backward(wrong @ model.head.flatten(0, 1) + wrong_class @ model.classes)
        optimiser.step(1 - done)
        budget.steps += 1


def sort_into_classes(counts: Tensor) -> Tensor:
    """Return the tokens in an order in which each CLASS_SIZE neighbours come after similar tokens, (vocab,)."""
    a = (counts / (counts.sum(1, keepdim=True) * counts.sum(0)).sqrt().clamp(min=1)).T  # (token, token before)
    basis = torch.randn(len(a), 16)
    for _ in range(6):  # the strongest directions, by subspace iteration
        basis = torch.linalg.qr(a @ (a.T @ basis))[0]
    places = F.normalize(a @ (a.T @ basis), dim=1)  # (token, 16)

    def halve(tokens: Tensor, classes: int) -> Tensor:
        if classes == 1 or len(tokens) < 2:
            return tokens
        x = places[tokens] - places[tokens].mean(0)
        widest = torch.linalg.eigh(x.T @ x)[1][:, -1]  # the direction in which they differ most
        tokens, half = tokens[(x @ widest).argsort(stable=True)], classes // 2
        left, right = tokens[: half * CLASS_SIZE], tokens[half * CLASS_SIZE :]
        return torch.cat((halve(left, half), halve(right, classes - half)))

    return halve(torch.arange(len(a)), CLASSES)


# ---------------------------------------------------------------- memory and speed of a card
def estimate_memory(model: GPT, sequences: int) -> dict[str, int]:
    """Return the bytes that a step takes with so many sequences at a time, by what they are for.

    From shapes alone, so that a model on the device "meta" will do. It is what autograd keeps without the compiler,
    counted for bfloat16; the compiler keeps less, and the allocator and the libraries take some 1 to 2 GB beside it.
    """
    numbers = sum(p.numel() for p in model.parameters())
    matrices = sum(p.numel() for p in model.matrices())
    tokens = sequences * TRAIN_LENGTH
    wider = 2 if GPU and not BF16 else 1
    return {
        "parameters": 4 * numbers,
        "gradients": 4 * numbers,
        "optimisers": 8 * (numbers - matrices) + 4 * matrices,
        "layers": 2 * matrices + tokens * WIDTH * (36 + 4 * MLP_RATIO) * DEPTH * wider,
        "embeddings": tokens * WIDTH * 16,
        "logits": tokens * SLOTS * (12 if CLASSES == 1 else 24),  # bf16, float32 and its softmax, or their slopes
    }


def split_batch(model: GPT, sequences: int, free_bytes: float) -> int:
    """Return into how many equal parts a step is cut, the fewest that fit; their slopes add up to the same."""
    parts = [number for number in range(1, sequences + 1) if sequences % number == 0]
    fit = (number for number in parts if sum(estimate_memory(model, sequences // number).values()) <= free_bytes)
    return next(fit, sequences)


def free_bytes() -> float:
    """Return what may be used of the card's memory."""
    if DEVICE.type == "cuda":
        return 0.9 * torch.cuda.mem_get_info()[0] - 1e9
    return 0.9 * torch.mps.recommended_max_memory() if DEVICE.type == "mps" else math.inf


def flops_per_token(model: GPT) -> float:
    """Return the operations that training on a token takes: 6 for each weight that it meets, and causal attention."""
    matrices = sum(p.numel() for p in model.matrices())
    return 6.0 * (matrices + model.head.numel()) + 6.0 * DEPTH * WIDTH * TRAIN_LENGTH


def print_estimate() -> None:
    with torch.device("meta"):  # shapes without memory
        model = GPT()
    sequences = SEQUENCES * GPU_BATCH
    numbers = sum(p.numel() for p in model.parameters())
    print(f"{numbers / 1e6:.1f} M parameters, {sequences * TRAIN_LENGTH:,} tokens a step on a card")
    print(f"{flops_per_token(model) / 1e6:.0f} MFLOP a token")
    for gigabytes in (8, 16, 24, 40, 80):
        parts = split_batch(model, sequences, 0.9e9 * gigabytes - 1e9)
        bytes_of = estimate_memory(model, sequences // parts)
        told = ", ".join(f"{name} {size / 1e9:.1f}" for name, size in bytes_of.items())
        whole = sum(bytes_of.values()) / 1e9
        print(f"{gigabytes} GB: {parts} x {sequences // parts} sequences, {whole:.1f} GB: {told}")


# ---------------------------------------------------------------- training
def tune_machine(budget: prepare.Budget) -> None:
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("medium")  # on CUDA: TF32 for what is not in bf16
    if budget.unit != "wall" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)  # a CPU second learns most on one thread, and a seed gives the same model again
    if sys.platform == "linux":  # have glibc keep freed memory, so that large tensors need not be mapped anew
        libc = ctypes.CDLL(None)
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD, bytes
        libc.mallopt(-3, 2**25)  # M_MMAP_THRESHOLD, bytes: the most that glibc takes


class Step:
    """One step of training, cut into as many parts as the memory needs."""

    def __init__(self, model: GPT) -> None:
        self.model, self.loss = model, model.loss
        self.sequences = SEQUENCES * (GPU_BATCH if GPU else 1)
        self.parts = split_batch(model, self.sequences, free_bytes()) if GPU else 1
        if DEVICE.type == "cuda":
            self.loss = torch.compile(model.loss, dynamic=False, fullgraph=True)
        elif COMPILE_ON_CPU:
            model.read = torch.compile(model.read, dynamic=False)

    def slopes(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Add the slopes of one part, (sequences / parts, time), and return its share of the loss."""
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=BF16):
            loss = self.loss(inputs, targets) / self.parts
        loss.backward()
        return loss.detach()

    def warm_up(self) -> None:
        """Compile; nothing is learned from a blank text."""
        # strides as in a real batch: others would be compiled for once more, and then in the budget's time
        blank = torch.zeros(self.sequences // self.parts, TRAIN_LENGTH + 1, dtype=torch.int64, device=DEVICE)
        self.slopes(blank[:, :-1], blank[:, 1:])
        self.model.zero_grad(set_to_none=True)
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()

    def take(self, batches: prepare.Batches) -> Tensor:
        """Work out the slopes of a whole step and return its loss, in nats a token, without waiting for the card."""
        part = self.sequences // self.parts
        return sum(self.slopes(*batches.next(part, TRAIN_LENGTH, DEVICE)) for _ in range(self.parts))


def main() -> None:
    budget = prepare.Budget()
    tune_machine(budget)
    torch.manual_seed(prepare.SEED)
    model = GPT().to(DEVICE)
    step = Step(model)
    tokens = prepare.load_tokens("train")
    batches = prepare.Batches(tokens, seed=prepare.SEED)
    if DEVICE.type == "cuda" or COMPILE_ON_CPU:
        step.warm_up()
        budget.begin()
    start_from_counts(model, tokens, budget)
    optimisers, steps, smooth, shown = make_optimisers(model), 0, 0.0, 0
    gc.collect()
    gc.freeze()  # what is there by now stays to the end: collecting need not walk over it again and again
    waiting: list[Tensor] = []  # losses not looked at yet: looking waits for the card, so there it is done a step late

    def look(loss: Tensor, progress: float, number: int) -> None:
        nonlocal smooth, shown
        value = loss.item()  # nats a token
        if not math.isfinite(value):
            raise SystemExit(f"train: the loss is {value} at step {number}")
        smooth += (value - smooth) * max(0.05, 1 / number)
        if int(10 * progress) > shown:
            shown = int(10 * progress)
            print(f"{100 * progress:3.0f} % of the budget, step {budget.steps}: loss {smooth:.4f}", flush=True)

    while (progress := budget.progress()) < 1:
        waiting.append(step.take(batches))
        with torch.no_grad():
            for optimiser in optimisers:
                optimiser.step(learning_rate(progress, steps))
        budget.steps, steps = budget.steps + 1, steps + 1
        if len(waiting) > GPU:
            look(waiting.pop(0), progress, steps - GPU)
    for loss in waiting:
        look(loss, progress, steps)
    used = budget.measurements()
    save_file(model.state_dict(), "model.safetensors")
    print_measurements(model, step, used | {"train_loss": smooth, "steps": steps, "num_steps": budget.steps})


def print_measurements(model: GPT, step: Step, used: dict[str, float]) -> None:
    seen = used["steps"] * step.sequences * TRAIN_LENGTH  # tokens
    speed = seen / max(used["training_seconds"], 1e-9)
    print("---")
    print(f"train_loss:       {used['train_loss']:.6f}")
    print(f"training_seconds: {used['training_seconds']:.1f}")
    print(f"warm_up_seconds:  {used['warm_up_seconds']:.1f}")
    print(f"total_seconds:    {used['total_seconds']:.1f}")
    print(f"cpu_seconds:      {used['cpu_seconds']:.1f}")
    print(f"peak_vram_mb:     {prepare.peak_memory_mb(DEVICE):.1f}")
    if peak := prepare.peak_flops(DEVICE):
        print(f"mfu_percent:      {100 * speed * flops_per_token(model) / peak:.2f}")
    print(f"tokens_per_second: {speed:.0f}")
    print(f"total_tokens_M:   {seen / 1e6:.3f}")
    print(f"num_steps:        {used['num_steps']}")
    print(f"num_params_M:     {sum(p.numel() for p in model.parameters()) / 1e6:.1f}")
    print(f"parts_of_a_step:  {step.parts}")
    print(f"depth:            {DEPTH}")


if __name__ == "__main__":
    try:
        print_estimate() if "--estimate" in sys.argv[1:] else main()
    except prepare.PrepareError as error:
        raise SystemExit(f"train: {error}") from None
    except torch.OutOfMemoryError as error:
        said = str(error).split(". ")[0]  # the rest is advice on settings
        raise SystemExit(f"train: {said}: python train.py --estimate says what takes how much") from None
