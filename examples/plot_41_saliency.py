r"""Saliency: one image, explained for two scores by two choices of ``v``
=====================================================================

A small network scores an image twice: how much of a horizontal bar it holds, and how much of a vertical one.
The image holds both. Which of them lights up in the map is decided by ``v``, of the shape of the scores.
Whole batches, Grad-CAM and segmentation: :doc:`/how-to/recipes/saliency`.

.. tested by: exercise-04
"""

# %%
# The network and the image
# -------------------------
# Two kernels of 5 by 5, one for each bar, a ReLU, and the mean of the squares: scores of shape ``(1, 2)``.

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import conv2d, conv_transpose2d

torch.manual_seed(0)
across = torch.tensor([-1.0, -1.0, 4.0, -1.0, -1.0])[:, None].expand(5, 5) / 20
# kernels have shape (2, 1, 5, 5)
kernels = torch.stack([across, across.T])[:, None]

image = 0.1 * torch.rand(1, 1, 16, 16)
image[0, 0, 4, 1:8] = 1.0  # a horizontal bar, top left
image[0, 0, 7:14, 11] = 1.0  # a vertical bar, bottom right
image.requires_grad_()

# features have shape (1, 2, 12, 12)
features = conv2d(image, kernels).relu()
# scores have shape (1, 2)
scores = (features**2).mean(dim=(2, 3))
scores

# %%
# Two maps from two ``v``
# -----------------------
# A one-hot ``v`` picks the score, and the result has the shape of the image.

maps = {}
for number, name in enumerate(["horizontal", "vertical"]):
    v = torch.zeros_like(scores)
    v[0, number] = 1.0
    (maps[name],) = torch.autograd.grad(scores, image, v, retain_graph=True)

# %%
# Checked in two other ways
# -------------------------
# By hand, the score's derivative is spread over the pixels that each feature saw:

for number, slope in enumerate(maps.values()):
    back = 2 * features[:, [number]] / 144
    assert torch.allclose(slope, conv_transpose2d(back, kernels[[number]]), atol=1e-7)

# %%
# By a finite difference, at the pixel with the largest slope:

slope = maps["vertical"][0, 0]
row, column = divmod(int(slope.argmax()), 16)
step = torch.zeros(1, 1, 16, 16, dtype=torch.float64)
step[0, 0, row, column] = 1e-6
pair = [
    (conv2d(image.double() + s, kernels.double()).relu()[0, 1] ** 2).mean()
    for s in (step, -step)
]
assert torch.isclose((pair[0] - pair[1]) / 2e-6, slope[row, column].double(), rtol=1e-4)

# %%
# Each map finds its own bar: more than two thirds of the slopes, without signs, lie on its side of the image, columns 0 to 8 or 9 to 15.

left, right = maps["horizontal"].abs(), maps["vertical"].abs()
assert left[..., :9].sum() > 2 / 3 * left.sum()
assert right[..., 9:].sum() > 2 / 3 * right.sum()

# %%
# Two maps of one image
# ---------------------
# The size of the slope at each pixel: the fuller its colour, the larger.

pictures = {
    "image": image[0, 0],
    "v = [[1, 0]]: horizontal": maps["horizontal"][0, 0].abs(),
    "v = [[0, 1]]: vertical": maps["vertical"][0, 0].abs(),
}
fig, axes = plt.subplots(1, 3, figsize=(7, 2.9), layout="constrained")
fig.suptitle("Saliency maps of one image for two choices of v", fontsize=13)
for axis, (title, pixels) in zip(axes, pictures.items(), strict=True):
    axis.imshow(pixels.detach().numpy(), cmap="Purples")
    axis.set_title(title, fontsize=11)
    axis.set_axis_off()
plt.show()
