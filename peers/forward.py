"""forward.py vit-12|mv-hybrid BATCH THREADS: one forward pass of eager PyTorch per line on stdin."""
import sys

import torch

from layers import mv_hybrid, vit
from serve_runs import serve

name, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(0)
model = {"vit-12": vit, "mv-hybrid": mv_hybrid}[name]().eval()
images = torch.randn(batch, 3, 256, 256)


def work():
    with torch.no_grad():
        model(images)


serve(work, threads)
