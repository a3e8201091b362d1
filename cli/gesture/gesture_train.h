/* gesture_train.h - `tarsier gesture train`.   SPDX-License-Identifier: MIT */
#ifndef CLI_GESTURE_TRAIN_H
#define CLI_GESTURE_TRAIN_H

/* argv[0] is "train"; gives CLI_... */
int cli_gesture_train(int argc, char **argv);

#endif
