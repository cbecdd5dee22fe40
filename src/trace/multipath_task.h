// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "trace/multipath.h"
#include "trace/tracer.h"

namespace lw::trace {

/// Makes `task` ask what `step` of `search` wants: its flows and TTLs, each hop once, with what the
/// search knows already as hints, and what is known of the `way` from elsewhere, so that no router
/// is asked more often than it may be. Such a trace takes its time: a hop that is not asked within
/// `patience` counts as silent.
void ask_for(const Multipath& search, const MultipathStep& step, Milliseconds patience,
             const Way& way, TraceTask& task);

}  // namespace lw::trace
