#!/usr/bin/env python3
"""Reference results of torchvision (PIL backend) for the augmentation tests.

    node make-patch.mjs && python3 make-golden.py [folder with colorectal tiles]

Writes noise.png, one PNG per image case, cases.json, and, when the tile folder is given, tiles.json.
"""
import json
import math
import pathlib
import random
import sys

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional as F
from torchvision.transforms import transforms as module

HERE = pathlib.Path(__file__).parent
BICUBIC = transforms.InterpolationMode.BICUBIC


def save(image, name):
    image.save(HERE / f"{name}.png", optimize=True)


def apply_step(image, step):
    kind = step["kind"]
    if kind == "hue":
        return F.adjust_hue(image, step["shift"])
    change = {
        "brightness": F.adjust_brightness,
        "contrast": F.adjust_contrast,
        "saturation": F.adjust_saturation,
    }[kind]
    return change(image, step["factor"])


def render(image, plan):
    """A whole crop: the order of torchvision's Compose in DINOv2."""
    box, size = plan["box"], plan["sizePx"]
    out = F.resized_crop(image, box["y"], box["x"], box["height"], box["width"], [size, size], BICUBIC)
    if plan["flip"]:
        out = F.hflip(out)
    for step in plan["colour"]:
        out = apply_step(out, step)
    if plan["grayscale"]:
        out = F.to_grayscale(out, 3)
    if "blurSigma" in plan:
        out = F.gaussian_blur(out, [9, 9], [plan["blurSigma"]] * 2)
    if "solarizeFrom" in plan:
        out = F.solarize(out, plan["solarizeFrom"])
    return out


def plan(x, y, width, height, size, flip=False, colour=(), grayscale=False, **rest):
    box = {"x": x, "y": y, "width": width, "height": height}
    return {"box": box, "sizePx": size, "flip": flip, "colour": list(colour), "grayscale": grayscale, **rest}


def factor(kind, value):
    return {"kind": kind, "factor": value}


def shift(value):
    return {"kind": "hue", "shift": value}


def image_plans():
    """name -> (input, plan). The first letters say what is tested."""
    patch, noise = "patch", "noise"
    cases = {
        "resize-down-whole": (patch, plan(0, 0, 128, 128, 64)),
        "resize-down-odd": (patch, plan(5, 9, 101, 77, 48)),
        "resize-down-strong": (patch, plan(1, 2, 126, 119, 16)),
        "resize-up": (patch, plan(70, 31, 40, 33, 64)),
        "resize-up-tiny": (patch, plan(12, 100, 7, 5, 32)),
        "resize-mixed": (patch, plan(17, 3, 110, 40, 64)),
        "resize-same-width": (patch, plan(3, 40, 64, 80, 64)),
        "resize-same-height": (patch, plan(33, 7, 91, 64, 64)),
        "resize-none": (patch, plan(30, 50, 48, 48, 48)),
        "resize-odd-size": (patch, plan(21, 40, 83, 67, 37)),
        "resize-one-pixel": (noise, plan(9, 4, 1, 1, 8)),
        "resize-noise-down": (noise, plan(3, 2, 55, 39, 24)),
        "resize-noise-up": (noise, plan(10, 10, 21, 30, 48)),
        "flip": (patch, plan(60, 60, 68, 51, 48, flip=True)),
        "flip-same-width": (patch, plan(60, 60, 48, 51, 48, flip=True)),
        "grayscale": (noise, plan(0, 0, 44, 44, 44, grayscale=True)),
        "solarize": (noise, plan(0, 0, 44, 44, 44, solarizeFrom=128)),
    }
    for sigma in (0.1, 0.45, 0.8, 1.3, 2.0):
        cases[f"blur-patch-{sigma}"] = (patch, plan(40, 22, 48, 48, 48, blurSigma=sigma))
    cases["blur-odd-size-1.2"] = (noise, plan(4, 0, 43, 41, 31, blurSigma=1.2))
    cases["blur-smallest-2.0"] = (noise, plan(4, 0, 43, 41, 5, blurSigma=2.0))
    cases["blur-noise-1.7"] = (noise, plan(2, 1, 40, 40, 40, blurSigma=1.7))
    for kind, values in {
        "brightness": (0.6, 0.83, 1.19, 1.4),
        "contrast": (0.6, 0.91, 1.2, 1.4),
        "saturation": (0.8, 0.97, 1.2),
    }.items():
        for value in values:
            cases[f"jitter-{kind}-{value}"] = (noise, plan(0, 0, 44, 44, 44, colour=[factor(kind, value)]))
    for value in (-0.1, -0.033, 0.0, 0.07, 0.1, 0.5):
        cases[f"jitter-hue-{value}"] = (noise, plan(0, 0, 44, 44, 44, colour=[shift(value)]))
    cases["jitter-hue-patch"] = (patch, plan(8, 8, 64, 64, 64, colour=[shift(0.06)]))
    steps = [factor("contrast", 1.17), shift(-0.08), factor("brightness", 0.88), factor("saturation", 1.11)]
    cases["pipeline-global-1"] = (patch, plan(11, 4, 103, 96, 64, flip=True, colour=steps))
    cases["pipeline-global-2"] = (patch, plan(0, 20, 128, 105, 64, colour=steps[::-1], blurSigma=1.1))
    cases["pipeline-local"] = (patch, plan(61, 70, 37, 44, 32, colour=steps[1:] + steps[:1], blurSigma=0.6))
    cases["pipeline-grey"] = (patch, plan(5, 5, 90, 118, 48, flip=True, colour=steps, grayscale=True, blurSigma=1.9))
    cases["pipeline-solarized"] = (patch, plan(25, 0, 80, 80, 48, colour=steps[::-1], solarizeFrom=128))
    return cases


