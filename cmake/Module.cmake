# SPDX-License-Identifier: Apache-2.0
# One folder = one library = one test binary. DEPENDS names our modules, LIBS names outside ones.
# A folder inside a module is private to it; a sub-program (store/host) has its own CMakeLists.
# check-layers reads these lines, so keep each call on one line. SIMULATES: its tests compute for minutes
# without optimisation, so dev builds optimise it too. UNITY: all builds but releases compile its sources eight at a time,
# which takes a third of the time, as they do with the unit tests of all modules that do not simulate; what these name in
# anonymous namespaces has to differ then. COSTLY: a header that many of its sources include and that takes seconds,
# precompiled but in releases.

# Release builds and clang-tidy compile each source by itself, so they show what it forgot to include.
option(LW_UNITY "Several sources at a time but in releases; OFF for clangd: cmake --preset dev -DLW_UNITY=OFF" ON)
# clang-tidy and clangd read sources as they are: they have no precompiled headers of g++'s.
set(LW_COMPILES_QUICKLY OFF)
if(LW_UNITY AND LW_MODE MATCHES "^(dev|asan|tsan)$")
  set(LW_COMPILES_QUICKLY ON)
endif()

# What nearly every source and every unit test includes, compiled once: a third of their compilation. Not in
# releases, so that they show what a source forgot to include.
set(LW_COMMON_HEADERS <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <string> <unordered_map>
                      <variant> <vector> <fmt/core.h>)
if(LW_COMPILES_QUICKLY)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/headers.cpp CONTENT "int main() { return 0; }\n")
  # Libraries and programs are compiled differently.
  add_library(lw_headers STATIC EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/headers.cpp)
  add_executable(lw_test_headers EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/headers.cpp)
  foreach(target lw_headers lw_test_headers)
    target_link_libraries(${target} PRIVATE lw_flags fmt::fmt)
    target_precompile_headers(${target} PRIVATE ${LW_COMMON_HEADERS})
  endforeach()
  target_link_libraries(lw_test_headers PRIVATE GTest::gtest)
  target_precompile_headers(lw_test_headers PRIVATE <gtest/gtest.h>)
endif()

function(lw_compile_together target)
  if(LW_COMPILES_QUICKLY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # To the compiler, a source that another includes is a header.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

function(lw_module name)
  cmake_parse_arguments(ARG "SIMULATES;UNITY" "COSTLY" "DEPENDS;LIBS;EXCLUDE" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND lw_)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS *.h)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  foreach(folder ${ARG_EXCLUDE})
    list(FILTER headers EXCLUDE REGEX "/${folder}/")
    list(FILTER sources EXCLUDE REGEX "/${folder}/")
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "\\.test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "\\.(test|bench|fuzz)\\.cpp$")
  if(NOT sources)
    message(WARNING "module ${name} has no sources yet")
    return()
  endif()

  add_library(lw_${name} STATIC ${sources})
  set_target_properties(lw_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_sources(lw_${name} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
  target_link_libraries(lw_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_LIBS} lw_flags)
  if(ARG_SIMULATES)
    lw_optimise_in_dev(lw_${name})
  endif()

  if(ARG_UNITY)
    lw_compile_together(lw_${name})
  endif()
  if(ARG_COSTLY AND TARGET lw_headers)
    target_precompile_headers(lw_${name} PRIVATE ${LW_COMMON_HEADERS} ${ARG_COSTLY})
    target_compile_options(lw_${name} PRIVATE -fpch-preprocess)  # ccache needs it
  elseif(TARGET lw_headers AND NOT ARG_SIMULATES AND NOT ARG_UNITY)
    target_precompile_headers(lw_${name} REUSE_FROM lw_headers)
    target_compile_options(lw_${name} PRIVATE -fpch-preprocess)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE lw_${name} lw_flags GTest::gtest GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE LW_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(ARG_SIMULATES)
      lw_optimise_in_dev(${name}_test)
    elseif(TARGET lw_test_headers)
      lw_compile_together(${name}_test)
      target_precompile_headers(${name}_test REUSE_FROM lw_test_headers)
      target_compile_options(${name}_test PRIVATE -fpch-preprocess)  # ccache needs it
    endif()
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 900)
  endif()
endfunction()
