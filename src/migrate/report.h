// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/document.h"
#include "migrate/migration.h"

namespace lw::migrate {

/// Collects the remarks of one migration, each once for a place in the file, whatever inherits it.
/// Keeps the first kRemarksMax and says that there were more.
class Report {
 public:
  static constexpr std::size_t kRemarksMax = 2'000;

  explicit Report(std::string_view file) : file_(file) {}

  /// `path` names the thing in the file's own words: "module dns_udp".
  void loss(Location at, std::string_view path, std::string message);
  void note(Location at, std::string_view path, std::string message);
  /// As above, of another file.
  void loss_in(std::string_view file, Location at, std::string_view path, std::string message);
  void note_in(std::string_view file, Location at, std::string_view path, std::string message);
  std::vector<Remark> take();
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  void add(std::string_view file, Location at, std::string_view path, std::string message,
           bool is_loss);

  std::string file_;
  std::vector<Remark> remarks_;
  std::set<std::tuple<std::string, int, int, std::string>> told_;
};

/// A stranger's text within a sentence: in backticks, on one line, not too long.
std::string quoted(std::string_view text);

}  // namespace lw::migrate
