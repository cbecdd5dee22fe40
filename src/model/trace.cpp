// SPDX-License-Identifier: Apache-2.0
#include "model/trace.h"

#include <algorithm>

#include "base/text.h"

namespace lw {

std::string to_string(TraceProtocol protocol) {
  switch (protocol) {
    case TraceProtocol::Icmp:
      return "icmp";
    case TraceProtocol::Udp:
      return "udp";
    case TraceProtocol::Tcp:
      return "tcp";
  }
  return "icmp";
}

std::optional<TraceProtocol> parse_trace_protocol(const std::string& text) {
  for (const TraceProtocol protocol :
       {TraceProtocol::Icmp, TraceProtocol::Udp, TraceProtocol::Tcp}) {
    if (equals_ignoring_case(text, to_string(protocol))) return protocol;
  }
  return std::nullopt;
}

std::string to_string(TraceTrigger trigger) {
  switch (trigger) {
    case TraceTrigger::Schedule:
      return "Schedule";
    case TraceTrigger::Suspicion:
      return "Suspicion";
    case TraceTrigger::Request:
      return "Request";
    case TraceTrigger::StateChange:
      return "StateChange";
  }
  return {};
}

std::optional<TraceTrigger> parse_trace_trigger(const std::string& name) {
  for (const TraceTrigger trigger : {TraceTrigger::Schedule, TraceTrigger::Suspicion,
                                     TraceTrigger::Request, TraceTrigger::StateChange}) {
    if (to_string(trigger) == name) return trigger;
  }
  return std::nullopt;
}

bool is_refused(const Trace& trace) {
  return trace.protocol == TraceProtocol::Tcp && is_reached(trace) &&
         std::ranges::all_of(trace.probes, [](const TraceProbe& probe) {
           return probe.reply.answer != HopAnswer::Destination || probe.reply.is_refusal;
         });
}

bool is_refused_on_the_way(const Trace& trace) {
  return !is_reached(trace) && std::ranges::any_of(trace.probes, [](const TraceProbe& probe) {
    return probe.reply.answer == HopAnswer::Unreachable;
  });
}

bool is_reached(const Trace& trace) {
  return std::ranges::any_of(trace.probes, [](const TraceProbe& probe) {
    return probe.reply.answer == HopAnswer::Destination;
  });
}

}  // namespace lw
