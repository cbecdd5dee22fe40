// SPDX-License-Identifier: Apache-2.0
#include "base/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace lw {

std::size_t raise_descriptor_limit() {
  constexpr std::size_t kUsual = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsual;
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<std::size_t>::max());
}

}  // namespace lw
