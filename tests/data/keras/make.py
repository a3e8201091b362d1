# Makes the Keras files of this folder, and what Keras itself computes with them
# (Keras 3.15 on PyTorch): python3 make.py        SPDX-License-Identifier: MIT
import os
import zlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
from keras import layers as L

keras.utils.set_random_seed(3)


def net():
    x = i = keras.Input((24, 20, 3), name="image")
    x = L.Rescaling(1 / 127.5, -1)(x)
    x = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = L.Conv2D(8, 3, strides=2, use_bias=False, name="stem")(x)
    x = L.BatchNormalization(name="bn")(x)
    x = L.ReLU(6.0)(x)
    y = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="dw")(x)
    y = L.BatchNormalization(scale=False)(y)
    y = L.Activation("swish")(y)
    y = L.Conv2D(8, 1, name="pw")(y)
    x = L.Add()([x, y])
    x = keras.Sequential([L.SeparableConv2D(12, 3, padding="same", activation="relu"),
                          L.MaxPooling2D(2, padding="same")], name="inner")(x)
    u = L.UpSampling2D(2, interpolation="bilinear")(x)
    u = L.Conv2DTranspose(6, 3, strides=2, padding="same", name="up")(u)
    u = L.LeakyReLU()(u)
    u = L.Cropping2D(((1, 2), (0, 3)))(u)
    v = L.AveragePooling2D(2)(u)
    v = L.PReLU(shared_axes=[1, 2], name="pr")(v)
    g = L.Concatenate()([L.GlobalAveragePooling2D()(v), L.GlobalMaxPooling2D()(v)])
    g = L.Dropout(0.3)(g)
    d = L.Dense(10, activation="tanh")(g)
    return keras.Model(i, [L.Dense(5, activation="softmax", name="cls")(d), u], name="net")


def save(model, name, x, outputs):
    np.save(outputs[0], x)
    y = model.predict(x, verbose=0)
    for path, array in zip(outputs[1:], y if isinstance(y, list) else [y]):
        np.save(path, array)
    model.save(name + ".keras")
    model.save(name + ".h5")


model = net()
for w in model.weights:
    random = np.random.default_rng(zlib.crc32(w.path.encode()))
    a = random.normal(0, 0.5, w.shape).astype("f4")
    w.assign(abs(a) + 0.3 if "variance" in w.path else a)
save(model, "net", np.random.default_rng(0).integers(0, 255, (1, 24, 20, 3)).astype("f4"),
     ["x.npy", "y0.npy", "y1.npy"])

small = keras.Sequential([keras.Input((8, 8, 2)), L.Conv2D(4, 3, padding="same", activation="relu"),
                          L.Flatten(), L.Dense(3)], name="seq")
save(small, "seq", np.random.default_rng(1).normal(size=(1, 8, 8, 2)).astype("f4"),
     ["sx.npy", "sy.npy"])
