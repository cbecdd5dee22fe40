// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lw::cli {

/// What may stand at the cursor instead of the word before it.
struct Completion {
  std::size_t replaced = 0;  ///< bytes before the cursor
  std::vector<std::string> candidates;
};

/// Reads lines from the terminal, with editing, history and completion by libedit, which is looked
/// for when it is needed: agents do not carry it, and where it is missing lines are read as they
/// come. One thread; there can be one editor at a time.
class LineEditor {
 public:
  using Complete = std::function<Completion(std::string_view before_cursor)>;
  /// `history_file` keeps the last lines for the next time; empty: they are forgotten. It is made
  /// for its owner only.
  LineEditor(std::string history_file, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Read { Line, Dropped, End };
  /// The next line, without its end. Dropped: Ctrl-C. End: Ctrl-D on an empty line.
  Read read(const std::string& prompt, std::string& line);
  /// What the arrow keys bring back from now on.
  void remember(const std::string& line);
  [[nodiscard]] bool can_edit() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What all candidates have in common at their beginning.
std::string common_prefix(const std::vector<std::string>& candidates);

}  // namespace lw::cli
