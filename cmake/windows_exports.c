/* Compiled into ggml's libraries on Windows with MinGW, where the linker exports every symbol of a library that marks none: all but
   those of the C runtime's start, which each library has for itself. */
__asm__(".section .drectve,\"yn\"\n"
        ".ascii \" -exclude-symbols:atexit,_CRT_INIT,DllMainCRTStartup,__xd_a,__xd_z\"\n");

/* ISO C has no empty file */
extern int longembed_windows_exports;
