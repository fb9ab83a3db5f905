#include "file_watch.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "error.h"

namespace longembed {

FileWatch::FileWatch(const std::string & path) : FileWatch() {
    path_ = path;
#if !defined(_WIN32)
    file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) {
        throw Error(ErrorCode::model_not_found,
                    "The model file \"" + path + "\" cannot be opened: " + std::strerror(errno) + ".");
    }
#endif
    if (!read(stamp_)) {
        throw Error(ErrorCode::model_not_found, "The size of the model file \"" + path + "\" cannot be read.");
    }
    watching_ = true;
}

FileWatch::~FileWatch() {
#if !defined(_WIN32)
    if (file_ >= 0) {
        close(file_);
    }
#endif
}

FileWatch::FileWatch(FileWatch && other) noexcept {
    *this = std::move(other);
}

FileWatch & FileWatch::operator=(FileWatch && other) noexcept {
    std::swap(path_, other.path_);
    std::swap(stamp_, other.stamp_);
    std::swap(file_, other.file_);
    std::swap(watching_, other.watching_);
    return *this;
}

bool FileWatch::read(Stamp & stamp) const {
#if defined(_WIN32)
    // a mapped file cannot be replaced there, so its path leads to it
    std::error_code error;
    const auto      path = std::filesystem::u8path(path_);
    stamp.size           = static_cast<int64_t>(std::filesystem::file_size(path, error));
    if (error) {
        return false;
    }
    stamp.written = static_cast<int64_t>(std::filesystem::last_write_time(path, error).time_since_epoch().count());
    return !error;
#else
    struct stat status {};
    if (file_ < 0 || fstat(file_, &status) != 0) {
        return false;
    }
#if defined(__APPLE__)
    const timespec & written = status.st_mtimespec;
#else
    const timespec & written = status.st_mtim;
#endif
    stamp.size               = status.st_size;
    stamp.written            = static_cast<int64_t>(written.tv_sec) * 1000000000 + written.tv_nsec;
    return true;
#endif
}

void FileWatch::check() const {
    Stamp now;
    if (watching_ && read(now) && (now.size != stamp_.size || now.written != stamp_.written)) {
        throw Error(ErrorCode::model_invalid,
                    "\"" + path_ +
                        "\" was written to while its model was in use, so the weights are no longer the same: dispose "
                        "of the model and load it again. To update a model file, write a new one and rename it.");
    }
}

} // namespace longembed
