// Rounded rows and their bounds, against the products themselves and double precision.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "control.h"
#include "search/dot_products.h"
#include "search/row_search.h"
#include "testing.h"

namespace longembed::test {

namespace {

void check_codes(const CpuKernels & kernels, int64_t size, bool extreme, Random & random) {
    constexpr int64_t    rows = 5;
    std::vector<int8_t>  codes(rows * size);
    std::vector<int16_t> query(size);
    for (int8_t & code : codes) {
        code = static_cast<int8_t>(extreme ? -max_row_code : random.whole(-max_row_code, max_row_code));
    }
    for (int16_t & code : query) {
        code = static_cast<int16_t>(extreme ? max_query_code : random.whole(-max_query_code, max_query_code));
    }
    int64_t products[rows];
    kernels.code_dot(codes.data(), rows, query.data(), size, products);
    for (int64_t row = 0; row < rows; ++row) {
        int64_t sum = 0;
        for (int64_t i = 0; i < size; ++i) {
            sum += static_cast<int64_t>(codes[row * size + i]) * query[i];
        }
        expect(products[row] == sum, "a product of " + std::to_string(size) + " codes is " +
                                         std::to_string(products[row]) + ", not " + std::to_string(sum));
    }
}

struct Rows {
    int64_t                count;
    int64_t                size;
    std::vector<float>     floats;
    std::vector<int8_t>    codes;
    std::vector<CodeFacts> facts;

    Rows(int64_t count, int64_t size, std::vector<float> numbers)
        : count(count), size(size), floats(std::move(numbers)), codes(count * size), facts(count) {
        quantize_rows(floats.data(), count, size, codes.data(), facts.data());
    }
};

/// Rows of every size of number, zeros among them; their products with the query stay finite.
std::vector<float> numbers_of_every_size(int64_t count, int64_t size, Random & random) {
    std::vector<float> numbers;
    for (int64_t row = 0; row < count; ++row) {
        const float factor           = row % 7 == 0 ? 0.0f : std::pow(10.0f, static_cast<float>(random.whole(-44, 17)));
        const std::vector<float> own = random.reals(size, factor);
        numbers.insert(numbers.end(), own.begin(), own.end());
    }
    return numbers;
}

void check_bounds(const Rows & rows, const std::vector<float> & query) {
    const Blocks<CodedBlock> coded{{{rows.codes.data(), rows.facts.data()}}, rows.count, rows.count, rows.size};
    const Control            control;
    std::vector<float>       lower(rows.count);
    std::vector<float>       upper(rows.count);
    std::vector<float>       products(rows.count);
    bound_products(query.data(), coded, lower.data(), upper.data(), 2, control);
    dot_products({query.data(), 1, rows.floats.data(), rows.count, rows.size}, products.data(), 1, control);
    for (int64_t row = 0; row < rows.count; ++row) {
        double sum = 0.0;
        for (int64_t i = 0; i < rows.size; ++i) {
            sum += static_cast<double>(query[i]) * rows.floats[row * rows.size + i];
        }
        const std::string bounds = std::to_string(lower[row]) + " … " + std::to_string(upper[row]);
        expect(lower[row] <= products[row] && products[row] <= upper[row],
               "a product is " + std::to_string(products[row]) + ", not " + bounds);
        expect(lower[row] <= sum && sum <= upper[row],
               "an exact product is " + std::to_string(sum) + ", not " + bounds);
    }
}

double length_of(const float * row, int64_t size) {
    double squares = 0.0;
    for (int64_t i = 0; i < size; ++i) {
        squares += static_cast<double>(row[i]) * row[i];
    }
    return std::sqrt(squares);
}

void check_width(Random & random) {
    constexpr int64_t  size = 384;
    std::vector<float> row  = random.reals(size);
    const auto         norm = static_cast<float>(length_of(row.data(), size));
    for (float & number : row) {
        number /= norm;
    }
    const Rows               one(1, size, row);
    const Blocks<CodedBlock> coded{{{one.codes.data(), one.facts.data()}}, 1, 1, size};
    float                    lower = 0.0f;
    float                    upper = 0.0f;
    bound_products(row.data(), coded, &lower, &upper, 1, Control());
    expect(upper - lower < 0.02f, "the bounds of a cosine are " + std::to_string(upper - lower) + " apart");
}

/// Rows of a matrix in blocks, by ranges, have the bits of one product of all.
void check_ranges(int threads, Random & random) {
    constexpr int64_t           size  = 33;
    constexpr int64_t           block = 50;
    constexpr int64_t           count = 3 * block;
    const std::vector<float>    rows  = random.reals(count * size);
    const std::vector<float>    query = random.reals(size);
    const Blocks<const float *> blocks{
        {rows.data(), rows.data() + block * size, rows.data() + 2 * block * size}, block, count, size};
    std::vector<float> all(count);
    dot_products({query.data(), 1, rows.data(), count, size}, all.data(), 1, Control());
    const std::vector<RowRange> ranges{{0, 1}, {3, 3}, {4, 49}, {49, 120}, {149, 150}};
    std::vector<float>          expected;
    for (const RowRange & range : ranges) {
        expected.insert(expected.end(), all.begin() + range.begin, all.begin() + range.end);
    }
    std::vector<float> found(expected.size());
    products_of(query.data(), blocks, ranges, found.data(), threads, Control());
    expect(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0,
           "products of ranges have other bits");
    products_of(query.data(), blocks, {}, nullptr, threads, Control());
}

} // namespace

void add_row_search_tests(std::vector<Test> & tests) {
    add_for_variants(tests, "products of codes", [](const KernelVariant &, const CpuKernels & kernels) {
        Random random(4);
        for (const int64_t size : {1, 7, 15, 16, 17, 63, 384, 511, 512, 513, 1024, 1025, 5000}) {
            check_codes(kernels, size, false, random);
            check_codes(kernels, size, true, random);
        }
    });
    tests.push_back({"search: bounds of products", [] {
                         Random random(5);
                         for (const int64_t size : {1, 2, 37, 128, 384, 1000}) {
                             for (const float factor : {1.0f, 1e-20f, 1e-42f, 1e10f, 0.0f}) {
                                 const Rows rows(200, size, numbers_of_every_size(200, size, random));
                                 check_bounds(rows, random.reals(size, factor));
                             }
                         }
                         check_width(random);
                     }});
    tests.push_back({"search: products of ranges of rows", [] {
                         Random random(6);
                         for (const int threads : {1, 2, 5}) {
                             check_ranges(threads, random);
                         }
                     }});
}

} // namespace longembed::test
