"""Runs a piece of work whenever a line arrives on stdin, and answers with the milliseconds it took."""
import json
import sys
import time


def serve(work, threads):
    import torch

    torch.set_num_threads(threads)
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads()}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        work()
        print(1000 * (time.perf_counter() - start), flush=True)
