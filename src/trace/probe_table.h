// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock_reading.h"
#include "base/time.h"
#include "trace/trace_round.h"

namespace lw::trace {

/// One probe that was sent.
struct SentProbe {
  std::uint64_t trace = 0;  ///< its number at the tracer; 0: it never left
  ProbeOrder order;
  bool is_answered = false;
  ClockReading sent;
  std::int64_t sent_stamp_ns = 0;  ///< Kernel, CLOCK_REALTIME; 0: none.
  Instant deadline{};              ///< What comes later is late.
};

/// Which probe an answer is about. Probes are counted by line, a line being a source port or echo
/// id in a protocol and family; a number comes again only once its probe has been forgotten, some
/// seconds after its deadline, so that late answers find the old probe and no other. Pure.
class ProbeTable {
 public:
  /// So long after its deadline a probe is known.
  static constexpr Seconds kHold{5};
  /// 0 and 65535 are not told apart everywhere (packet/trace_probe.h).
  static constexpr std::uint32_t kNumbers = 65'534;

  explicit ProbeTable(std::size_t lines) : lines_(lines) {}

  /// Its number, from 1 on. Nothing if all of the line's are in use.
  std::optional<std::uint16_t> add(std::size_t line, const SentProbe& probe, Instant now);
  /// Null if it is not known. Good until the next add() to that line.
  SentProbe* find(std::size_t line, std::uint16_t number);
  /// Probes that are known, for tests.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Line {
    std::uint32_t first = 0;  ///< number of the oldest, less one
    std::deque<SentProbe> probes;
  };
  std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace lw::trace
