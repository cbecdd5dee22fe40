// SPDX-License-Identifier: Apache-2.0
#include "wire/grpc_log.h"

#include <grpc/support/log.h>

#include "base/log.h"

namespace lw::wire {

void adopt_grpc_log() {
  gpr_set_log_function([](gpr_log_func_args* line) { log::debug("grpc", line->message); });
}

}  // namespace lw::wire
