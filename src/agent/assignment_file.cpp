// SPDX-License-Identifier: Apache-2.0
#include "agent/assignment_file.h"

#include "base/files.h"
#include "base/number.h"

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
    std::optional<std::size_t> length;
    if (line_end != std::string::npos) {
      length = parse_number<std::size_t>(std::string_view(content).substr(at, line_end - at));
    }
    if (!length || *length > content.size() - line_end - 1) {
      return fail(ErrorCode::InvalidInput,
                  path + " is damaged; waiting for the server's assignment");
    }
    parts.push_back(content.substr(line_end + 1, *length));
    at = line_end + 1 + *length;
  }
  return parts;
}

}  // namespace lw::agent
