# SPDX-License-Identifier: Apache-2.0
# lw_flags: warnings for all of our code. lw_mode: optimisation and sanitizers, also for generated code.
set(LW_MODE dev CACHE STRING "dev, release, asan, tsan or fuzz")

find_program(LW_CCACHE ccache)
if(LW_CCACHE)
  # For hits from another folder, which is what CI builds in; the sloppiness, with the tests' precompiled headers.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${LW_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_compile_definitions(LW_VERSION="${PROJECT_VERSION}")
# A third of a dev build's time goes into debug information, which only a debugger wants.
option(LW_DEBUG_INFO "Debug information in dev builds too: cmake --preset dev -DLW_DEBUG_INFO=ON" OFF)
# A sanitizer's stack needs lines, not variables, and full debug information takes gigabytes there.
if(LW_MODE MATCHES "asan|tsan")
  add_compile_options(-g1)
elseif(LW_DEBUG_INFO OR NOT LW_MODE STREQUAL "dev")
  add_compile_options(-g)
endif()
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
if(LW_MODE STREQUAL "dev")
  add_compile_options(-O0)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
elseif(LW_MODE STREQUAL "asan")
  add_compile_options(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(LW_SANITIZED)
elseif(LW_MODE STREQUAL "fuzz")
  # clang's own option for code that a fuzzer is linked with; the fuzzers themselves are in tests/fuzz.
  add_compile_options(-O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(LW_SANITIZED _GLIBCXX_ASSERTIONS)
elseif(LW_MODE STREQUAL "tsan")
  # Asio's fences are no synchronisation of ours; g++ only says that it does not model them.
  add_compile_options(-O1 -fsanitize=thread -Wno-tsan)
  add_link_options(-fsanitize=thread)
  add_compile_definitions(LW_SANITIZED)
elseif(LW_MODE STREQUAL "release")
  add_compile_options(-O2 -fstack-protector-strong)
  add_compile_definitions(_FORTIFY_SOURCE=2 NDEBUG)
  add_link_options(-pie -Wl,-z,relro,-z,now)
else()
  message(FATAL_ERROR "LW_MODE is ${LW_MODE}; use dev, release, asan, tsan or fuzz")
endif()

# Our archives are for this build folder only: they need not hold every object a second time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_CXX_ARCHIVE_CREATE "<CMAKE_AR> qcT <TARGET> <LINK_FLAGS> <OBJECTS>")
  set(CMAKE_CXX_ARCHIVE_APPEND "<CMAKE_AR> qT <TARGET> <LINK_FLAGS> <OBJECTS>")
endif()

find_program(LW_MOLD mold)
find_program(LW_LLD ld.lld)
if(LW_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LW_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# For targets whose tests compute more than their compilation saves.
function(lw_optimise_in_dev target)
  if(LW_MODE STREQUAL "dev")
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

add_library(lw_flags INTERFACE)
target_compile_options(lw_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough -Wextra-semi
  -Wredundant-decls
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond;-Wduplicated-branches;-Wlogical-op>
  # fmt 9 and the standard library of g++ 12 trip these from inside inlined system headers.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized;-Wno-dangling-pointer;-Wno-free-nonheap-object>
  # TRY is a GNU statement expression by decision (STYLE, "Errors").
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression;-Wno-gnu-statement-expression-from-macro-expansion>
  # std::stable_sort of libstdc++ 12 calls what it has deprecated itself.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
