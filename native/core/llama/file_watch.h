#pragma once

#include <cstdint>
#include <string>

namespace longembed {

/// Notices that a file whose pages are mapped into memory was written to. The weights in use change with it, and pages
/// beyond a new end end the process (SIGBUS). A file that takes the other's place, as package managers and downloads
/// write it, leaves the mapped one as it is.
class FileWatch {
public:
    /// Does nothing.
    FileWatch() = default;

    /// @param path  UTF-8
    /// @throws Error ERR_MODEL_NOT_FOUND when it cannot be watched, as when too many files are open
    explicit FileWatch(const std::string & path);
    ~FileWatch();

    FileWatch(FileWatch && other) noexcept;
    FileWatch & operator=(FileWatch && other) noexcept;

    /// @throws Error ERR_MODEL_INVALID if the file was written to since this object was made
    void check() const;

private:
    struct Stamp {
        int64_t size    = 0;
        int64_t written = 0; ///< nanoseconds
    };

    /// @return whether the file can be asked
    bool read(Stamp & stamp) const;

    std::string path_;
    Stamp       stamp_;
    int  file_     = -1; ///< POSIX: open as long as this object, so that it is the same file whatever the path becomes
    bool watching_ = false;
};

} // namespace longembed
