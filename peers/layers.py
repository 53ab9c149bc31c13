"""MV_Hybrid and the ViT in plain PyTorch, written from their equations: no kernel of its own, the scan as a Python loop."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, l, c = x.shape
        q, k, v = self.qkv(x).reshape(b, l, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, l, c))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class EinFft(nn.Module):
    def __init__(self, width, blocks=4):
        super().__init__()
        self.blocks, w = blocks, width // blocks
        self.w1, self.w2 = (nn.Parameter(0.02 * torch.randn(2, blocks, w, w)) for _ in range(2))
        self.b1, self.b2 = (nn.Parameter(0.02 * torch.randn(2, blocks, w)) for _ in range(2))

    @staticmethod
    def layer(re, im, w, b):
        product = lambda x, m: torch.einsum("blkd,kde->blke", x, m)
        return product(re, w[0]) - product(im, w[1]) + b[0], product(im, w[0]) + product(re, w[1]) + b[1]

    def forward(self, x):
        b, l, c = x.shape
        spectrum = torch.fft.fft2(x.reshape(b, l, self.blocks, c // self.blocks), dim=(1, 2), norm="ortho")
        re, im = (F.relu(part) for part in self.layer(spectrum.real, spectrum.imag, self.w1, self.b1))
        re, im = (F.softshrink(part, 0.01) for part in self.layer(re, im, self.w2, self.b2))
        return torch.fft.ifft2(torch.complex(re, im), dim=(1, 2), norm="ortho").real.reshape(b, l, c)


class MambaVisionMixer(nn.Module):
    def __init__(self, width, states=16, taps=4):
        super().__init__()
        self.states, self.rank = states, math.ceil(width / 16)
        self.in_proj = nn.Linear(width, 2 * width, bias=False)
        self.x_proj = nn.Linear(width, self.rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(self.rank, width)
        self.out_proj = nn.Linear(2 * width, width, bias=False)
        self.conv = nn.ModuleList(nn.Conv1d(width, width, taps, groups=width, bias=False) for _ in range(2))
        self.A_log = nn.Parameter(torch.log(torch.arange(1, states + 1).float()).repeat(width, 1))
        self.D = nn.Parameter(torch.ones(width))

    def forward(self, x):
        parts = self.in_proj(x).transpose(1, 2).chunk(2, 1)
        u, z = (F.silu(conv(F.pad(part, (1, 2)))) for conv, part in zip(self.conv, parts))
        dt, B, C = self.x_proj(u.transpose(1, 2)).split([self.rank, self.states, self.states], 2)
        dt = F.softplus(self.dt_proj(dt) + self.dt_proj.bias)
        A = -torch.exp(self.A_log)
        decay = torch.exp(dt.unsqueeze(3) * A)
        drive = (dt * u.transpose(1, 2)).unsqueeze(3) * B.unsqueeze(2)
        h = torch.zeros_like(decay[:, 0])
        ys = []
        for t in range(x.shape[1]):
            h = decay[:, t] * h + drive[:, t]
            ys.append(torch.einsum("bdn,bn->bd", h, C[:, t]))
        y = torch.stack(ys, 1) + u.transpose(1, 2) * self.D
        return self.out_proj(torch.cat([y, z.transpose(1, 2)], 2))


class Block(nn.Module):
    def __init__(self, width, mixer, channel, eps=1e-5):
        super().__init__()
        self.norm1, self.mixer = nn.LayerNorm(width, eps), mixer
        self.norm2, self.channel = nn.LayerNorm(width, eps), channel

    def forward(self, x):
        x = x + self.mixer(self.norm1(x))
        return x + self.channel(self.norm2(x))


class Encoder(nn.Module):
    """Class token in front of the patches (positions added), or in their middle without positions."""

    def __init__(self, width, blocks, middle, side=256, patch=16):
        super().__init__()
        self.middle = middle
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.mask = nn.Parameter(torch.zeros(1, width))
        self.positions = None if middle else nn.Parameter(0.02 * torch.randn(1, (side // patch) ** 2 + 1, width))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)

    def forward(self, images, mask=None):
        x = self.patch(images).flatten(2).transpose(1, 2)
        if mask is not None:
            x = torch.where(mask.unsqueeze(2), self.mask, x)
        at = x.shape[1] // 2 if self.middle else 0
        x = torch.cat([x[:, :at], self.cls.expand(len(x), -1, -1), x[:, at:]], 1)
        if self.positions is not None:
            x = x + self.positions
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return x[:, at], torch.cat([x[:, :at], x[:, at + 1 :]], 1)


def vit(width=384, depth=12, heads=6):
    return Encoder(width, [Block(width, Attention(width, heads), Mlp(width)) for _ in range(depth)], middle=False)


def mv_hybrid(width=384, depth=24, heads=6):
    first = [Block(width, MambaVisionMixer(width), EinFft(width)) for _ in range(depth // 2)]
    last = [Block(width, Attention(width, heads), Mlp(width)) for _ in range(depth - depth // 2)]
    return Encoder(width, first + last, middle=True)
