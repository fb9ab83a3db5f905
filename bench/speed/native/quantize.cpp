// speed-quantize INPUT OUTPUT BF16|Q8_0|Q4_K_M: converts a GGUF file to another type with llama.cpp's own quantization.

#include <cstdio>
#include <map>
#include <string>

#include "llama.h"

int main(int argc, char ** argv) {
    const std::map<std::string, llama_ftype> types = {
        {"BF16", LLAMA_FTYPE_MOSTLY_BF16}, {"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0}, {"Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M}};
    const auto type = argc == 4 ? types.find(argv[3]) : types.end();
    if (type == types.end()) {
        std::fprintf(stderr, "usage: speed-quantize INPUT OUTPUT BF16|Q8_0|Q4_K_M\n");
        return 2;
    }
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype                       = type->second;
    return llama_model_quantize(argv[1], argv[2], &params) == 0 ? 0 : 1;
}
