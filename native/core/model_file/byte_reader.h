#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace longembed {

/// Reads a file's bytes one after the other, and never past its end: every length is checked against the bytes left
/// before memory is allocated for it.
class ByteReader {
public:
    /// @param size  bytes that the stream has
    ByteReader(std::istream & stream, uint64_t size) : stream_(stream), size_(size) {}

    uint64_t position() const { return position_; }
    uint64_t left() const { return size_ - position_; }

    /// @throws InvalidFile when the file ends before; so do the others
    void read(void * to, uint64_t count);

    /// A number as it lies in the file, little-endian as this machine's.
    template <typename Number> Number number() {
        Number value{};
        read(&value, sizeof(value));
        return value;
    }

    std::vector<uint8_t> bytes(uint64_t count);

    /// A length of 64 bits, then that many bytes.
    /// @param max  the greatest length allowed
    std::string text(uint64_t max);

private:
    void check_left(uint64_t count) const;

    std::istream & stream_;
    uint64_t       size_;
    uint64_t       position_ = 0;
};

} // namespace longembed
