// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/time.h"
#include "model/self_test.h"

namespace lw {

struct SelfTestOptions {
  int seconds = 5;            ///< for the error; the search for the capacity comes on top
  bool with_capacity = true;  ///< also looks for the highest rate, which loads one core
};

/// Measures how well this machine measures. Blocks the calling thread, which may be any and should
/// have nothing else to do, for some seconds; runs a prober of its own on it. Echoes go to
/// addresses of 127.0.0.0/8, in a private network namespace if the thread may make one (then the
/// thread stays in it), so that neither firewall rules nor other traffic disturb.
///
/// The error: beside the prober, a packet socket sees each echo request leave and each reply
/// arrive, and the kernel stamps both there, independently of the prober's own socket. The
/// difference of these two stamps is the true RTT, and how far the prober's RTT is from it is its
/// error. Without the right to capture (CAP_NET_RAW), the RTT on loopback itself bounds the error:
/// the true one cannot be less than nothing.
///
/// The capacity: the rate is doubled for half a second at a time until a check is lost, void, late
/// or not begun, then halved in between twice. On loopback the same core answers too, so that on a
/// real network there is more.
SelfTest measure_self(const Clock& clock, const SelfTestOptions& options);

/// "± 3 µs, 64000 checks/s per core": what is known of it, for people.
std::string describe(const SelfTest& test);

}  // namespace lw
