"""Writes the PyTorch checkpoints of this folder and expected.json, what PyTorch itself reads from them.

Run: python3 make_checkpoints.py   (Debian 12: python3-torch 1.13.1, python3-numpy 1.24.2)
The values depend on the seed alone. Zip files come out byte for byte the same; legacy files name their storages by
memory addresses, so those few bytes differ from run to run.
"""
import argparse
import json
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy
import torch

HERE = Path(__file__).parent
SEED = 20250800


def flat_tensors(generator):
    """Every element type and every memory layout that a state dict can hold."""
    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    base = normal(4, 6)
    shared = normal(10)
    return OrderedDict([
        ("parameter", torch.nn.Parameter(normal(3, 4))),
        ("frozen", torch.nn.Parameter(normal(5), requires_grad=False)),
        ("double", normal(2, 3).double()),
        ("half", normal(7).half()),
        ("bfloat", normal(2, 2, 2).bfloat16()),
        ("long", torch.tensor([[-(2 ** 40), 3], [2 ** 53 + 1, -1]])),
        ("int", torch.tensor([-70000, 70000], dtype=torch.int32)),
        ("short", torch.tensor([-300, 300], dtype=torch.int16)),
        ("char", torch.tensor([-5, 5], dtype=torch.int8)),
        ("byte", torch.tensor([0, 255], dtype=torch.uint8)),
        ("flags", torch.tensor([True, False, True])),
        ("scalar", torch.tensor(1.5)),
        ("empty", torch.zeros(0, 3)),
        ("transposed", base.t()),
        ("half_transposed", normal(3, 2).half().t()),
        ("double_permuted", normal(2, 3, 4).double().permute(2, 0, 1)),
        ("char_strided", torch.arange(12, dtype=torch.int8).reshape(3, 4)[:, ::2]),
        ("base", base),
        ("column", base[:, 2]),
        ("head_of_shared", shared[:4]),
        ("tail_of_shared", shared[4:].reshape(2, 3)),
        ("expanded", torch.tensor([2.0]).expand(3, 2)),
    ])


def network(generator):
    """A small module with the names of a LayerNorm and an MLP."""
    module = torch.nn.ModuleDict({
        "norm": torch.nn.LayerNorm(4),
        "fc1": torch.nn.Linear(4, 6),
        "fc2": torch.nn.Linear(6, 4),
    })
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module


def prefixed(state, prefix):
    return OrderedDict((prefix + name, tensor) for name, tensor in state.items())


def training(generator):
    """What a DINO-style training program saves: two networks with heads, optimizer, options, odd objects."""
    teacher, student = network(generator), network(generator)
    head = {"module.dino_head.mlp.0.weight": torch.randn(2, 4, generator=generator)}
    head["module.ibot_head.mlp.0.bias"] = torch.randn(2, generator=generator)
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3)
    sum(parameter.sum() for parameter in student.parameters()).backward()
    optimizer.step()
    counts = defaultdict(int)
    counts["images"] = 1536
    state = teacher.state_dict()  # keeps its _metadata
    teacher_state = prefixed(state, "module.backbone.")
    teacher_state._metadata = state._metadata
    teacher_state.update(head)
    return {
        "student": prefixed(student.state_dict(), "module.backbone."),
        "teacher": teacher_state,
        "optimizer": optimizer.state_dict(),
        "epoch": 3,
        "seed": 2 ** 70,
        "args": argparse.Namespace(arch="tiny", lr=1e-3, crops=[256, 112]),
        "loss": numpy.float64(0.25),
        "history": numpy.arange(3),
        "size": torch.Size([4, 6]),
        "device": torch.device("cpu"),
        "counts": counts,
        "done": {1, 2},
        "note": b"bytes",
    }


def sharded(generator):
    """One flat dict of a whole training state, as trainers write it under `model`."""
    student, teacher = network(generator).state_dict(), network(generator).state_dict()
    flat = prefixed(student, "student.backbone.")
    flat.update(prefixed(teacher, "teacher.backbone."))
    flat["student.dino_head.last_layer.weight_g"] = torch.ones(3, 1)
    flat["dino_loss.center"] = torch.zeros(1, 3)
    return {"model": flat, "iteration": 5}


def expected(value):
    """Nested dicts with a tensor as type, shape and numbers; everything else is left out."""
    if isinstance(value, torch.Tensor):
        name = str(value.dtype).removeprefix("torch.")
        flat = value.detach().reshape(-1)
        numbers = flat.tolist() if name != "bfloat16" else flat.float().tolist()
        if name == "int64":
            numbers = [str(number) for number in numbers]
        return {"dtype": name, "shape": list(value.shape), "values": numbers}
    if isinstance(value, dict):
        inner = {key: expected(item) for key, item in value.items() if isinstance(key, str)}
        return {key: item for key, item in inner.items() if item is not None} or None
    return None


def main():
    made = {}

    def save(name, value, **options):
        torch.save(value, HERE / name, **options)
        made[name] = expected(torch.load(HERE / name))

    old = {"_use_new_zipfile_serialization": False}
    for suffix, options in [("zip", {}), ("legacy", old)]:
        save(f"flat_{suffix}.pth", flat_tensors(torch.Generator().manual_seed(SEED)), **options)
        save(f"training_{suffix}.pth", training(torch.Generator().manual_seed(SEED + 1)), **options)
    save("sharded_zip.bin", sharded(torch.Generator().manual_seed(SEED + 2)))
    save("flat_protocol4.pt", flat_tensors(torch.Generator().manual_seed(SEED)), pickle_protocol=4)
    save("flat_legacy_protocol4.pt", flat_tensors(torch.Generator().manual_seed(SEED)), pickle_protocol=4, **old)
    save("module_zip.pth", network(torch.Generator().manual_seed(SEED + 3)))
    save("tensor_zip.pth", torch.ones(2))
    lines = ",\n".join(f'"{name}": {json.dumps(tensors)}' for name, tensors in made.items())
    (HERE / "expected.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
