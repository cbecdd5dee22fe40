// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer where there is none: runs a fuzzer's entry function over every file of
// the folders that are its arguments. What the entry function finds ends the process.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// The bytes in memory of exactly their size, so that a sanitizer sees each read past the end.
void run(const std::string& bytes) {
  const auto exact = std::make_unique<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), bytes.size());
}

/// How many files were run; nothing if one could not be read.
lw::Result<int> replay(const std::string& folder) {
  int count = 0;
  for (const std::string& name : TRY(lw::list_directory(folder))) {
    std::printf("%s/%s\n", folder.c_str(), name.c_str());
    std::fflush(stdout);  // The last line names the input that a crash is about.
    run(TRY(lw::read_file(folder + "/" + name)));
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  run("");
  int count = 0;
  for (int i = 1; i < argc; ++i) {
    const auto files = replay(argv[i]);
    if (!files) {
      std::fprintf(stderr, "replay: %s\n", files.error().message.c_str());
      return 1;
    }
    count += *files;
  }
  std::printf("%d inputs, no fault\n", count);
  return count > 0 ? 0 : 1;
}