class Scripted:
    """Stands in for torch inside torchvision's transforms: numbers come from a list in [0, 1)."""

    def __init__(self, draws):
        self.draws = iter(draws)

    def __getattr__(self, name):
        return getattr(torch, name)

    def empty(self, _):
        return self

    def uniform_(self, low, high):
        return torch.tensor(float(low) + next(self.draws) * (float(high) - float(low)), dtype=torch.float32)

    def randint(self, low, high, size):
        assert tuple(size) == (1,)
        return torch.tensor(low + math.floor(next(self.draws) * (high - low)))


def crop_boxes():
    """Boxes that RandomResizedCrop.get_params gives for scripted draws, with fall-backs."""
    rng = random.Random(20250801)
    found = []
    sizes = [(256, 256), (224, 224), (112, 96), (31, 200), (500, 90), (64, 47), (4, 4)]
    for scale in ((0.32, 1.0), (0.05, 0.32)):
        for width, height in sizes:
            for _ in range(12):
                draws = [round(rng.random(), 6) for _ in range(24)]
                torch_was, module.torch = module.torch, Scripted(draws)
                try:
                    y, x, h, w = transforms.RandomResizedCrop.get_params(
                        Image.new("RGB", (width, height)), list(scale), [3 / 4, 4 / 3]
                    )
                finally:
                    module.torch = torch_was
                box = {"x": x, "y": y, "width": w, "height": h}
                found.append({"widthPx": width, "heightPx": height, "scale": scale, "draws": draws, "box": box})
    return found


def normalized(image, mean, std):
    """Some values of ToTensor + Normalize, by flat index of [3, H, W]."""
    values = F.normalize(F.to_tensor(image), mean, std).flatten()
    index = list(range(0, values.numel(), 97))
    return {"index": index, "value": [values[i].item() for i in index]}


def tile_cases(folder):
    """Real tiles: only the numbers of small results are kept."""
    steps = [factor("saturation", 0.9), shift(0.05), factor("brightness", 1.1), factor("contrast", 0.85)]
    plans = {
        "TUM-AACHEHDV.tif": plan(30, 41, 150, 128, 16, colour=steps, blurSigma=0.9),
        "STR-AACRYYNQ.tif": plan(100, 12, 14, 15, 16, flip=True, colour=steps[::-1]),
        "MUC-AAQTMGMA.tif": plan(0, 0, 224, 224, 16, flip=True, colour=steps[2:] + steps[:2]),
    }
    cases = []
    for name, one in plans.items():
        image = Image.open(pathlib.Path(folder) / name).convert("RGB")
        cases.append({"file": name, "plan": one, "pixels": np.asarray(render(image, one)).flatten().tolist()})
    return cases


def main():
    noise = np.random.default_rng(11).integers(0, 256, (44, 60, 3), dtype=np.uint8)
    save(Image.fromarray(noise), "noise")
    inputs = {name: Image.open(HERE / f"{name}.png").convert("RGB") for name in ("patch", "noise")}
    images = []
    for name, (source, one) in image_plans().items():
        save(render(inputs[source], one), name)
        images.append({"name": name, "input": source, "plan": one})
    mean, std = (0.70322989, 0.53606487, 0.66096631), (0.21716536, 0.26081574, 0.20723464)
    versions = {
        "torchvision": torchvision.__version__,
        "torch": torch.__version__,
        "Pillow": PIL.__version__,
        "numpy": np.__version__,
    }
    content = {
        "versions": versions,
        "images": images,
        "boxes": crop_boxes(),
        "normalized": {"mean": mean, "std": std, **normalized(inputs["noise"], mean, std)},
    }
    (HERE / "cases.json").write_text(json.dumps(content) + "\n")
    if len(sys.argv) > 1:
        tiles = {"versions": versions, "tiles": tile_cases(sys.argv[1])}
        (HERE / "tiles.json").write_text(json.dumps(tiles) + "\n")


main()
