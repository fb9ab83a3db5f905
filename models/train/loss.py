"""The contrastive loss: each question must select its document among all of the batch, and each document its question."""

import torch
from torch import nn
from torch.nn import functional


class Contrast(nn.Module):
    def __init__(self, first_scale, max_scale):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(float(first_scale)).log())
        self.max_log_scale = torch.tensor(float(max_scale)).log().item()

    def forward(self, questions, documents):
        """Documents beyond the number of questions answer none. Returns (loss, share of questions that select their document)."""
        scores = functional.normalize(questions, dim=-1) @ functional.normalize(documents, dim=-1).T
        scores = scores * self.log_scale.clamp(max=self.max_log_scale).exp()
        right = torch.arange(len(questions))
        chosen = functional.cross_entropy(scores, right)
        asked = functional.cross_entropy(scores[:, : len(questions)].T, right)
        return chosen + 0.5 * asked, (scores.argmax(1) == right).float().mean().item()
