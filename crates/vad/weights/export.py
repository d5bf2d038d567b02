"""Writes silero.bin, the weights of Silero VAD 6.2.3 for 16 kHz, in the order in which `src/table.rs` reads them.

    pip download silero-vad==6.2.3 --no-deps && unzip silero_vad-6.2.3-*.whl
    pip install onnx
    python crates/vad/weights/export.py silero_vad/data/silero_vad_16k_op15.onnx crates/vad/weights/silero.bin

The wheel's `silero_vad_16k.safetensors` holds older weights, so the ONNX file is the source.
"""

import hashlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper

# As `matvec.rs`: the outputs whose sums stay in registers while the inputs pass by.
TILE = 32
# SHA-256 of silero_vad_16k_op15.onnx in silero-vad 6.2.3.
SOURCE = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"


def tiles(matrix):
    """outputs x inputs -> tiles of 32 outputs; in a tile, the 32 weights of an input lie side by side."""
    outputs, inputs = matrix.shape
    assert outputs % TILE == 0
    return matrix.reshape(outputs // TILE, TILE, inputs).transpose(0, 2, 1)


def folded_transform(basis):
    """The Fourier basis, 258 x 256 with its window, without what its symmetry repeats.

    cos(k t) = cos(k (256 - t)) and sin(k t) = -sin(k (256 - t)), and the window is symmetric and 0 at t = 0: so columns
    1 to 128 are enough, for sums and differences of the samples t and 256 - t. Frequency 128 has a row of its own.
    """
    cosine, sine = basis[:129], basis[129:]
    assert np.array_equal(cosine[:, 1:], cosine[:, :0:-1])
    assert np.array_equal(sine[:, 1:], -sine[:, :0:-1])
    assert not basis[:, 0].any() and not sine[[0, 128]].any()
    half = slice(1, 129)
    return [tiles(cosine[:128, half]), tiles(sine[:128, half]), cosine[128, half]]


def export(model):
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}

    def convolution(index, taps):
        name = f"model.encoder.{index}.reparam_conv"
        kernel = weights[f"{name}.weight"]
        return [tiles(kernel[:, :, tap]) for tap in taps] + [weights[f"{name}.bias"]]

    cell = "model.decoder.rnn"
    return [
        *folded_transform(weights["model.stft.forward_basis_buffer"][:, 0]),
        *convolution(0, [0, 1, 2]),
        *convolution(1, [0, 1, 2]),
        # Of two frames padded by one, a stride of 2 leaves one output: its tap 0 meets padding alone.
        *convolution(2, [1, 2]),
        # One frame: taps 0 and 2 meet padding alone.
        *convolution(3, [1]),
        # One product for the cell's input and its hidden state, one bias.
        tiles(np.concatenate([weights[f"{cell}.weight_ih"], weights[f"{cell}.weight_hh"]], axis=1)),
        weights[f"{cell}.bias_ih"] + weights[f"{cell}.bias_hh"],
        weights["model.decoder.decoder.2.weight"],
        weights["model.decoder.decoder.2.bias"],
    ]


if __name__ == "__main__":
    source, target = sys.argv[1:]
    content = open(source, "rb").read()
    assert hashlib.sha256(content).hexdigest() == SOURCE, "not the file of silero-vad 6.2.3"
    parts = export(onnx.load_from_string(content))
    table = b"".join(np.ascontiguousarray(part, dtype="<f4").tobytes() for part in parts)
    open(target, "wb").write(table)
    print(len(table), "bytes, SHA-256", hashlib.sha256(table).hexdigest())
