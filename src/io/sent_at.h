// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lw::io {

/// Where on its way out of this host the kernel stamped a packet.
enum class SentAt : std::uint8_t {
  Queue,   ///< Before the queue of the device, in which it may have waited (TX_SCHED).
  Driver,  ///< As the driver handed it to the device (TX_SOFTWARE).
};

}  // namespace lw::io
