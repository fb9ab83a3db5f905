"""Writes a GGUF file of the architecture `bert` as ONNX, float32, for ONNX Runtime: export_onnx.py MODEL OUTPUT"""

import sys

import torch

import bert_model


class LastHidden(torch.nn.Module):
    """BertModel without the tuple around its result."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def main(path, output):
    example = torch.ones(2, 16, dtype=torch.long)
    shape = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        LastHidden(bert_model.load(path)),
        (example, example),
        output,
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_axes={"input_ids": shape, "attention_mask": shape, "last_hidden_state": shape},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
