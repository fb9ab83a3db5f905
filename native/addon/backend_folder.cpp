#include "backend_folder.h"

#include <filesystem>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace longembed::addon {

std::string folder_of_this_library() {
#if defined(_WIN32)
    HMODULE library = nullptr;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       reinterpret_cast<LPCWSTR>(&folder_of_this_library), &library);
    wchar_t path[MAX_PATH] = {};
    GetModuleFileNameW(library, path, MAX_PATH);
    return std::filesystem::path(path).parent_path().string();
#else
    Dl_info info = {};
    dladdr(reinterpret_cast<void *>(&folder_of_this_library), &info);
    return std::filesystem::path(info.dli_fname == nullptr ? "" : info.dli_fname).parent_path().string();
#endif
}

} // namespace longembed::addon
