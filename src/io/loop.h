// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"

namespace lw::io {

/// One event loop on one thread: descriptors, timers, and work posted from elsewhere. Standalone
/// Asio inside; nothing of it shows, so that including this costs nothing. All functions are for
/// the loop's own thread except post() and stop(). Callbacks must not block. Objects that hand
/// callbacks to a loop cancel them before they go.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs callbacks until stop(). An exception out of a callback is logged and aborts the process.
  void run();
  /// Runs callbacks for at most `patience`, returning early after stop(). For tests.
  void run_for(std::chrono::nanoseconds patience);
  /// Any thread.
  void stop();
  /// Runs `work` on the loop's thread, later. Any thread.
  void post(std::function<void()> work);

  /// A timer that fires once; destroying or cancelling it before prevents the call.
  class Timer {
   public:
    Timer();
    ~Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;
    void cancel();

   private:
    friend class Loop;
    struct Body;
    std::shared_ptr<Body> body_;
  };
  [[nodiscard]] Timer after(std::chrono::nanoseconds delay, std::function<void()> work);
  [[nodiscard]] Timer at(Instant when, std::function<void()> work);

  enum class Interest { Read, Write, Error };
  /// Calls `ready` each time the descriptor is ready, until the watch goes. Does not own the
  /// descriptor: the watch must go before the descriptor is closed. Level-triggered.
  class Watch {
   public:
    Watch();
    ~Watch();
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;
    void cancel();

   private:
    friend class Loop;
    struct Body;
    std::shared_ptr<Body> body_;
  };
  [[nodiscard]] Watch watch(int fd, Interest interest, std::function<void()> ready);

 private:
  struct WatchTable;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
