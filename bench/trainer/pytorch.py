"""Trains a network of bench/trainer/networks.ts with PyTorch on one thread and prints samples a second.

Usage: pytorch.py NETWORK float|quantized SLICES. The same batch (1024), optimizer, loss and dropout as kiln's;
quantizers are fake quantizations with straight-through gradients and learned log2 scales. Channels last.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional

BATCH = 1024


class Round(torch.autograd.Function):
    @staticmethod
    def forward(_, x):
        return torch.round(x)

    @staticmethod
    def backward(_, gradient):
        return gradient


class Quantizer(nn.Module):
    def __init__(self, bits, signed):
        super().__init__()
        self.steps = 2.0 ** (bits - 1 if signed else bits)
        self.lowest, self.highest = (-self.steps if signed else 0.0), self.steps - 1
        self.threshold = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        unit = torch.exp2(Round.apply(self.threshold)) / self.steps
        return torch.clamp(Round.apply(x / unit), self.lowest, self.highest) * unit


class Weighted(nn.Module):
    """A convolution, depthwise convolution or dense layer with ReLU and, where asked for, quantizers."""

    def __init__(self, layer, quantized, relu, activation_bits=4):
        super().__init__()
        self.layer, self.relu = layer, relu
        nn.init.orthogonal_(layer.weight)
        nn.init.zeros_(layer.bias)
        self.quantizers = (
            nn.ModuleList([Quantizer(4, True), Quantizer(8, True), Quantizer(activation_bits, not relu)])
            if quantized
            else None
        )

    def forward(self, x):
        weight, bias = self.layer.weight, self.layer.bias
        if self.quantizers is not None:
            weight, bias = self.quantizers[0](weight), self.quantizers[1](bias)
        if isinstance(self.layer, nn.Conv2d):
            x = functional.conv2d(x, weight, bias, groups=self.layer.groups)
        else:
            x = functional.linear(torch.flatten(x, 1), weight, bias)
        if self.relu:
            x = torch.relu(x)
        return x if self.quantizers is None else self.quantizers[2](x)


def convolution(inputs, outputs, quantized, groups=1, kernel=3, relu=True):
    return Weighted(nn.Conv2d(inputs, outputs, kernel, groups=groups), quantized, relu)


def network(name, quantized):
    pool = nn.AvgPool2d(2)
    if name == "reference":
        layers = [convolution(1, 5, quantized), convolution(5, 8, quantized), convolution(8, 11, quantized)]
        tail = [nn.MaxPool2d(2), nn.Dropout(0.1), Weighted(nn.Linear(176, 10), quantized, False, 8)]
        return nn.Sequential(pool, *layers, *tail)
    if name == "depthwise":
        def separable(inputs, outputs):
            depthwise = convolution(inputs, inputs, quantized, groups=inputs, relu=False)
            return [depthwise, convolution(inputs, outputs, quantized, kernel=1)]

        tail = [nn.Dropout(0.1), Weighted(nn.Linear(216, 10), quantized, False, 8)]
        body = [convolution(1, 8, quantized), *separable(8, 16), nn.MaxPool2d(2), *separable(16, 24)]
        return nn.Sequential(pool, *body, *tail)
    dense = [Weighted(nn.Linear(196, 48), quantized, True), Weighted(nn.Linear(48, 24), quantized, True)]
    return nn.Sequential(pool, *dense, Weighted(nn.Linear(24, 10), quantized, False, 8))


def main():
    name, quantized, slices = sys.argv[1], sys.argv[2] == "quantized", int(sys.argv[3])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    images = torch.randint(0, 256, (4 * BATCH, 1, 28, 28), dtype=torch.uint8)
    labels = torch.arange(4 * BATCH) % 10
    model = network(name, quantized).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, eps=1e-7)
    model.train()
    fastest = float("inf")
    for step in range(slices):
        start = time.perf_counter()
        indices = torch.randint(0, 4 * BATCH, (BATCH,))
        x = images[indices].to(torch.float32).div_(256).contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(model(x), labels[indices]).backward()
        optimizer.step()
        if step >= 3:
            fastest = min(fastest, time.perf_counter() - start)
    print(BATCH / fastest)


main()
