// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/thread.h"
#include "store/host/engine.h"

namespace lw::store::host {

/// Ends statements that nobody waits for any more: the engine goes on with a query whose client has
/// left. A thread of its own asks some times a second, over a connection of its own (a connection
/// runs one statement at a time), and only while statements run.
class Reaper {
 public:
  /// The engine outlives it.
  explicit Reaper(const Engine& engine);
  ~Reaper();
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  /// A statement is watched as long as this lives.
  class Watch {
   public:
    Watch(Reaper& reaper, std::uint64_t id) : reaper_(reaper), id_(id) {}
    ~Watch() { reaper_.forget(id_); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// A comment that the statement must begin with, by which it is found.
    [[nodiscard]] std::string mark() const { return "/* " + name_of(id_) + " */ "; }

   private:
    Reaper& reaper_;
    const std::uint64_t id_;
  };
  std::unique_ptr<Watch> watch(std::function<bool()> is_gone);

 private:
  struct State {
    std::uint64_t last = 0;
    std::map<std::uint64_t, std::function<bool()>> watched;
  };
  static std::string name_of(std::uint64_t id);
  void forget(std::uint64_t id);
  void run();
  void end(Connection& connection, std::uint64_t id) const;

  const Engine& engine_;
  Guarded<State> state_;
  Channel<bool> work_{1, WhenFull::Conflate};  ///< something is watched; closed at the end
  Thread thread_;
};

}  // namespace lw::store::host
