// Interprets bytes as a model file: the checks must reject it, or it must load, tokenize and compute without a fault.

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "model.h"
#include "model_file/model_file.h"

namespace {

constexpr uint64_t max_data = 1 << 26;

/// A file in memory that has a path.
class MemoryFile {
public:
    MemoryFile(const uint8_t * data, size_t size) : descriptor_(memfd_create("model.gguf", 0)) {
        if (write(descriptor_, data, size) != static_cast<ssize_t>(size)) {
            abort();
        }
    }
    ~MemoryFile() { close(descriptor_); }

    MemoryFile(const MemoryFile &)             = delete;
    MemoryFile & operator=(const MemoryFile &) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

/// Whether the checks accept it, also as the beginning of a file that is as large as its tensors need, so that changed
/// sizes of tensors do not always end in "cut short".
bool passes(const uint8_t * data, size_t size) {
    for (const uint64_t claimed : {static_cast<uint64_t>(size) + max_data, static_cast<uint64_t>(size)}) {
        std::istringstream stream(std::string(reinterpret_cast<const char *>(data), size));
        try {
            longembed::check_model_stream(stream, claimed, "fuzz");
        } catch (const longembed::Error &) {
            return false;
        }
    }
    return true;
}

void use(const std::string & path) {
    longembed::LoadOptions options;
    options.threads = 1;
    options.backend = "cpu";
    longembed::Control control;
    const auto         model = longembed::Model::load(path, options, control);
    model->vocabulary().tokenize("The grass is green. \xc3\x9cn\xc3\xaf\x63ode, 12345 and [SEP] too!");

    const std::vector<int32_t> tokens  = {0, 1, 2, 0, 1};
    const std::vector<int32_t> lengths = {3, 2};
    longembed::Batch           batch;
    batch.tokens      = tokens.data();
    batch.n_tokens    = static_cast<int64_t>(tokens.size());
    batch.lengths     = lengths.data();
    batch.n_sequences = static_cast<int64_t>(lengths.size());
    std::vector<float> vectors(lengths.size() * model->facts().dimensions);
    model->embed(batch, vectors.data(), control);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t * data, size_t size) {
    if (!passes(data, size)) {
        return 0;
    }
    const MemoryFile file(data, size);
    try {
        use(file.path());
    } catch (const longembed::Error &) {
        // every error of ours is an answer; any other exception is a finding
    }
    return 0;
}
