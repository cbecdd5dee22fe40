// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/thread.h"
#include "base/time.h"
#include "notify/deliveries.h"

namespace lw::notify {

/// What became of messages since the start.
struct NotifierStats {
  std::vector<AddressStatus> addresses;
  std::uint64_t delivered = 0;
  std::uint64_t given_up = 0;  ///< refused, or a day old
  std::uint64_t retries = 0;
};

/// Delivers messages to webhooks: one loop that says when (deliveries.h), and a few threads that
/// send, so that a slow receiver keeps no other waiting. Nothing outlives the process: whoever has
/// messages keeps them until they are settled, and hands them over again after a restart. So a
/// receiver may get one twice, and never none.
class Notifier {
 public:
  /// `on_settled` is told of each message that need not be sent any more, on the loop's thread.
  /// `clock` must outlive it.
  using OnSettled = std::function<void(std::int64_t number)>;
  Notifier(const Clock& clock, OnSettled on_settled);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Ends the threads; what is under way is cut off, and nobody is told of anything afterwards.
  void stop();

  /// Any thread, never blocking. False if too much waits: hand it over again later.
  bool send(Message message);
  /// Sends once, past the queue. `done` is told on a thread of the notifier. False if too many of
  /// these wait already.
  bool try_once(std::string uri, std::string body, std::function<void(const Attempted&)> done);
  /// Any thread.
  [[nodiscard]] NotifierStats stats() const;

 private:
  struct Done {
    std::string uri;
    Attempted attempt;
  };
  using Event = std::variant<Message, Done>;
  void loop();
  void take_in(Message message) { deliveries_.add(std::move(message)); }
  void take_in(const Done& done);
  void hand_out();
  void work();
  Attempted attempt(const std::string& uri, const std::string& body);

  const Clock& clock_;
  const OnSettled on_settled_;
  // Of the loop.
  Deliveries deliveries_;
  std::size_t under_way_ = 0;

  Guarded<NotifierStats> stats_;
  Flag stopping_;
  Channel<Event> events_{20'000, WhenFull::Refuse};             ///< owner, workers → loop
  Channel<Message> attempts_;                                   ///< loop → workers
  Channel<std::function<void()>> tries_{16, WhenFull::Refuse};  ///< HTTP → one thread
  std::vector<Thread> threads_;
};

}  // namespace lw::notify
