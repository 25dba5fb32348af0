"""Tests of the pages of questions: each is there, with its thread and its answer."""

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parent.parent / "docs" / "reference" / "questions"
TARGET = re.compile(r"^\(question-(\d{3})\)=\n", re.MULTILINE)
LINK = re.compile(r"/?([\w-]+)\.md#(question-\d{3})\)")

# What was asked where: the stable number, and the addresses without the scheme.
THREADS = {
    1: ["stackoverflow.com/questions/68778401"],
    2: ["discuss.pytorch.org/t/what-is-the-grad-outputs-kwarg-in-autograd-grad/94378"],
    4: [
        "stackoverflow.com/questions/49441425/in-pytorch-the-meaning-of-y-backward0-1-1-0-0-0001"
    ],
    5: [
        "discuss.pytorch.org/t/why-do-we-need-to-pass-the-gradient-parameter-to-the-backward-function-in-pytorch/116079"
    ],
    6: [
        "discuss.pytorch.org/t/why-use-a-different-tensor-for-computing-gradients-of-another-tensor/36210",
        "github.com/huggingface/accelerate/issues/1044",
    ],
    8: ["huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1"],
    9: ["stackoverflow.com/questions/69148622"],
    10: ["isolution.pro/pl/q/so70246575/funkcja-wsteczna-w-pytorch"],
    11: ["github.com/pytorch/pytorch/pull/15197"],
    12: ["github.com/pytorch/tutorials/issues/459"],
    13: ["github.com/pytorch/tutorials/issues/532"],
    14: ["github.com/pytorch/tutorials/issues/780"],
    15: ["github.com/pytorch/tutorials/issues/2569"],
    17: ["github.com/pytorch/pytorch/issues/16352"],
    18: ["github.com/zergtant/pytorch-handbook/issues/84"],
    19: ["github.com/pytorch/pytorch/issues/6976"],
    20: ["github.com/caogang/wgan-gp/issues/20"],
    21: ["github.com/pytorch/pytorch/issues/28362"],
    22: ["github.com/pytorch/pytorch/issues/162379"],
    23: ["github.com/ycjing/AmalgamateGNN.PyTorch/issues/1"],
    26: ["github.com/pytorch/pytorch/issues/17893"],
    28: ["github.com/syfafterzy/PCB_RPP_for_reID/issues/16"],
    29: ["github.com/schelotto/Wasserstein-AutoEncoders/issues/11"],
    30: ["github.com/Zeleni9/pytorch-wgan/issues/5"],
    31: ["github.com/jalola/improved-wgan-pytorch/issues/11"],
    32: ["github.com/natanielruiz/deep-head-pose/issues/85"],
    33: ["github.com/chr5tphr/zennit/issues/58"],
    34: ["github.com/rtqichen/torchdiffeq/issues/228"],
    36: ["github.com/cornellius-gp/gpytorch/issues/170"],
    37: ["github.com/Zeleni9/pytorch-wgan/issues/2"],
    38: ["stackoverflow.com/questions/54754153/autograd-grad-for-tensor-in-pytorch"],
    39: ["github.com/cybertronai/autograd-hacks/issues/7"],
    40: ["github.com/Animadversio/GAN-Geometry/issues/4"],
    42: ["github.com/ramprs/grad-cam/issues/26"],
    43: ["github.com/xxlong0/SparseNeuS/issues/42"],
    44: [
        "github.com/muzairkhattak/PromptSRC/issues/6",
        "github.com/muzairkhattak/multimodal-prompt-learning/issues/37",
    ],
    45: ["github.com/hy-struggle/PRGC/issues/16"],
    46: ["github.com/WisconsinAIVision/MaskPoint/issues/7"],
    48: ["github.com/jax-ml/jax/issues/6213"],
    49: ["github.com/patrick-kidger/equinox/issues/213"],
    51: ["github.com/jax-ml/jax/issues/28110"],
    52: ["github.com/HIPS/autograd/issues/14"],
    53: ["github.com/HIPS/autograd/issues/132"],
    54: ["github.com/google/tangent/issues/30"],
    55: ["github.com/pytorch/pytorch/issues/73697"],
    56: ["github.com/prolearner/hypertorch/issues/3"],
    57: ["github.com/showlab/BoxDiff/issues/20"],
    60: ["github.com/archinetai/smart-pytorch/issues/5"],
    61: ["github.com/ShiYunyi/Meta-Weight-Net_Code-Optimization/issues/5"],
    62: ["github.com/dragen1860/Deep-Learning-with-PyTorch-Tutorials/issues/6"],
    64: ["github.com/pytorch/pytorch/issues/6535"],
    65: [
        "github.com/pytorch/pytorch/issues/58511",
        "github.com/pytorch/pytorch/issues/12631",
    ],
    66: ["github.com/pytorch/pytorch/issues/168059"],
    67: ["github.com/pytorch/pytorch/issues/17124"],
    68: ["github.com/madagra/basic-pinn/issues/4"],
    69: ["discuss.pytorch.org/t/jacobian-computation-with-a-single-call-to-grad/83134"],
    70: ["github.com/pytorch/pytorch/issues/7786"],
    71: ["github.com/tensorflow/tensorflow/issues/7296"],
    73: ["github.com/nanditadoloi/PINN/issues/3"],
    74: ["github.com/pytorch/pytorch/issues/26161"],
    75: [
        "isolution.pro/pt/q/so77084747/o-gradiente-da-soma-e-igual-a-soma-dos-gradientes-de-uma-rede-neural-em-pytorch"
    ],
    76: [
        "discuss.pytorch.org/t/why-dloss-dw-sum-and-dloss-db-sum-in-deep-learning-with-pytorch/108408"
    ],
    78: ["github.com/pytorch/pytorch/issues/913"],
    79: ["github.com/pytorch/pytorch/issues/1787"],
    80: ["github.com/minitorch/minitorch/pull/1"],
    82: [
        "github.com/pytorch/pytorch/issues/36463",
        "github.com/pytorch/pytorch/issues/50226",
    ],
    83: ["github.com/pytorch/pytorch/issues/73137"],
    84: ["github.com/pytorch/pytorch/issues/5479"],
    85: [
        "github.com/pytorch/pytorch/issues/30346",
        "github.com/pytorch/pytorch/issues/46918",
    ],
    86: ["github.com/pytorch/pytorch/issues/60027"],
    87: ["github.com/pytorch/pytorch/issues/31984"],
    88: ["github.com/pytorch/pytorch/issues/31987"],
    89: ["github.com/AdityaLab/pinnsformer/issues/2"],
    90: ["github.com/lululxvi/deepxde/issues/377"],
    92: ["github.com/pytorch/pytorch/issues/116350"],
    94: ["github.com/rtqichen/torchdiffeq/issues/29"],
    95: ["github.com/davda54/ada-hessian/issues/6"],
    96: ["github.com/tinygrad/tinygrad/issues/2584"],
    98: ["github.com/pytorch/pytorch/issues/7343"],
    99: ["github.com/amirgholami/PyHessian/issues/25"],
    100: ["github.com/pytorch/pytorch/issues/51978"],
    101: ["github.com/SHI-Labs/NATTEN/issues/191"],
    102: ["github.com/pyg-team/pytorch_geometric/issues/1807"],
    103: [
        "github.com/pytorch/pytorch/issues/16015",
        "github.com/pytorch/pytorch/issues/4896",
    ],
    104: ["github.com/pytorch/pytorch/pull/1016"],
    105: ["github.com/pytorch/pytorch/issues/53903"],
    107: ["github.com/kuangliu/pytorch-retinanet/issues/38"],
    108: ["github.com/davda54/sam/issues/45"],
    109: ["github.com/Liuhong99/Sophia/issues/1"],
    110: ["github.com/karpathy/nn-zero-to-hero/issues/31"],
    112: ["github.com/TingsongYu/PyTorch-Tutorial-2nd/issues/33"],
    113: ["github.com/pkmr06/pytorch-smoothgrad/issues/2"],
    115: ["github.com/pytorch/pytorch/issues/76290"],
    116: ["github.com/pytorch/pytorch/issues/53445"],
    117: ["github.com/pytorch/pytorch/issues/158610"],
    118: ["github.com/pytorch/functorch/issues/922"],
    119: ["github.com/pytorch/functorch/issues/847"],
    121: ["github.com/pytorch/pytorch/issues/8304"],
    122: ["github.com/pytorch/pytorch/issues/23475"],
    123: ["github.com/facebookresearch/theseus/issues/10"],
    125: ["github.com/pytorch/pytorch/issues/50584"],
    127: ["github.com/pytorch/functorch/issues/680"],
    128: ["github.com/pytorch/functorch/issues/1146"],
    129: ["github.com/pytorch/functorch/issues/1113"],
    130: ["github.com/pytorch/functorch/issues/1010"],
    131: [
        "discuss.pytorch.org/t/note-computing-jacobian-with-vmap-and-grad-for-multiple-outputs/204567"
    ],
    132: ["github.com/SimplexLab/TorchJD/issues/220"],
    133: ["github.com/pytorch/pytorch/issues/105311"],
    135: ["github.com/Oneflow-Inc/oneflow/issues/10397"],
    136: [
        "github.com/pytorch/functorch/issues/67",
        "github.com/pytorch/pytorch/issues/151782",
        "github.com/pytorch/pytorch/issues/145262",
    ],
    137: ["github.com/pytorch/pytorch/issues/10223"],
    138: ["github.com/jax-ml/jax/issues/2772"],
    140: ["github.com/pytorch/pytorch/issues/41857"],
    141: [
        "github.com/pytorch/pytorch/issues/60180",
        "github.com/pytorch/pytorch/issues/92140",
    ],
    142: ["github.com/pytorch/pytorch/issues/92750"],
    143: ["github.com/pytorch/pytorch/issues/51627"],
    144: ["github.com/pytorch/pytorch/issues/104514"],
    145: ["github.com/pytorch/pytorch/issues/192719"],
    147: [
        "github.com/kuc2477/pytorch-wgan-gp/issues/1",
        "github.com/caogang/wgan-gp/issues/28",
    ],
    148: ["github.com/caogang/wgan-gp/issues/4"],
    149: [
        "github.com/caogang/wgan-gp/issues/35",
        "github.com/znxlwm/pytorch-generative-model-collections/issues/3",
    ],
    150: ["github.com/Zeleni9/pytorch-wgan/issues/20"],
    152: [
        "discuss.pytorch.org/t/different-wording-of-the-requirements-of-backward-for-a-function/21339"
    ],
    153: [
        "discuss.mxnet.io/t/implementation-of-sigmoid-extending-mx-autograd-function/647"
    ],
    154: ["github.com/hbb1/2d-gaussian-splatting/issues/43"],
    155: ["github.com/craston/MARS/issues/49"],
    156: ["github.com/msurtsukov/neural-ode/issues/2"],
    159: ["github.com/pytorch/pytorch/issues/7040"],
    160: [
        "github.com/pytorch/pytorch/issues/86051",
        "github.com/pytorch/pytorch/issues/149938",
    ],
    161: ["github.com/pytorch/pytorch/issues/35802"],
    162: [
        "github.com/pytorch/tutorials/issues/3652",
        "github.com/pytorch/tutorials/issues/3186",
        "github.com/bubbliiiing/yolov7-pytorch/issues/42",
    ],
    163: ["github.com/pytorch/pytorch/issues/3890"],
    164: ["github.com/pytorch/pytorch/issues/9391"],
    165: [
        "github.com/pytorch/pytorch/issues/18287",
        "github.com/pytorch/pytorch/issues/68425",
        "github.com/pytorch/pytorch/issues/16317",
        "github.com/pytorch/pytorch/issues/108618",
    ],
    168: [
        "github.com/pytorch/pytorch/issues/47562",
        "github.com/NVIDIA/apex/issues/457",
        "github.com/rosinality/stylegan2-pytorch/issues/76",
        "github.com/rosinality/stylegan2-pytorch/issues/187",
        "github.com/NVlabs/stylegan2-ada-pytorch/issues/118",
    ],
    169: ["github.com/pytorch/pytorch/issues/16532"],
    170: [
        "github.com/pytorch/pytorch/issues/51743",
        "github.com/kakaobrain/rq-vae-transformer/issues/26",
        "github.com/haidog-yaqub/MeanFlow/issues/4",
    ],
    171: ["github.com/pytorch/pytorch/issues/25081"],
    172: [
        "github.com/pytorch/pytorch/issues/91469",
        "github.com/pytorch/pytorch/issues/183603",
        "github.com/torchmd/torchmd-net/issues/307",
    ],
    173: ["github.com/pytorch/pytorch/issues/181581"],
    176: ["github.com/pytorch/pytorch/issues/180952"],
    177: ["github.com/kmkolasinski/deep-learning-notes/issues/11"],
    178: [
        "github.com/rtqichen/torchdiffeq/issues/47",
        "github.com/rtqichen/torchdiffeq/issues/30",
        "github.com/rtqichen/torchdiffeq/issues/209",
    ],
    179: ["github.com/pytorch/functorch/issues/376"],
    180: ["github.com/luyug/GradCache/issues/29"],
    181: ["github.com/ASEM000/Physics-informed-neural-network-in-JAX/issues/1"],
    182: ["github.com/pytorch/pytorch/issues/132378"],
    183: ["github.com/pytorch/pytorch/issues/120538"],
    184: ["github.com/pytorch/pytorch/issues/141845"],
    185: ["github.com/aleximmer/Laplace/issues/186"],
    186: ["github.com/pytorch/pytorch/issues/168393"],
    187: ["github.com/pytorch/pytorch/pull/186226"],
    188: [
        "github.com/pytorch/pytorch/issues/165530",
        "github.com/Dao-AILab/flash-attention/issues/1672",
    ],
    189: [
        "github.com/pytorch/pytorch/issues/182661",
        "github.com/pytorch/pytorch/issues/182641",
        "github.com/pytorch/pytorch/issues/182842",
    ],
    190: ["github.com/bytetriper/RAE/issues/74"],
    191: ["github.com/pytorch/pytorch/issues/152127"],
    192: ["github.com/pytorch/pytorch/issues/190007"],
    193: ["github.com/pytorch/pytorch/issues/172932"],
    194: ["github.com/pytorch/pytorch/issues/158709"],
    195: ["github.com/huggingface/trl/issues/2175"],
    196: [
        "github.com/pytorch/pytorch/pull/171976",
        "github.com/BaguaSys/bagua/issues/476",
    ],
    197: ["github.com/ml-explore/mlx/issues/1927"],
    198: ["github.com/ml-explore/mlx/issues/1771"],
    199: ["github.com/lululxvi/deepxde/pull/1925"],
    200: ["github.com/mrwu-mac/ControlMLLM/issues/30"],
    201: [
        "github.com/NVIDIA/cuEquivariance/issues/268",
        "github.com/deepmodeling/deepmd-kit/issues/4853",
        "github.com/materialsvirtuallab/matgl/issues/784",
    ],
    202: [
        "github.com/jax-ml/jax/issues/37820",
        "github.com/jax-ml/jax/issues/37821",
        "github.com/jax-ml/jax/issues/22101",
    ],
    203: ["github.com/SimplexLab/TorchJD/issues/489"],
    204: [
        "github.com/dongminlee94/deep_rl/issues/5",
        "github.com/Stable-Baselines-Team/stable-baselines3-contrib/issues/38",
    ],
    205: ["github.com/locuslab/deq/issues/24"],
    206: ["github.com/pytorch/pytorch/issues/132695"],
    207: ["github.com/fastai/fastai2/issues/278"],
    208: ["github.com/shap/shap/issues/3565"],
    209: ["github.com/philtabor/Actor-Critic-Methods-Paper-To-Code/issues/6"],
    210: [
        "github.com/pytorch/pytorch/issues/49830",
        "github.com/pytorch/pytorch/issues/77015",
    ],
    211: [
        "github.com/pytorch/pytorch/issues/69217",
        "github.com/Lightning-AI/pytorch-lightning/issues/4487",
        "github.com/Lightning-AI/pytorch-lightning/issues/19910",
    ],
    212: [
        "github.com/f-dangel/backpack/issues/343",
        "github.com/jax-ml/jax/issues/2937",
    ],
    213: ["github.com/tensorflow/tensorflow/issues/14641"],
    214: [
        "github.com/NVlabs/tiny-cuda-nn/issues/89",
        "github.com/NVlabs/tiny-cuda-nn/issues/131",
        "github.com/NVlabs/tiny-cuda-nn/issues/361",
    ],
    215: [
        "github.com/MorvanZhou/PyTorch-Tutorial/issues/45",
        "github.com/alexis-jacq/Pytorch-Tutorials/issues/7",
    ],
    216: ["github.com/mrana6/euclideanizing_flows/issues/2"],
    217: [
        "github.com/pytorch/pytorch/issues/15644",
        "github.com/pytorch/pytorch/issues/55747",
        "github.com/pytorch/pytorch/issues/125984",
    ],
    218: ["github.com/pytorch/pytorch/issues/124372"],
    219: ["github.com/jax-ml/jax/issues/564", "github.com/HIPS/autograd/issues/417"],
    220: ["github.com/jax-ml/jax/issues/2990"],
    221: [
        "github.com/learnables/learn2learn/issues/428",
        "github.com/MichiganCOG/ViP/issues/21",
    ],
    222: [
        "github.com/pytorch/pytorch/issues/24816",
        "github.com/pytorch/pytorch/issues/121416",
        "github.com/pytorch/pytorch/issues/64305",
        "github.com/pytorch/pytorch/issues/67180",
    ],
    223: ["github.com/pytorch/pytorch/issues/55980"],
    225: ["github.com/pytorch/functorch/issues/787"],
    227: ["github.com/hash2430/pitchtron/issues/3"],
    229: ["github.com/pytorch/pytorch/issues/10683"],
    231: ["github.com/pytorch/pytorch/issues/117925"],
    233: ["github.com/pytorch/pytorch/issues/90520"],
    235: ["github.com/pytorch/pytorch/issues/68862"],
    237: ["github.com/pytorch/pytorch/issues/12603"],
    239: ["github.com/microsoft/FocalNet/issues/4"],
    241: ["github.com/pytorch/examples/issues/116"],
    243: ["github.com/DingfanChen/GS-WGAN/issues/10"],
    245: ["github.com/yunjey/pytorch-tutorial/issues/90"],
    247: ["github.com/materialyzeai/matgl/issues/834"],
    249: ["github.com/pytorch/pytorch/issues/1339"],
    251: ["github.com/albrateanu/LYT-Net/issues/16"],
    253: ["github.com/pytorch/pytorch/issues/4620"],
    255: ["github.com/lucidrains/deep-cross-attention/issues/2"],
    257: ["github.com/caogang/wgan-gp/issues/27"],
    259: ["discuss.pytorch.org/t/how-to-penalize-norm-of-end-to-end-jacobian/62771"],
    261: ["github.com/pytorch/functorch/issues/867"],
    263: [
        "github.com/pytorch/tutorials/issues/2797",
        "github.com/pytorch/pytorch/issues/25340",
    ],
    265: [
        "github.com/pytorch/pytorch/issues/3358",
        "github.com/spro/practical-pytorch/issues/9",
        "github.com/ronghuaiyang/arcface-pytorch/issues/20",
    ],
    267: ["github.com/huggingface/accelerate/pull/106"],
    269: ["github.com/pytorch/functorch/issues/257"],
    271: ["github.com/pytorch/pytorch/issues/72515"],
    273: ["github.com/pytorch/pytorch/issues/6990"],
    224: ["github.com/pytorch/pytorch/issues/45405"],
    226: [
        "github.com/dragen1860/MAML-Pytorch/issues/17",
        "github.com/facebookresearch/higher/issues/128",
        "github.com/facebookresearch/higher/issues/63",
    ],
    228: ["github.com/learnables/learn2learn/issues/154"],
    230: [
        "github.com/pytorch/pytorch/issues/6991",
        "github.com/pytorch/pytorch/issues/13112",
    ],
    232: ["github.com/pytorch/pytorch/issues/25315"],
    236: ["github.com/keras-team/keras/issues/20279"],
    238: ["github.com/huggingface/accelerate/issues/2202"],
    240: [
        "github.com/facebookresearch/jacobian_regularizer/issues/6",
        "github.com/pytorch/pytorch/issues/4497",
    ],
    242: ["github.com/pytorch/pytorch/issues/128600"],
    244: ["github.com/pyg-team/pytorch_geometric/pull/9996"],
    246: ["github.com/facebookresearch/higher/issues/137"],
    248: ["github.com/richzhang/PerceptualSimilarity/issues/69"],
    250: ["github.com/jalammar/ecco/issues/43"],
    252: ["github.com/pytorch/pytorch/issues/54580"],
    254: ["github.com/pytorch/pytorch/issues/155983"],
    256: ["github.com/fungtion/DANN/issues/3"],
    258: ["github.com/haofanwang/Score-CAM/issues/28"],
    260: [
        "github.com/pytorch/pytorch/issues/50138",
        "github.com/pytorch/pytorch/issues/49171",
    ],
    262: ["github.com/wgrathwohl/LSD/issues/1"],
    264: ["github.com/facebookresearch/dinov2/issues/472"],
    266: ["github.com/pytorch/pytorch/issues/49886"],
    268: ["github.com/stevenygd/PointFlow/issues/25"],
    270: ["github.com/facebookresearch/theseus/issues/650"],
    272: ["github.com/pytorch/pytorch/issues/10729"],
    274: ["github.com/rfeinman/pytorch-minimize/issues/27"],
    276: ["github.com/meta-pytorch/captum/issues/564"],
    278: ["github.com/pytorch/pytorch/issues/7860"],
    280: ["github.com/pytorch/pytorch/issues/46373"],
    282: ["github.com/Hunter-DDM/knowledge-neurons/issues/14"],
    284: [
        "github.com/jostmey/NakedAttention/issues/1",
        "github.com/dmlc/dgl/issues/5302",
    ],
    286: [
        "github.com/huggingface/peft/issues/1142",
        "github.com/locuslab/open-unlearning/issues/178",
    ],
    288: [
        "github.com/pytorch/pytorch/issues/32091",
        "github.com/pytorch/pytorch/issues/133854",
        "github.com/deepinv/deepinv/issues/1145",
        "github.com/pytorch/pytorch/issues/33800",
    ],
    290: [
        "github.com/pytorch/pytorch/issues/22095",
        "github.com/pytorch/pytorch/issues/175024",
        "github.com/pytorch/pytorch/issues/110363",
    ],
    292: [
        "github.com/anishmadan23/adversarial-attacks-pytorch/issues/1",
        "github.com/BorealisAI/advertorch/issues/49",
    ],
    294: [
        "github.com/pytorch/functorch/issues/334",
        "github.com/f-dangel/backpack/issues/266",
    ],
    296: [
        "github.com/pytorch/pytorch/issues/30454",
        "github.com/pytorch/pytorch/issues/5871",
    ],
    298: [
        "github.com/nikhilbarhate99/PPO-PyTorch/issues/18",
        "github.com/huggingface/trl/issues/1720",
        "github.com/huggingface/trl/issues/2769",
    ],
    300: ["github.com/kornia/kornia/issues/832"],
    302: [
        "github.com/pytorch/pytorch/issues/47906",
        "github.com/pytorch/pytorch/issues/38487",
    ],
    304: [
        "github.com/pytorch/pytorch/issues/49828",
        "github.com/pytorch/pytorch/issues/38493",
        "github.com/pytorch/pytorch/issues/16947",
        "github.com/pytorch/pytorch/issues/8637",
    ],
    306: [
        "github.com/debcaldarola/fedsam/issues/3",
        "github.com/noahgolmant/pytorch-hessian-eigenthings/issues/17",
    ],
    308: [
        "github.com/pytorch/pytorch/issues/2534",
        "github.com/keras-team/keras-io/issues/910",
    ],
    310: ["github.com/facebookresearch/higher/issues/32"],
    312: ["github.com/pytorch/pytorch/issues/132929"],
    314: ["github.com/rosinality/swapping-autoencoder-pytorch/issues/22"],
    316: ["github.com/atomistic-machine-learning/schnetpack/issues/215"],
    318: ["github.com/pytorch/pytorch/issues/2843"],
    320: ["github.com/pytorch/pytorch/issues/60456"],
    322: ["github.com/pytorch/functorch/issues/711"],
    324: ["huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1"],
    326: ["github.com/nikhilbarhate99/PPO-PyTorch/issues/29"],
    328: [
        "discuss.pytorch.org/t/when-i-want-to-get-the-input-grad-in-mse-loss-whats-the-difference-between-mse-loss-backward-and-torch-ops-aten-mse-loss-backward/190902"
    ],
    330: [
        "github.com/neuraloperator/neuraloperator/issues/192",
        "github.com/neuraloperator/neuraloperator/issues/56",
    ],
    332: ["github.com/NeuroDiffGym/neurodiffeq/issues/77"],
    336: ["github.com/pytorch/pytorch/issues/31396"],
    340: [
        "github.com/atomistic-machine-learning/schnetpack/issues/250",
        "github.com/atomistic-machine-learning/schnetpack/issues/279",
    ],
    342: ["github.com/ngxbac/GAIN/issues/2"],
    344: ["github.com/geomstats/geomstats/issues/1665"],
    346: ["github.com/google-research/fast-soft-sort/issues/15"],
    348: [
        "github.com/Lightning-Universe/lightning-bolts/issues/801",
        "github.com/lhoyer/DAFormer/issues/59",
    ],
    350: ["github.com/ae-foster/pytorch-simclr/issues/4"],
    352: [
        "github.com/pytorch/pytorch/issues/48574",
        "github.com/pytorch/pytorch/issues/68941",
        "github.com/shariqiqbal2810/maddpg-pytorch/issues/34",
        "github.com/ericjang/gumbel-softmax/issues/12",
    ],
    354: ["github.com/tensorflow/tensorflow/issues/56879"],
    356: [
        "github.com/NVlabs/VAEBM/issues/2",
        "github.com/alisiahkoohi/Langevin-dynamics/issues/1",
    ],
    366: [
        "github.com/openai/guided-diffusion/issues/51",
        "github.com/YWolfeee/Training-Free-Guidance/issues/5",
    ],
    358: ["github.com/pytorch/pytorch/issues/76752"],
    372: ["github.com/pytorch/pytorch/pull/42754"],
    360: [
        "github.com/sigeisler/robustness_of_gnns_at_scale/issues/4",
        "github.com/pytorch/pytorch/issues/71062",
    ],
    402: [
        "github.com/pytorch/pytorch/issues/38006",
        "github.com/Lightning-AI/pytorch-lightning/issues/4188",
    ],
    362: [
        "github.com/facebookresearch/higher/issues/31",
        "github.com/metaopt/torchopt/issues/218",
        "github.com/wyharveychen/CloserLookFewShot/issues/62",
    ],
    364: ["github.com/patrick-kidger/optimistix/issues/54"],
    378: ["github.com/noahgolmant/pytorch-hessian-eigenthings/issues/19"],
    422: [
        "github.com/kwea123/nerf_pl/issues/149",
        "github.com/kakaobrain/nerf-factory/issues/44",
    ],
    376: ["github.com/pytorch/pytorch/issues/145356"],
    380: [
        "github.com/pytorch/pytorch/issues/98276",
        "github.com/pytorch/pytorch/issues/66084",
        "github.com/pytorch/pytorch/issues/96543",
    ],
    382: [
        "github.com/pytorch/pytorch/issues/47599",
        "github.com/pytorch/pytorch/issues/76531",
        "github.com/PythonOT/POT/issues/773",
    ],
    384: [
        "github.com/pytorch/pytorch/issues/8069",
        "github.com/banctilrobitaille/torch-vectorized/issues/7",
    ],
    386: ["e-com-net.com/article/1610541398946250752.htm"],
    392: ["github.com/pytorch/pytorch/issues/16940"],
    394: [
        "github.com/pytorch/pytorch/issues/81296",
        "github.com/deepspeedai/DeepSpeed/issues/2103",
    ],
    396: [
        "github.com/utkuozbulak/pytorch-cnn-visualizations/issues/67",
        "github.com/yizt/Grad-CAM.pytorch/issues/15",
        "github.com/pytorch/pytorch/issues/56380",
    ],
    398: ["github.com/hila-chefer/Transformer-MM-Explainability/issues/3"],
    400: ["github.com/meta-pytorch/opacus/issues/578"],
    406: ["github.com/jax-ml/jax/issues/9087", "github.com/jax-ml/jax/issues/20889"],
    404: ["github.com/jax-ml/jax/issues/47"],
    416: [
        "github.com/pytorch/functorch/issues/992",
        "github.com/pytorch/pytorch/pull/92278",
    ],
    418: [
        "github.com/moskomule/ewc.pytorch/issues/4",
        "github.com/GT-RIPL/Continual-Learning-Benchmark/issues/7",
        "github.com/facebookresearch/GradientEpisodicMemory/issues/7",
    ],
    368: [
        "github.com/huggingface/accelerate/issues/1299",
        "github.com/jcjohnson/pytorch-examples/issues/31",
    ],
    388: ["github.com/pytorch/pytorch/issues/162242"],
    420: ["github.com/hhliu79/TWP/issues/1"],
    408: [
        "github.com/Tencent/TFace/issues/34",
        "github.com/JohnGiorgi/DeCLUTR/pull/212",
    ],
    390: [
        "github.com/pytorch/pytorch/issues/36436",
        "github.com/pytorch/pytorch/issues/49683",
        "github.com/pytorch/pytorch/issues/41128",
        "github.com/rusty1s/pytorch_sparse/issues/239",
        "github.com/rusty1s/pytorch_sparse/issues/186",
    ],
    424: [
        "github.com/rosinality/style-based-gan-pytorch/issues/84",
        "github.com/rosinality/style-based-gan-pytorch/issues/34",
        "github.com/brownvc/R3GAN/issues/20",
    ],
    426: [
        "github.com/rosinality/stylegan2-pytorch/issues/32",
        "github.com/labmlai/annotated_deep_learning_paper_implementations/issues/161",
        "github.com/lucidrains/stylegan2-pytorch/issues/78",
    ],
    428: [
        "github.com/graphdeco-inria/gaussian-splatting/issues/408",
        "github.com/stnamjef/GenerativeDensification/issues/3",
        "github.com/hbb1/torch-splatting/issues/7",
        "github.com/graphdeco-inria/gaussian-splatting/issues/1059",
    ],
    440: ["github.com/fangwei123456/spikingjelly/issues/268"],
    432: [
        "github.com/boyu-ai/Hands-on-RL/issues/79",
        "github.com/openai/spinningup/issues/436",
        "github.com/chingyaoc/pytorch-REINFORCE/issues/1",
    ],
    434: ["github.com/pranz24/pytorch-soft-actor-critic/issues/11"],
    436: ["github.com/zhutmost/lsq-net/issues/23"],
    438: [
        "github.com/zalandoresearch/pytorch-vq-vae/issues/6",
        "github.com/EdoardoBotta/RQ-VAE-Recommender/issues/24",
        "github.com/andylolu2/jax-vqvae-gpt/issues/2",
        "github.com/facebookresearch/encodec/issues/25",
    ],
    442: ["github.com/PatrickZH/Improved-Deep-Leakage-from-Gradients/issues/5"],
    444: ["github.com/deepchem/deepchem/pull/4475"],
    446: ["github.com/arpitbansal297/Universal-Guided-Diffusion/issues/11"],
    448: ["github.com/LabeliaLabs/distributed-learning-contributivity/pull/345"],
    450: [
        "github.com/celiobjr/machine-unlearning/issues/2",
        "github.com/locuslab/open-unlearning/pull/194",
    ],
    452: [
        "github.com/pytorch/pytorch/issues/46483",
        "github.com/pytorch/pytorch/issues/64728",
    ],
    454: [
        "github.com/hiyouga/LlamaFactory/issues/8088",
        "github.com/LLaVA-VL/LLaVA-NeXT/issues/435",
    ],
    456: [
        "github.com/cvxpy/cvxpylayers/issues/127",
        "github.com/icoz69/DeepEMD/issues/6",
    ],
    458: [
        "github.com/pytorch/pytorch/issues/3813",
        "github.com/tensorflow/probability/issues/1077",
    ],
    460: ["github.com/karpathy/nanoGPT/pull/71"],
    462: [
        "github.com/jax-ml/jax/issues/3022",
        "github.com/pnkraemer/matfree/issues/128",
    ],
    466: [
        "github.com/huggingface/accelerate/issues/3184",
        "github.com/deepspeedai/DeepSpeed/issues/4555",
        "github.com/deepspeedai/DeepSpeed/pull/7018",
        "github.com/pytorch/pytorch/issues/120879",
    ],
    468: [
        "github.com/cornellius-gp/gpytorch/issues/416",
        "github.com/meta-pytorch/botorch/issues/264",
        "github.com/meta-pytorch/botorch/issues/1164",
    ],
    472: [
        "github.com/nianticlabs/monodepth2/issues/400",
        "github.com/brentyi/tilted/issues/2",
    ],
    464: [
        "github.com/pytorch/pytorch/issues/66363",
        "github.com/pytorch/pytorch/issues/68327",
    ],
    470: ["discuss.pytorch.org/t/check-gradient-flow-in-network/15063"],
    474: ["discuss.pytorch.org/t/proper-way-to-do-gradient-clipping/191"],
    476: [
        "discuss.pytorch.org/t/model-eval-vs-with-torch-no-grad/19615",
        "github.com/pytorch/pytorch/issues/86590",
        "github.com/poppinace/indexnet_matting/issues/35",
    ],
    478: [
        "discuss.pytorch.org/t/difference-between-detach-clone-and-clone-detach/34173",
    ],
    480: [
        "github.com/swz30/MPRNet/issues/108",
        "github.com/bnu-wangxun/Deep_Metric/issues/26",
        "github.com/ghimiredhikura/Complex-YOLOv3/issues/8",
    ],
    482: ["github.com/jcjohnson/pytorch-examples/pull/4"],
    484: [
        "github.com/openai/baselines/issues/105",
        "github.com/boyu-ai/Hands-on-RL/issues/112",
    ],
    486: [
        "github.com/mlperf-deepts/nns/issues/9",
        "github.com/huggingface/sentence-transformers/issues/1009",
        "github.com/Dao-AILab/flash-attention/issues/1525",
    ],
    488: [
        "github.com/keras-team/keras-io/issues/869",
        "github.com/philschmid/knowledge-distillation-transformers-pytorch-sagemaker/issues/1",
    ],
    490: [
        "github.com/lab-cosmo/torch-pme/issues/188",
        "github.com/TUM-DAML/gemnet_pytorch/issues/6",
        "github.com/jax-md/jax-md/issues/248",
        "github.com/usnistgov/alignn/issues/113",
        "github.com/atomistic-machine-learning/schnetpack/issues/548",
    ],
    520: ["github.com/ray-project/ray/pull/65125"],
    522: ["github.com/sotte/pytorch_tutorial/issues/5"],
    524: ["github.com/cvlab-epfl/MeshSDF/issues/1"],
    526: ["github.com/jcjohnson/pytorch-examples/issues/8"],
    528: ["github.com/tristandeleu/pytorch-maml-rl/pull/13"],
    530: ["github.com/pytorch/pytorch/issues/92075"],
    536: ["github.com/tensorflow/tensorflow/issues/47387"],
    538: ["github.com/jax-ml/jax/issues/22725"],
    540: ["github.com/jalola/improved-wgan-pytorch/issues/19"],
    548: ["github.com/pytorch/pytorch/issues/99187"],
    550: ["github.com/pytorch/pytorch/issues/46849"],
    532: ["github.com/karpathy/build-nanogpt/issues/89"],
    760: [
        "github.com/szmikler/snip-pruning/issues/2",
        "github.com/boyiwei/alignment-attribution-code/issues/11",
        "github.com/alecwangcq/GraSP/issues/1",
        "github.com/ganguli-lab/Synaptic-Flow/issues/3",
    ],
    762: [
        "github.com/kornia/kornia/issues/827",
        "github.com/lizhihao6/Forward-Warp/issues/11",
        "github.com/pytorch/pytorch/issues/23925",
    ],
    766: [
        "github.com/pytorch/pytorch/issues/14335",
        "github.com/pytorch/pytorch/issues/14401",
        "github.com/SeanNaren/deepspeech.pytorch/issues/250",
        "github.com/rwth-i6/returnn/issues/1835",
    ],
    764: [
        "github.com/UM-ARM-Lab/pytorch_kinematics/issues/10",
        "github.com/isaac-sim/IsaacLab/issues/2426",
        "github.com/petercorke/robotics-toolbox-python/issues/390",
        "github.com/YukunXia/Carla_iLQR_MPC/issues/9",
        "github.com/locuslab/mpc.pytorch/issues/24",
    ],
    768: [
        "github.com/pfnet-research/pfhedge/issues/528",
        "github.com/mlverse/torch/issues/1170",
    ],
    770: [
        "github.com/ssnl/dataset-distillation/issues/60",
        "github.com/ssnl/dataset-distillation/issues/61",
    ],
    772: [
        "github.com/davidmrau/mixture-of-experts/issues/27",
        "github.com/yushuiwx/Mixture-of-LoRA-Experts/issues/8",
        "github.com/huggingface/transformers/issues/28255",
    ],
    774: [
        "github.com/huggingface/trl/issues/4023",
        "github.com/huggingface/trl/issues/1104",
        "github.com/YiyangZhou/POVID/issues/11",
        "github.com/eric-mitchell/direct-preference-optimization/issues/46",
    ],
    678: [
        "github.com/AntixK/PyTorch-VAE/issues/34",
        "github.com/iffsid/mmvae/issues/4",
        "github.com/wiseodd/generative-models/issues/29",
        "github.com/agadetsky/pytorch-pl-variance-reduction/issues/1",
        "github.com/YannDubs/disentangling-vae/issues/77",
    ],
    676: [
        "github.com/jsikyoon/dreamer-torch/issues/9",
        "github.com/nicklashansen/tdmpc/issues/20",
        "github.com/mihirp1998/AlignProp/issues/12",
    ],
    674: [
        "github.com/geoopt/geoopt/issues/98",
        "github.com/dhruvdcoder/HyperA/issues/16",
    ],
    672: [
        "github.com/NVlabs/nvdiffrast/issues/14",
        "github.com/NVlabs/nvdiffrast/issues/52",
        "github.com/NVlabs/nvdiffrast/issues/230",
        "github.com/sicxu/Deep3DFaceRecon_pytorch/issues/100",
        "github.com/NVIDIAGameWorks/kaolin/issues/454",
        "github.com/ShichenLiu/SoftRas/issues/5",
    ],
    670: ["github.com/pyg-team/pytorch_geometric/issues/3181"],
    534: ["github.com/pytorch/pytorch/issues/137284"],
    542: ["github.com/rtqichen/torchdiffeq/issues/118"],
    544: ["github.com/lorraine2/implicit-hyper-opt/issues/2"],
    546: ["github.com/ikostrikov/pytorch-flows/issues/16"],
    560: ["github.com/OpenNMT/OpenNMT-py/issues/443"],
    600: ["github.com/pytorch/pytorch/issues/57157"],
    602: ["github.com/rtqichen/torchdiffeq/issues/154"],
    604: ["github.com/rosinality/stylegan2-pytorch/issues/56"],
    620: ["github.com/martius-lab/blackbox-backprop/issues/7"],
    622: ["github.com/XPixelGroup/BasicSR/issues/50"],
    640: [
        "github.com/WongKinYiu/yolov7/issues/1713",
        "github.com/alexrame/fishr/issues/2",
        "github.com/jxgu1016/MNIST_center_loss_pytorch/issues/10",
    ],
    700: ["github.com/OpenLMLab/LOMO/issues/41", "github.com/OpenLMLab/LOMO/issues/79"],
    702: ["github.com/pytorch/pytorch/issues/67887"],
    704: [
        "github.com/pytorch/pytorch/issues/32028",
        "github.com/pytorch/pytorch/issues/19173",
    ],
    706: ["github.com/NVIDIA-NeMo/Automodel/issues/1408"],
    641: [
        "github.com/karpathy/micrograd/issues/68",
        "github.com/karpathy/micrograd/issues/96",
        "github.com/karpathy/micrograd/issues/21",
    ],
    642: [
        "github.com/kuangliu/pytorch-retinanet/issues/12",
        "github.com/qianqianwang68/caps/issues/3",
        "github.com/TinyZeaMays/CircleLoss/issues/31",
        "github.com/yifita/deep_cage/issues/16",
    ],
    643: [
        "github.com/pytorch/pytorch/issues/97452",
        "github.com/pytorch/pytorch/issues/3123",
        "github.com/Lightning-AI/pytorch-lightning/issues/2382",
    ],
    730: ["github.com/Po-Hsun-Su/pytorch-ssim/issues/44"],
    732: ["github.com/pytorch/pytorch/issues/100528"],
    790: [
        "github.com/pytorch/pytorch/issues/38767",
        "github.com/huggingface/transformers/issues/5938",
        "github.com/torch/optim/issues/101",
        "github.com/Eric-mingjie/network-slimming/issues/85",
        "github.com/wenwei202/iss-rnns/issues/5",
    ],
    791: [
        "github.com/facebookresearch/detectron2/issues/2486",
        "github.com/fastai/fastai/issues/2133",
        "github.com/skorch-dev/skorch/issues/261",
    ],
    792: [
        "github.com/XingxingHuang/deeplearning.ai/issues/4",
        "github.com/cthorey/CS231/issues/2",
        "github.com/ddbourgin/numpy-ml/issues/94",
        "github.com/Halfish/cs231n/issues/4",
    ],
    793: [
        "github.com/pytorch/pytorch/issues/19699",
        "github.com/pytorch/pytorch/issues/16045",
        "github.com/LaurentMazare/tch-rs/issues/510",
    ],
    830: [
        "github.com/pytorch/pytorch/issues/91167",
        "github.com/facebookresearch/audiocraft/issues/260",
    ],
    831: [
        "github.com/pytorch/pytorch/issues/70222",
        "github.com/NVlabs/GCVit/issues/63",
    ],
    860: [
        "github.com/ashawkey/stable-dreamfusion/issues/328",
        "github.com/ashawkey/stable-dreamfusion/issues/335",
        "github.com/google/prompt-to-prompt/issues/83",
        "github.com/google-deepmind/trfl/issues/22",
    ],
    870: [
        "github.com/pytorch/pytorch/issues/141425",
        "github.com/pytorch/pytorch/issues/121133",
        "github.com/tensorflow/tensorflow/issues/33098",
    ],
    890: ["github.com/omoindrot/tensorflow-triplet-loss/issues/38"],
    891: [
        "github.com/pytorch/pytorch/issues/89857",
        "github.com/joelgrus/autograd/issues/2",
    ],
    892: [
        "github.com/tensorflow/tensorflow/issues/3148",
        "github.com/keras-team/keras/issues/3040",
        "github.com/llSourcell/linear_regression_live/issues/16",
    ],
    893: [
        "github.com/Vercaca/NN-Backpropagation/issues/1",
        "github.com/HuwCampbell/grenade/issues/66",
        "github.com/poweic/libdnn/issues/18",
    ],
    894: [
        "github.com/AnubhavGupta3377/Text-Classification-Models-Pytorch/issues/9",
        "github.com/mil-tokyo/MCD_DA/issues/12",
        "github.com/marco-rudolph/differnet/issues/10",
    ],
    896: [
        "github.com/SeanNaren/warp-ctc/issues/69",
        "github.com/pytorch/pytorch/issues/11750",
    ],
    900: [
        "github.com/voxelmorph/voxelmorph/issues/205",
        "github.com/dykuang/Medical-image-registration/issues/3",
        "github.com/cwmok/LapIRN/issues/35",
        "github.com/microsoft/Recursive-Cascaded-Networks/issues/15",
        "github.com/ANTsX/ANTs/issues/829",
    ],
    901: ["github.com/reservoirpy/reservoirpy/pull/230"],
    902: [
        "github.com/deel-ai/deel-lip/pull/95",
        "github.com/kumarkrishna/fastssl/pull/44",
    ],
    904: [
        "github.com/jadore801120/attention-is-all-you-need-pytorch/issues/134",
        "github.com/MaximumEntropy/Seq2Seq-PyTorch/issues/11",
    ],
    905: ["github.com/jax-ml/jax/issues/3970"],
    907: [
        "github.com/Kaixhin/ACER/issues/17",
        "github.com/ikostrikov/pytorch-a3c/issues/49",
        "github.com/ikostrikov/pytorch-a3c/issues/59",
        "github.com/MorvanZhou/pytorch-A3C/issues/21",
    ],
    908: [
        "stats.stackexchange.com/questions/316005",
        "stats.stackexchange.com/questions/414825",
    ],
    909: [
        "github.com/huggingface/trl/issues/2854",
        "github.com/huggingface/trl/pull/4638",
        "github.com/allenai/open-instruct/pull/535",
    ],
    910: [
        "github.com/facebookresearch/DomainBed/issues/85",
        "github.com/facebookresearch/InvariantRiskMinimization/issues/7",
        "github.com/facebookresearch/DomainBed/issues/50",
    ],
    914: [
        "github.com/AdamCobb/hamiltorch/issues/29",
        "github.com/tensorflow/probability/issues/1093",
    ],
    915: [
        "github.com/qiboteam/qibo/issues/663",
        "github.com/PennyLaneAI/demos/pull/1051",
    ],
    916: ["github.com/YaChienChang/Neural-Lyapunov-Control/issues/12"],
    918: [
        "github.com/HIPS/autograd/issues/185",
        "github.com/locuslab/pytorch_fft/issues/4",
        "github.com/deepinv/deepinv/issues/511",
    ],
    922: [
        "github.com/liaison/Multinomial-Logistic-Regression/issues/1",
        "github.com/zfit/zfit/issues/208",
        "github.com/lmfit/lmfit-py/issues/648",
        "github.com/FlamTeam/flamedisx/pull/176",
    ],
    923: [
        "github.com/google-deepmind/ferminet/issues/82",
        "github.com/netket/netket/pull/1785",
        "github.com/bytedance/jaqmc/pull/114",
    ],
    924: [
        "github.com/bigscience-workshop/Megatron-DeepSpeed/issues/33",
        "github.com/kohya-ss/sd-scripts/pull/2019",
    ],
    925: [
        "github.com/bitsandbytes-foundation/bitsandbytes/issues/67",
        "github.com/bitsandbytes-foundation/bitsandbytes/issues/1347",
        "github.com/AMD-AGI/Primus-Turbo/issues/359",
    ],
    926: [
        "discuss.pytorch.org/t/difference-between-torch-tensor-requires-grad-and-torch-nn-parameter-parameter/190293",
        "github.com/automan000/Convolutional_LSTM_PyTorch/issues/17",
    ],
    927: [
        "stackoverflow.com/questions/53975717",
        "discuss.pytorch.org/t/how-the-handles-are-passed-around-when-autograd/74049",
    ],
    946: [
        "discuss.pytorch.org/t/tensors-are-taking-more-time-for-execution-than-numpy-arrays/46733",
        "huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1",
    ],
    955: [
        "stackoverflow.com/questions/49926192",
        "ai.stackexchange.com/questions/17565",
        "scicomp.stackexchange.com/questions/35620",
    ],
}


