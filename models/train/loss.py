"""The contrastive loss: of all the batch's documents a question must choose its own, and a document its question."""

import torch
from torch import nn
from torch.nn import functional


class Contrast(nn.Module):
    def __init__(self, first_scale, max_scale):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(float(first_scale)).log())
        self.max_log_scale = torch.tensor(float(max_scale)).log().item()

    def forward(self, questions, documents):
        """Documents past the questions' number answer none. Gives (loss, share of questions whose choice is right)."""
        scores = functional.normalize(questions, dim=-1) @ functional.normalize(documents, dim=-1).T
        scores = scores * self.log_scale.clamp(max=self.max_log_scale).exp()
        right = torch.arange(len(questions))
        chosen = functional.cross_entropy(scores, right)
        asked = functional.cross_entropy(scores[:, : len(questions)].T, right)
        return chosen + 0.5 * asked, (scores.argmax(1) == right).float().mean().item()
