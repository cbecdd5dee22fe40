// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/channel.h"
#include "base/thread.h"
#include "store/host/pool.h"

namespace lw::store::host {

/// Keeps the process's memory in bounds, on a thread of its own: gives freed memory back after a
/// memory failure and when idle, and calls `give_up` once resident memory stays above the limit,
/// since the engine's own limit is enforced late and freed memory does not come back by itself.
class Upkeep {
 public:
  Upkeep(Connection& control, const Pool& pool, Channel<bool>& memory_failures,
         std::uint64_t memory_max_bytes, std::function<void()> give_up);
  ~Upkeep();

 private:
  void run();
  void purge();

  Connection& control_;
  const Pool& pool_;
  Channel<bool>& memory_failures_;
  const std::uint64_t memory_max_bytes_;
  const std::function<void()> give_up_;
  Thread thread_;
};

/// Resident memory of this process; 0 if it cannot be read.
std::uint64_t resident_bytes();

}  // namespace lw::store::host
