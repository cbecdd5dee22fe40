// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/core.h>

#include <cstdio>

namespace lw::cli {
namespace {

constexpr Seconds kSilentFor{1};

}  // namespace

Progress::Progress(bool is_terminal, const Clock& clock)
    : is_terminal_(is_terminal), clock_(clock), begun_(clock.now()) {}

void Progress::show() {
  const auto waited = std::chrono::duration_cast<Seconds>(clock_.now() - begun_);
  if (!is_terminal_ || waited < kSilentFor) return;
  fmt::print(stderr, "\r\033[K{}", progress_text(waited, bytes_));
  std::fflush(stderr);
  is_shown_ = true;
}

void Progress::clear() {
  if (!is_shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  is_shown_ = false;
}

std::string progress_text(Seconds waited, std::size_t bytes) {
  const std::string came =
      bytes == 0 ? "" : fmt::format(", {:.1f} MB so far", static_cast<double>(bytes) / 1e6);
  return fmt::format("running for {} s{}; Ctrl-C ends it", waited.count(), came);
}

}  // namespace lw::cli
