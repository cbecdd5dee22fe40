// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "base/document.h"
#include "base/files.h"
#include "base/text.h"
#include "model/codec.h"

namespace lw::cli {

Result<std::string> read_monitor_text(const std::string& file) {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  auto text = read_file(file);
  // The caller named the file: misuse, whatever keeps it from being read.
  if (!text) return fail(ErrorCode::InvalidInput, text.error().message);
  return text;
}

Result<std::vector<std::string>> monitor_names(const std::string& file) {
  const std::string text = TRY(read_monitor_text(file));
  auto document = parse_yaml(text);
  if (!document) return std::unexpected(document.error().during(file));
  const Value* const list = document->find("connectionMonitors");
  std::vector<std::string> names;
  if (list != nullptr && list->is_array()) {
    for (const Value& monitor : list->as_array()) names.push_back(monitor.text("name"));
  }
  if (names.empty()) {
    return fail(ErrorCode::InvalidInput, file + " has no connection monitors");
  }
  return names;
}

Result<std::vector<ConnectionMonitor>> check_monitor_text(const std::string& text,
                                                          const std::string& file) {
  const auto document = parse_yaml(text);
  if (!document) {
    return std::unexpected(file.empty() ? document.error() : document.error().during(file));
  }
  MonitorsRead read = read_monitor_file(*document, file);
  if (read.faults.empty()) return std::move(read.monitors);
  std::string message = fmt::format("{} in the connection monitors; nothing was changed",
                                    counted(read.faults.size(), "fault"));
  for (const Diagnostic& fault : read.faults) message += "\n  " + to_string(fault);
  return fail(ErrorCode::InvalidInput, std::move(message));
}

std::optional<std::string> find_placeholder(const std::string& text) {
  for (const char* const known : {"${gateway}", "${resolver}", "${api_host}", "${api_port}"}) {
    if (text.find(known) != std::string::npos) return known;
  }
  return std::nullopt;
}

Result<std::string> substitute(const std::string& text,
                               const std::vector<std::pair<std::string, std::string>>& values) {
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t start = text.find("${", at);
    out += text.substr(at, start - at);
    if (start == std::string::npos) return out;
    const std::size_t end = text.find('}', start);
    const std::string name =
        end == std::string::npos ? std::string() : text.substr(start + 2, end - start - 2);
    const auto found = std::ranges::find(values, name, &std::pair<std::string, std::string>::first);
    if (found == values.end()) {
      std::vector<std::string> known;
      known.reserve(values.size());
      for (const auto& [key, value] : values) known.push_back("${" + key + "}");
      return fail(
          ErrorCode::InvalidInput,
          fmt::format("unknown placeholder `${{{}}}`; known are {}", name, join(known, ", ")));
    }
    out += found->second;
    at = end + 1;
  }
}

}  // namespace lw::cli
