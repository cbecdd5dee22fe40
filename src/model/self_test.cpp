// SPDX-License-Identifier: Apache-2.0
#include "model/self_test.h"

namespace lw {

std::string stamp_source_name(StampSource source) {
  switch (source) {
    case StampSource::User:
      return "User";
    case StampSource::KernelReceive:
      return "KernelReceive";
    case StampSource::Kernel:
      return "Kernel";
    case StampSource::Hardware:
      return "Hardware";
  }
  return "User";
}

Value to_document(const SelfTest& test) {
  return Value::object(
      {{"echoes", std::uint64_t{test.echoes}},
       {"failed", std::uint64_t{test.failed}},
       {"errorMedianUs", std::int64_t{test.error_median.count()}},
       {"errorUs", std::int64_t{test.error.count()}},
       {"errorMaxUs", std::int64_t{test.error_max.count()}},
       {"isAgainstCapture", test.is_against_capture},
       {"stamps", stamp_source_name(test.stamps)},
       {"socketDrops", test.socket_drops},
       {"lateReplies", test.late_replies},
       {"checksPerSecond", test.checks_per_second ? Value(*test.checks_per_second) : Value()},
       {"kernel", test.kernel},
       {"cpus", std::uint64_t{test.cpus}},
       {"hasRawSockets", test.has_raw_sockets}});
}

}  // namespace lw
