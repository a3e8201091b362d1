# Makes the Keras files of this folder, and what Keras itself computes with them
# (Keras 3.15 on PyTorch): python3 make.py        SPDX-License-Identifier: MIT
import os
os.environ['KERAS_BACKEND']='torch'
import keras, numpy as np
from keras import layers as L
keras.utils.set_random_seed(3)
def net():
    x=i=keras.Input((24,20,3),name='image')
    x=L.Rescaling(1/127.5,-1)(x)
    x=L.ZeroPadding2D(((0,1),(0,1)))(x)
    x=L.Conv2D(8,3,strides=2,use_bias=False,name='stem')(x)
    x=L.BatchNormalization(name='bn')(x)
    x=L.ReLU(6.0)(x)
    y=L.DepthwiseConv2D(3,padding='same',depth_multiplier=2,name='dw')(x)
    y=L.BatchNormalization(scale=False)(y)
    y=L.Activation('swish')(y)
    y=L.Conv2D(8,1,name='pw')(y)
    x=L.Add()([x,y])
    inner=keras.Sequential([L.SeparableConv2D(12,3,padding='same',activation='relu'),L.MaxPooling2D(2,padding='same')],name='inner')
    x=inner(x)
    u=L.UpSampling2D(2,interpolation='bilinear')(x)
    u=L.Conv2DTranspose(6,3,strides=2,padding='same',name='up')(u)
    u=L.LeakyReLU()(u)
    u=L.Cropping2D(((1,2),(0,3)))(u)
    v=L.AveragePooling2D(2)(u)
    v=L.PReLU(shared_axes=[1,2],name='pr')(v)
    g=L.Concatenate()([L.GlobalAveragePooling2D()(v),L.GlobalMaxPooling2D()(v)])
    g=L.Dropout(.3)(g)
    d=L.Dense(10,activation='tanh')(g)
    o1=L.Dense(5,activation='softmax',name='cls')(d)
    return keras.Model(i,[o1,u],name='net')
m=net()
for w in m.weights:
    s=w.shape; a=np.random.default_rng(hash(w.path)%1000).normal(0,.5,s).astype('f4')
    if 'variance' in w.path: a=abs(a)+.3
    w.assign(a)
x=np.random.default_rng(0).integers(0,255,(1,24,20,3)).astype('f4')
np.save('x.npy',x); ys=m.predict(x,verbose=0)
for k,y in enumerate(ys): np.save(f'y{k}.npy',y)
m.save('net.keras'); m.save('net.h5')
s=keras.Sequential([keras.Input((8,8,2)),L.Conv2D(4,3,padding='same',activation='relu'),L.Flatten(),L.Dense(3)],name='seq')
x=np.random.default_rng(1).normal(size=(1,8,8,2)).astype('f4'); np.save('sx.npy',x); np.save('sy.npy',s.predict(x,verbose=0)); s.save('seq.keras'); s.save('seq.h5')
