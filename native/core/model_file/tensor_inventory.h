#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gguf_header.h"
#include "hyperparameters.h"

namespace longembed {

/// The tensors of a model file, checked one by one as an architecture names those that its graph takes. Types other
/// than F32 are for matrices only: ggml adds and multiplies no other rows.
class TensorInventory {
public:
    using Shape = std::vector<int64_t>;

    explicit TensorInventory(const std::vector<GgufTensor> & tensors);

    bool has(const std::string & name) const { return tensors_.count(name) > 0; }

    /// The rows of a matrix; 0 where there is none of that name.
    int64_t rows(const std::string & name) const;

    /// A matrix, of any type that can be multiplied by.
    /// @throws InvalidFile that names the tensor when it is missing or has another shape; so do the others
    void matrix(const std::string & name, const Shape & shape) { check(find(name), shape); }
    void optional_matrix(const std::string & name, const Shape & shape);

    /// F32 numbers that are added or multiplied as they are.
    void plain(const std::string & name, const Shape & shape);
    void optional_plain(const std::string & name, const Shape & shape);

    /// NAME.weight and the bias that may go with it.
    void linear(const std::string & name, int64_t in, int64_t out);

    /// The dense layers after pooling, `dense_2` and `dense_3`, where the file has them: the first takes `in` numbers,
    /// the other what the first gives.
    void head(int64_t in);

    /// NAME.weight and NAME.bias
    void layer_norm(const std::string & name, int64_t dimensions);

    /// A layer's projections to queries, keys and values, fused or not, and from the heads back; prefix is "blk.3." or
    /// the like.
    void attention(const std::string & prefix, const ModelSizes & sizes);

    /// A layer's mixture of experts: its router and the matrices of all experts.
    void experts(const std::string & prefix, const ModelSizes & sizes);

    /// A tensor that the graph does not take and that may be there, whatever it is.
    void allow(const std::string & name) { known_.insert(name); }

    /// Refuses tensors that nobody has named, except scales of quantized matrices.
    void check_no_others() const;

private:
    const GgufTensor & find(const std::string & name);
    static void        check(const GgufTensor & tensor, const Shape & expected);

    std::map<std::string, const GgufTensor *> tensors_;
    std::set<std::string>                     known_;
};

/// Checks types, and for architectures with a graph of ours that all its tensors are there, in their shapes, and no
/// others.
/// @param tensors  of all parts of the file
/// @throws InvalidFile that names the tensor
void check_tensors(const std::vector<GgufTensor> & tensors, llm_arch architecture, const ModelSizes & sizes);

} // namespace longembed
