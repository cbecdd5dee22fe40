// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "io/loop.h"
#include "model/path.h"
#include "trace/path_mtu.h"
#include "trace/tracer.h"

namespace lw::trace {

struct PathMtuTask {
  /// To where and how: destination, protocol, port, DSCP, source, flow, asker, trigger, time-out.
  TraceTask base;
  /// The way as far as it is known, by TTL from 1, the destination last: then the hop where large
  /// packets end is looked for, and routers are spared.
  std::vector<std::optional<IpAddress>> hops;
  bool is_reached = false;  ///< the last of `hops` is the destination
};

/// One search for a path's MTU with packets of its own (path_mtu.h), one after the other: echoes,
/// whose answers are as large; if the destination answers none and is traced by TCP, SYNs that are
/// filled up, which say nothing of the way back. Takes a second where all is well, a minute or two
/// where packets vanish. No router is asked more than once a second. Belongs to the tracer's loop.
class PathMtuRun {
 public:
  /// Begins. `done` is called once, from the loop, unless this object goes before; it may destroy
  /// this object. Loop, clock and tracer must outlive it.
  PathMtuRun(io::Loop& loop, const Clock& clock, Tracer& tracer, PathMtuTask task,
             std::function<void(PathMtuResult)> done);

 private:
  void begin(TraceProtocol protocol);
  void step();
  TraceTask task_for(const PathMtuProbe& probe) const;
  void take(const Trace& trace);
  void end();
  [[nodiscard]] std::uint32_t largest() const;

  io::Loop& loop_;
  const Clock& clock_;
  Tracer& tracer_;
  const PathMtuTask task_;
  const std::function<void(PathMtuResult)> done_;
  TraceProtocol protocol_ = TraceProtocol::Icmp;
  std::optional<PathMtu> search_;
  Milliseconds timeout_{0};
  int spared_ = 0;  ///< times in a row that the present probe was not sent
  io::Loop::Timer timer_;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

}  // namespace lw::trace
