// SPDX-License-Identifier: Apache-2.0
#include "agent/assignment_file.h"

#include <charconv>

#include "base/files.h"

namespace lw::agent {
namespace {

std::string path_in(const std::string& data_directory) { return data_directory + "/assignment"; }

}  // namespace

Result<void> save_assignment(const std::string& data_directory,
                             const std::vector<std::string>& parts) {
  std::string content;
  for (const std::string& part : parts) content += std::to_string(part.size()) + "\n" + part;
  return write_file_atomically(path_in(data_directory), content, 0600);
}

Result<std::vector<std::string>> load_assignment(const std::string& data_directory) {
  const std::string path = path_in(data_directory);
  std::vector<std::string> parts;
  if (!file_exists(path)) return parts;
  const std::string content = TRY(read_file(path));
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t line_end = content.find('\n', at);
    std::size_t length = 0;
    bool is_whole = line_end != std::string::npos;
    if (is_whole) {
      const char* const end = content.data() + line_end;
      const auto [stop, error] = std::from_chars(content.data() + at, end, length);
      is_whole = error == std::errc() && stop == end && length <= content.size() - line_end - 1;
    }
    if (!is_whole) {
      return fail(ErrorCode::InvalidInput,
                  path + " is damaged; waiting for the server's assignment");
    }
    parts.push_back(content.substr(line_end + 1, length));
    at = line_end + 1 + length;
  }
  return parts;
}

}  // namespace lw::agent
