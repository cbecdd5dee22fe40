// SPDX-License-Identifier: Apache-2.0
#include "store/host/upkeep.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "base/log.h"
#include "base/text.h"

namespace lw::store::host {

namespace {
constexpr Seconds kLook{1};
constexpr int kIdleLooks = 30;  ///< looks without a finished job before memory is given back
}  // namespace

std::uint64_t resident_bytes() {
  const auto statm = read_file("/proc/self/statm");
  if (!statm) return 0;
  const auto numbers = split(*statm, ' ');
  if (numbers.size() < 2) return 0;
  return std::strtoull(numbers[1].c_str(), nullptr, 10) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Upkeep::Upkeep(Connection& control, const Pool& pool, Channel<bool>& memory_failures,
               std::uint64_t memory_max_bytes, std::function<void()> give_up)
    : control_(control),
      pool_(pool),
      memory_failures_(memory_failures),
      memory_max_bytes_(memory_max_bytes),
      give_up_(std::move(give_up)),
      thread_("upkeep", [this] { run(); }) {}

Upkeep::~Upkeep() {
  memory_failures_.close();
  thread_.join();
}

void Upkeep::purge() {
  const Answer answer = control_.query({"SYSTEM JEMALLOC PURGE", "Null", {}});
  if (answer.code != 0) log::warning("store", "cannot give memory back: " + answer.error);
}

void Upkeep::run() {
  int quiet_looks = 0;
  std::uint64_t seen = 0, purged_at = 0;
  while (!memory_failures_.is_closed()) {
    const bool has_failed = memory_failures_.pop_for(kLook).has_value();
    if (memory_failures_.is_closed()) return;
    const std::uint64_t finished = pool_.finished();
    quiet_looks = finished == seen ? quiet_looks + 1 : 0;
    seen = finished;
    const bool is_idle = quiet_looks >= kIdleLooks && finished != purged_at;
    const bool is_large = resident_bytes() > memory_max_bytes_;
    if (!has_failed && !is_idle && !is_large) continue;
    purge();
    purged_at = finished;
    if (resident_bytes() <= memory_max_bytes_) continue;
    log::error("store", "resident memory stays above " + std::to_string(memory_max_bytes_ >> 20) +
                            " MB; stopping to be restarted");
    give_up_();
    return;
  }
}

}  // namespace lw::store::host
