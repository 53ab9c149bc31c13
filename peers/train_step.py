"""train_step.py BATCH THREADS: one DINOv2 step of the `small` preset in eager PyTorch per line on stdin."""
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

from layers import mv_hybrid
from serve_runs import serve

batch, threads = int(sys.argv[1]), int(sys.argv[2])
WIDTH, DEPTH, HEADS, LOCALS = 192, 8, 3, 4
HIDDEN, BOTTLENECK, PROTOTYPES = 512, 128, 1024
STUDENT_T, TEACHER_T = 0.1, 0.05
torch.manual_seed(0)


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, BOTTLENECK)
        )
        self.last = nn.utils.weight_norm(nn.Linear(BOTTLENECK, PROTOTYPES, bias=False))

    def forward(self, x):
        return self.last(F.normalize(self.mlp(x), dim=-1))


def network():
    return nn.ModuleDict({"backbone": mv_hybrid(WIDTH, DEPTH, HEADS), "dino": Head(), "ibot": Head()})


student, teacher = network(), network()
teacher.load_state_dict(student.state_dict())
teacher.requires_grad_(False)
parts = [list(student[name].parameters()) for name in ("backbone", "dino", "ibot")]
optimizer = torch.optim.AdamW(student.parameters(), lr=1e-4, weight_decay=0.04)
crops = torch.randn(2 * batch, 3, 96, 96)
local_crops = torch.randn(LOCALS * batch, 3, 48, 48)
mask = torch.zeros(2 * batch, 36, dtype=torch.bool)
mask[::2, :12] = True  # half of the crops, a third of their patches


def sinkhorn(logits):
    q = torch.exp(logits / TEACHER_T).t()
    q /= q.sum()
    for _ in range(3):
        q /= q.sum(1, keepdim=True) * q.shape[0]
        q /= q.sum(0, keepdim=True) * q.shape[1]
    return (q * q.shape[1]).t()


def cross_entropy(logits, target):
    return -(target * F.log_softmax(logits / STUDENT_T, -1)).sum(-1)


def koleo(x):
    x = F.normalize(x, dim=-1)
    with torch.no_grad():
        nearest = (x @ x.t()).fill_diagonal_(-1).argmax(1)
    return -torch.log(F.pairwise_distance(x, x[nearest], eps=1e-8) + 1e-8).mean()


def work():
    with torch.no_grad():
        cls, patches = teacher["backbone"](crops)
        cls_targets = sinkhorn(teacher["dino"](torch.cat(cls.chunk(2)[::-1])))
        patch_targets = sinkhorn(teacher["ibot"](patches[mask]))
    cls, patches = student["backbone"](crops, mask)
    local_cls, _ = student["backbone"](local_crops)
    logits = student["dino"](torch.cat([cls, local_cls]))
    pairs = 2 * LOCALS + 2
    loss = 2 * cross_entropy(logits[: 2 * batch], cls_targets).mean() / pairs
    for view in logits[2 * batch :].chunk(LOCALS):
        for target in cls_targets.chunk(2):
            loss = loss + cross_entropy(view, target).mean() / pairs
    loss = loss + 0.1 * sum(koleo(view) for view in cls.chunk(2))
    masked = cross_entropy(student["ibot"](patches[mask]), patch_targets)
    weights = (1 / mask.sum(-1).clamp(min=1)).unsqueeze(1).expand_as(mask)[mask]
    loss = loss + (masked * weights).sum() / len(mask)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for part in parts:
        nn.utils.clip_grad_norm_(part, 3.0)
    optimizer.step()
    with torch.no_grad():
        mine, theirs = list(teacher.parameters()), list(student.parameters())
        torch._foreach_mul_(mine, 0.99)
        torch._foreach_add_(mine, theirs, alpha=0.01)


serve(work, threads)
