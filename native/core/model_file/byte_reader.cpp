#include "byte_reader.h"

#include "invalid_file.h"

namespace longembed {

void ByteReader::read(void * to, uint64_t count) {
    check_left(count);
    stream_.read(static_cast<char *>(to), static_cast<std::streamsize>(count));
    if (static_cast<uint64_t>(stream_.gcount()) != count) {
        throw InvalidFile("it cannot be read to the end of its header.");
    }
    position_ += count;
}

std::vector<uint8_t> ByteReader::bytes(uint64_t count) {
    check_left(count);
    std::vector<uint8_t> all(count);
    read(all.data(), count);
    return all;
}

std::string ByteReader::text(uint64_t max) {
    const auto length = number<uint64_t>();
    if (length > max) {
        throw InvalidFile("its header has a text of " + std::to_string(length) + " bytes; at most " +
                          std::to_string(max) + " are allowed there.");
    }
    check_left(length);
    std::string text(length, '\0');
    read(text.data(), length);
    return text;
}

void ByteReader::check_left(uint64_t count) const {
    if (count > left()) {
        throw InvalidFile("it is cut short: it ends within its header.");
    }
}

} // namespace longembed
