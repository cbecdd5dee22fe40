// SPDX-License-Identifier: Apache-2.0
#include "migrate/report.h"

#include <utility>

#include "base/text.h"

namespace lw::migrate {
namespace {

constexpr std::size_t kPathBytesMax = 160;
constexpr std::size_t kQuotedBytesMax = 60;

}  // namespace

void Report::loss(Location at, std::string_view path, std::string message) {
  add(file_, at, path, std::move(message), true);
}

void Report::note(Location at, std::string_view path, std::string message) {
  add(file_, at, path, std::move(message), false);
}

void Report::loss_in(std::string_view file, Location at, std::string_view path,
                     std::string message) {
  add(file, at, path, std::move(message), true);
}

void Report::note_in(std::string_view file, Location at, std::string_view path,
                     std::string message) {
  add(file, at, path, std::move(message), false);
}

void Report::add(std::string_view file, Location at, std::string_view path, std::string message,
                 bool is_loss) {
  if (remarks_.size() > kRemarksMax) return;
  const bool has_place = at.line > 0;
  if (has_place && !told_.emplace(file, at.line, at.column, message).second) return;
  if (remarks_.size() == kRemarksMax) {
    remarks_.push_back({{.file = file_,
                         .at = {},
                         .path = {},
                         .message = "there is more to remark, which is left out here"},
                        true});
    return;
  }
  remarks_.push_back({{.file = std::string(file),
                       .at = at,
                       .path = printable(path, kPathBytesMax),
                       .message = std::move(message)},
                      is_loss});
}

std::vector<Remark> Report::take() { return std::exchange(remarks_, {}); }

std::string quoted(std::string_view text) { return "`" + printable(text, kQuotedBytesMax) + "`"; }

}  // namespace lw::migrate
