# The CPU kernels' instruction sets. A source is compiled once for each, and the best is chosen at run time.

# A product and a sum are one instruction in kernels (-ffp-contract=fast), which ISO C++ alone would not allow the compiler.
set(LONGEMBED_VARIANTS)
if (NOT MSVC)
    list(APPEND LONGEMBED_VARIANTS portable)
    set(portable_definitions LONGEMBED_VECTOR_FLOATS=4)
    if (CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
        list(APPEND LONGEMBED_VARIANTS avx2 avx512)
        set(avx2_definitions LONGEMBED_VECTOR_FLOATS=8)
        set(avx2_options -mavx2 -mfma -mf16c)
        set(avx512_definitions LONGEMBED_VECTOR_FLOATS=16)
        set(avx512_options -mavx512f -mfma -mf16c -mprefer-vector-width=512)
        check_cxx_compiler_flag(-mavx512bf16 LONGEMBED_AVX512BF16) # GCC 10 and later
        if (LONGEMBED_AVX512BF16)
            list(APPEND LONGEMBED_VARIANTS avx512bf16)
            set(avx512bf16_definitions LONGEMBED_VECTOR_FLOATS=16 LONGEMBED_BF16)
            set(avx512bf16_options ${avx512_options} -mavx512bf16)
        endif()
    endif()
endif()

# Adds `source`, compiled once for each variant, to a target. In the source LONGEMBED_VARIANT is PREFIX_avx2 and so on; in the
# target's own sources LONGEMBED_HAS_AVX2 and so on are defined.
function(longembed_add_variants target source prefix)
    foreach (variant ${LONGEMBED_VARIANTS})
        set(library "${target}_${prefix}_${variant}")
        add_library(${library} OBJECT "${source}")
        longembed_compile_options(${library})
        target_include_directories(${library} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/native/core")
        target_compile_options(${library} PRIVATE -O3 -ffp-contract=fast ${${variant}_options})
        target_compile_definitions(${library} PRIVATE ${${variant}_definitions} LONGEMBED_VARIANT=${prefix}_${variant})
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:${library}>)
        string(TOUPPER ${variant} name)
        target_compile_definitions(${target} PRIVATE LONGEMBED_HAS_${name})
    endforeach()
endfunction()
