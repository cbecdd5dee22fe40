// SPDX-License-Identifier: Apache-2.0
// The file as a crash, an operator or a bad disk may leave it.
#include "agent/assignment_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace lw::agent {
namespace {

/// A folder in memory for as long as the process lives.
struct Folder {
  Folder() { LW_ASSERT(::mkdtemp(path.data()) != nullptr); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path = "/dev/shm/lw-fuzz-XXXXXX";
};

}  // namespace
}  // namespace lw::agent

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::agent;
  static const Folder kFolder;
  const std::string_view bytes = lw::fuzz::Input(data, size).text();
  std::ofstream(kFolder.path + "/assignment", std::ios::binary | std::ios::trunc) << bytes;
  const auto parts = load_assignment(kFolder.path);
  if (!parts) return 0;
  std::size_t content = 0;
  for (const std::string& part : *parts) content += part.size();
  LW_ASSERT(content + 2 * parts->size() <= size);
  LW_ASSERT(save_assignment(kFolder.path, *parts));
  const auto again = load_assignment(kFolder.path);
  LW_ASSERT(again && *again == *parts);
  return 0;
}
