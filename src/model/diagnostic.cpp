// SPDX-License-Identifier: Apache-2.0
#include "model/diagnostic.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace lw {
namespace {

constexpr std::size_t kMessageBytesMax = 1000;

/// A fault is one line wherever it is shown, whatever the sender put into a name.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (diagnostic.at.line > 0) {
    text += fmt::format("{}{}:{}", text.empty() ? "line " : ":", diagnostic.at.line,
                        diagnostic.at.column);
  }
  if (!text.empty()) text += ": ";
  if (!diagnostic.path.empty()) text += diagnostic.path + ": ";
  return text + diagnostic.message;
}

void Diagnostics::add(Location at, std::string path, std::string message, std::string code) {
  if (is_full()) return;
  if (faults_.size() == kFaultsMax) {
    faults_.push_back({file_, {}, {}, "there are more faults; they show once these are mended"});
    return;
  }
  // What the sender wrote is quoted in messages and may be megabytes long.
  if (message.size() > kMessageBytesMax) message = message.substr(0, kMessageBytesMax) + "…";
  faults_.push_back(
      {file_, at, one_line(std::move(path)), one_line(std::move(message)), std::move(code)});
}

std::vector<Diagnostic> Diagnostics::take() {
  std::ranges::stable_sort(faults_, {}, [](const Diagnostic& fault) {
    const bool has_line = fault.at.line > 0;
    return std::pair(has_line ? fault.at.line : std::numeric_limits<int>::max(), fault.at.column);
  });
  return std::move(faults_);
}

bool Diagnostics::covers(std::string_view path) const {
  return std::ranges::any_of(faults_, [path](const Diagnostic& fault) {
    if (fault.path.empty() || !path.starts_with(fault.path)) return false;
    const std::string_view rest = path.substr(fault.path.size());
    return rest.empty() || rest.front() == '.' || rest.front() == '[';
  });
}

}  // namespace lw