def entries() -> dict[int, str]:
    """Return the text of each question by its number, up to the next question."""
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.md"))
    _, *parts = TARGET.split(pages)
    numbers, texts = parts[::2], parts[1::2]
    assert len(set(numbers)) == len(numbers)
    return dict(zip(map(int, numbers), texts, strict=True))


def test_the_numbers_are_those_of_the_list() -> None:
    """Tests that no question is missing, and that none came without a thread."""
    assert sorted(entries()) == sorted(THREADS)


@pytest.mark.parametrize("number", THREADS)
def test_a_question_has_its_heading_and_links(number: int) -> None:
    """Tests that the answer has a heading, its threads and a page that explains it."""
    entry = entries()[number]
    _, last = entry.rsplit("\nThread", 1)

    assert entry.startswith("## ")
    assert "\nMore: " in entry
    for address in THREADS[number]:
        assert f"](https://{address})" in last


def test_a_link_to_a_question_names_its_page() -> None:
    """Tests that no link leads to the page where a question once stood."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    docs = PAGES.parents[1]
    sources = [path for path in docs.rglob("*.md") if "_build" not in path.parts]
    links = {each for path in sources for each in LINK.findall(path.read_text("utf-8"))}

    assert links
    assert {(page, to) for page, to in links if f"({to})=" not in pages[page]} == set()
