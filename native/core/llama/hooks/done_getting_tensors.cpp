// llama.cpp's loader refuses files with tensors that its architecture does not know. Its `t5encoder` knows no dense
// layers after pooling, which GTR and Sentence-T5 have and ../head_tensors.h loads. The build renames the function that
// llama-model.cpp calls at the end (cmake/llama.cmake), and compiles this file into llama with the same name.

#include <stdexcept>

#include "llama-model-loader.h"

void llama_model_loader::done_getting_tensors(bool /*partial*/) const {
    int heads = 0;
    if (get_arch() == LLM_ARCH_T5ENCODER) {
        for (const char * name : {"dense_2.weight", "dense_2.bias", "dense_3.weight", "dense_3.bias"}) {
            heads += get_weight(name) != nullptr ? 1 : 0;
        }
    }
    if (n_created + heads != n_tensors) {
        throw std::runtime_error("wrong number of tensors; expected " + std::to_string(n_tensors) + ", got " +
                                 std::to_string(n_created + heads));
    }
}
