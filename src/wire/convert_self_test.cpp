// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "base/text.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"

namespace lw::wire {
namespace {

namespace pb = ::linewatch::wire;

constexpr std::size_t kKernelMax = 200;

std::uint32_t clamped_us(Microseconds duration) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(duration.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

pb::SelfTest encode_self_test(const SelfTest& test) {
  pb::SelfTest message;
  message.set_echoes(test.echoes);
  message.set_failed(test.failed);
  message.set_error_median_us(clamped_us(test.error_median));
  message.set_error_us(clamped_us(test.error));
  message.set_error_max_us(clamped_us(test.error_max));
  message.set_is_against_capture(test.is_against_capture);
  message.set_stamp_source(static_cast<std::uint32_t>(test.stamps));
  message.set_socket_drops(test.socket_drops);
  message.set_late_replies(test.late_replies);
  if (test.checks_per_second) message.set_checks_per_second_plus_one(*test.checks_per_second + 1);
  message.set_kernel(valid_utf8(test.kernel.substr(0, kKernelMax)));
  message.set_cpus(test.cpus);
  message.set_has_raw_sockets(test.has_raw_sockets);
  return message;
}

SelfTest decode_self_test(const pb::SelfTest& message) {
  SelfTest test;
  test.echoes = message.echoes();
  test.failed = message.failed();
  test.error_median = Microseconds(message.error_median_us());
  test.error = Microseconds(message.error_us());
  test.error_max = Microseconds(message.error_max_us());
  test.is_against_capture = message.is_against_capture();
  if (message.stamp_source() <= static_cast<std::uint32_t>(StampSource::Hardware)) {
    test.stamps = static_cast<StampSource>(message.stamp_source());
  }
  test.socket_drops = message.socket_drops();
  test.late_replies = message.late_replies();
  if (message.checks_per_second_plus_one() != 0) {
    test.checks_per_second = message.checks_per_second_plus_one() - 1;
  }
  test.kernel = valid_utf8(message.kernel().substr(0, kKernelMax));
  test.cpus = message.cpus();
  test.has_raw_sockets = message.has_raw_sockets();
  return test;
}

}  // namespace lw::wire
