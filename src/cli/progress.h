// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/time.h"

namespace lw::cli {

/// One line on standard error that says for how long something has been waited for and how much has
/// come, from the first second on. On terminals only; it is gone when the answer is printed.
class Progress {
 public:
  /// The clock must outlive it.
  Progress(bool is_terminal, const Clock& clock);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Call about once a second.
  void show();
  void took(std::size_t bytes) { bytes_ += bytes; }
  /// Takes the line away before something else is written.
  void clear();

 private:
  const bool is_terminal_;
  const Clock& clock_;
  const Instant begun_;
  std::size_t bytes_ = 0;
  bool is_shown_ = false;
};

/// "running for 12 s, 34.5 MB so far; Ctrl-C ends it"
std::string progress_text(Seconds waited, std::size_t bytes);

}  // namespace lw::cli
